package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.NoEmbedding;
import sluice.cell.weights.file.OutputEnd;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.keras.KerasWeights.Part;

/** Builds a model from a sequence of layers. */
final class KerasStack {
    static final String INPUT = "InputLayer";
    static final String BIDIRECTIONAL = "Bidirectional";
    static final String EMBEDDING = "Embedding";
    static final String MASKING = "Masking";

    static final String FOR_HIDDEN_STATES = "set model.output to none for the hidden states of the LSTM below it";
    static final String WHAT_CAN_BE_SCORED =
            "only an Embedding, LSTMs, one Dense and a softmax can be scored; " + FOR_HIDDEN_STATES;

    /** {@code h[:, -1, :]}. */
    static final String GET_ITEM = "GetItem";

    private static final String TIME_DISTRIBUTED = "TimeDistributed";
    private static final String DENSE = "Dense";
    private static final String LINEAR = "linear";
    private static final String SOFTMAX = "softmax";
    private static final String SIGMOID = "sigmoid";

    /** Layers without effect at inference. */
    private static final Set<String> NO_OPS = Set.of(
            "ActivityRegularization",
            "AlphaDropout",
            "Dropout",
            "GaussianDropout",
            "GaussianNoise",
            "SpatialDropout1D");

    private static final Map<String, Merge> MERGES =
            Map.of("concat", Merge.CONCAT, "sum", Merge.SUM, "mul", Merge.MUL, "ave", Merge.AVERAGE);

    private final KerasWeights weights;
    private final KerasVersion version;
    private final List<String> notes = new ArrayList<>();
    private final Set<String> read = new HashSet<>(); // paths of arrays

    private final List<LstmLayer> layers = new ArrayList<>();
    private Embedding embedding;
    private KerasLayer embeddingLayer;
    private Float mask; // value of the features that Masking skips
    private KerasLayer top; // the last LSTM read so far
    private boolean isSequence = true; // whether the output so far has one row per step; otherwise only the last step
    private boolean selectsLast; // whether the last step of a sequence was selected
    private boolean reversed; // whether that output is in reverse order of the tokens
    private OutputLayer output;
    private KerasLayer outputLayer;
    private OutputEnd end = OutputEnd.LINEAR;
    private GateOrder gates = KerasLstm.GATES;

    /** @param version the Keras version that wrote the model */
    KerasStack(KerasWeights weights, KerasVersion version) {
        this.weights = weights;
        this.version = version;
    }

    /**
     * Reads the layers, from the input upwards.
     *
     * @throws ModelException if a layer is not supported, or the file lacks its weights
     */
    LstmModel model(List<KerasLayer> path) {
        path.forEach(this::add);
        if (layers.isEmpty()) {
            throw new ModelException("no LSTM between input and output: found %s"
                    .formatted(path.isEmpty() ? "no layers" : NameList.of(path, KerasLayer::describe)));
        }
        if (reversed && isSequence) {
            throw backwards();
        }
        noteEnds();
        path.forEach(this::requireAllRead);
        Readout readout = isSequence || (selectsLast && !reversed) ? Readout.LAST_STEP : Readout.FINAL_STATES;
        LstmModel model = new LstmModel(Optional.ofNullable(embedding), layers, Optional.ofNullable(output), readout);
        return mask == null ? model : model.withMask(mask);
    }

    /** Gate order in the file. */
    GateOrder gates() {
        return gates;
    }

    /** Notes on the layers, for the user. */
    List<String> notes() {
        return notes;
    }

    Optional<String> embeddingName() {
        return Optional.ofNullable(embeddingLayer).map(KerasLayer::name);
    }

    /** Whether token 0 is the padding token: {@code mask_zero}. */
    static boolean skipsZero(KerasLayer layer) {
        return layer.kind().equals(EMBEDDING) && layer.flag(false, "mask_zero");
    }

    private void add(KerasLayer layer) {
        if (layer.kind().equals(INPUT) || NO_OPS.contains(layer.kind())) {
            return;
        }
        if (layer.kind().equals(EMBEDDING)) {
            addEmbedding(layer);
        } else if (KerasLstm.isLstm(layer) || layer.kind().equals(BIDIRECTIONAL)) {
            addRecurrent(layer);
        } else if (layer.kind().equals(DENSE)) {
            addDense(layer, layer, Part.OWN);
        } else if (layer.kind().equals(TIME_DISTRIBUTED)) {
            addTimeDistributed(layer);
        } else if (layer.kind().equals("Activation") || layer.kind().equals("Softmax")) {
            addActivation(layer);
        } else if (layer.kind().equals(MASKING)) {
            addMasking(layer);
        } else if (layer.kind().equals(GET_ITEM)) {
            addLastStep(layer);
        } else {
            throw refused(layer);
        }
    }

    /** Requires that every array of a layer is part of the model. Layers with dropout have seeds of random numbers. */
    private void requireAllRead(KerasLayer layer) {
        List<Hdf5Dataset> more = weights.all(layer).stream()
                .filter(array -> !read.contains(array.path()) && !array.path().contains("seed_generator"))
                .toList();
        if (!more.isEmpty()) {
            throw new ModelException(
                    "%s has arrays that a layer of this class doesn't have: %s; the file is of another version or class of the layer, save it again with Keras 3"
                            .formatted(layer.describe(), NameList.of(more, Hdf5Dataset::path)));
        }
    }

    private List<Hdf5Dataset> arrays(KerasLayer layer, Part part) {
        List<Hdf5Dataset> arrays = weights.of(layer, part);
        arrays.forEach(array -> read.add(array.path()));
        return arrays;
    }

    /** The last step of a sequence. */
    private void addLastStep(KerasLayer layer) {
        if (layers.isEmpty() || !isSequence) {
            throw new ModelException(
                    "%s selects a step of a value without steps, expected the output of an LSTM with return_sequences: %s"
                            .formatted(layer.describe(), WHAT_CAN_BE_SCORED));
        }
        isSequence = false;
        selectsLast = true;
    }

    private static ModelException refused(KerasLayer layer) {
        if (layer.isCustom()) {
            return new ModelException(
                    "%s is between input and output: its class is not one of Keras, so the file doesn't tell what it computes; build the model with Keras' own layers, or %s"
                            .formatted(layer.describe(), FOR_HIDDEN_STATES));
        }
        String remedy = switch (layer.kind()) {
            case "GRU", "CuDNNGRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "RNN" ->
                "only the layers LSTM and CuDNNLSTM can be scored";
            case "StringLookup", "IntegerLookup", "TextVectorization", "Hashing" ->
                "it turns words into IDs inside the model; save a model that starts at the Embedding (keras.Model(embedding.input, model.output)), and set input.vocabulary to a file with the layer's get_vocabulary(), one word a line, and input.unknown-word to its '[UNK]'";
            case "Normalization", "Rescaling" ->
                "it scales the features inside the model; scale them before scoring, and save a model that starts after this layer";
            default -> WHAT_CAN_BE_SCORED;
        };
        return new ModelException("%s is between input and output: %s".formatted(layer.describe(), remedy));
    }

    private static void requireFloats(KerasLayer layer) {
        if (layer.isQuantized()) {
            throw new ModelException(
                    "%s is quantized: its weights are integers with scales, expected floats; save the model before model.quantize(...)"
                            .formatted(layer.describe()));
        }
    }

    private void addEmbedding(KerasLayer layer) {
        requireFloats(layer);
        if (embedding != null || mask != null || !layers.isEmpty() || output != null) {
            throw new ModelException("%s is above other layers, expected it at the input".formatted(layer.describe()));
        }
        Matrix table = matrix(only(layer, Part.OWN, 1).get(0), layer, "(tokens, width)");
        boolean skips = layer.flag(false, "mask_zero");
        embedding = skips ? new Embedding(table).withPadding(0) : new Embedding(table);
        embeddingLayer = layer;
        notes.add("the embedding is layer '%s' %s".formatted(NameList.shortened(layer.name()), table));
        if (skips) {
            notes.add(
                    "token 0 is padding to this model (mask_zero): a row with this token is a bad row; remove the token from the rows");
        }
    }

    /** Masking of features. Rows that hold a masked step are bad, so it has no effect on the others. */
    private void addMasking(KerasLayer layer) {
        if (embedding != null || !layers.isEmpty() || mask != null) {
            throw new ModelException("%s is above other layers, expected it at the input".formatted(layer.describe()));
        }
        mask = maskValue(layer);
        notes.add(String.format(
                Locale.ROOT,
                "a step whose features all are %s is skipped by this model (Masking): a row with such a step is a bad row; remove the step from the rows",
                mask));
    }

    /** The value of a Masking layer. */
    static float maskValue(KerasLayer layer) {
        JsonNode value = layer.config().path("mask_value");
        if (!value.isMissingNode() && !(value.isNumber() && Float.isFinite(value.floatValue()))) {
            throw new ModelException("%s has mask_value %s, expected a number"
                    .formatted(layer.describe(), NameList.shortened(value.toString())));
        }
        return value.floatValue();
    }

    private void addRecurrent(KerasLayer layer) {
        if (output != null) {
            throw new ModelException("%s is above the output layer '%s': %s"
                    .formatted(layer.describe(), NameList.shortened(outputLayer.name()), WHAT_CAN_BE_SCORED));
        }
        if (!isSequence) {
            throw new ModelException(
                    "%s reads '%s', which has return_sequences false and outputs only its last step, expected a sequence"
                            .formatted(layer.describe(), NameList.shortened(top.name())));
        }
        top = layer;
        layers.add(layer.kind().equals(BIDIRECTIONAL) ? bidirectional(layer) : single(layer));
    }

    private LstmLayer single(KerasLayer layer) {
        requireScorable(layer);
        isSequence = layer.flag(false, "return_sequences");
        reversed ^= layer.flag(false, "go_backwards");
        LstmDirection direction = direction(layer, arrays(layer, Part.OWN));
        return LstmLayer.of(reversed ? direction.backward() : direction);
    }

    private LstmLayer bidirectional(KerasLayer wrapper) {
        KerasLayer forward = inner(wrapper, "layer");
        KerasLayer backward = wrapper.inner("backward_layer").orElse(forward);
        for (KerasLayer layer : List.of(forward, backward)) {
            if (!KerasLstm.isLstm(layer)) {
                throw refused(layer);
            }
            requireScorable(layer);
        }
        boolean readsForward = wrapper.inner("backward_layer").isPresent() && !backward.flag(false, "go_backwards");
        if (reversed || forward.flag(false, "go_backwards") || readsForward) {
            throw new ModelException(
                    "%s has a forward layer that goes backwards, or a backward one that doesn't; expected go_backwards in the backward layer only"
                            .formatted(wrapper.describe()));
        }
        Merge merge = MERGES.get(wrapper.config().path("merge_mode").asText(""));
        if (merge == null) {
            throw new ModelException("%s has merge_mode %s, expected concat, sum, mul or ave"
                    .formatted(
                            wrapper.describe(),
                            NameList.shortened(
                                    wrapper.config().path("merge_mode").toString())));
        }
        isSequence = forward.flag(false, "return_sequences");
        return LstmLayer.bidirectional(
                direction(forward, arrays(wrapper, Part.FORWARD)),
                direction(backward, arrays(wrapper, Part.BACKWARD)).backward(),
                merge);
    }

    private LstmDirection direction(KerasLayer layer, List<Hdf5Dataset> arrays) {
        KerasLstm lstm = new KerasLstm(layer, arrays);
        if (lstm.isKeras1()) {
            gates = KerasLstm.KERAS_1_GATES;
        }
        return lstm.direction(version);
    }

    private void requireScorable(KerasLayer layer) {
        if (layer.flag(false, "time_major")) {
            throw new ModelException("%s has time_major true, expected sequences one by one; build it without"
                    .formatted(layer.describe()));
        }
        String note =
                "%s is stateful: Keras continues from the state of the previous batch, here each sequence starts from the initial state"
                        .formatted(layer.describe());
        if (layer.flag(false, "stateful") && !notes.contains(note)) { // both directions may share one layer
            notes.add(note);
        }
    }

    private void addTimeDistributed(KerasLayer wrapper) {
        KerasLayer inner = inner(wrapper, "layer");
        if (inner.kind().equals(DENSE)) {
            if (!isSequence) {
                throw new ModelException("%s reads one step, expected a sequence".formatted(wrapper.describe()));
            }
            addDense(wrapper, inner, Part.WRAPPED);
        } else if (inner.kind().equals("Activation")) {
            addActivation(inner);
        } else if (!NO_OPS.contains(inner.kind())) {
            throw refused(inner);
        }
    }

    /** @param owner the layer that the weights are stored under: the Dense itself, or its TimeDistributed */
    private void addDense(KerasLayer owner, KerasLayer layer, Part part) {
        if (layers.isEmpty() || output != null) {
            throw new ModelException("%s is %s: %s"
                    .formatted(
                            layer.describe(),
                            output != null
                                    ? "above the output layer '%s'".formatted(NameList.shortened(outputLayer.name()))
                                    : "below the LSTM",
                            WHAT_CAN_BE_SCORED));
        }
        requireFloats(layer);
        boolean biased = layer.flag(true, "use_bias", "bias");
        List<Hdf5Dataset> arrays = only(owner, part, biased ? 2 : 1);
        Matrix kernel = matrix(arrays.get(0), layer, "(H, classes)");
        int classes = kernel.columns();
        if (classes != layer.count("units", "output_dim")) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s of %s has shape %s, expected (H, classes) with %d classes",
                    arrays.get(0).describe(),
                    layer.describe(),
                    kernel,
                    layer.count("units", "output_dim")));
        }
        float[] bias = new float[classes];
        if (biased) {
            Hdf5Dataset array = arrays.get(1);
            if (!array.shape().isVectorOf(classes)) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "%s of %s has shape %s, expected (classes) = (%d)",
                        array.describe(),
                        layer.describe(),
                        array.shape(),
                        classes));
            }
            bias = FiniteValues.require(array.path(), array.shape(), array.read());
        }
        output = new OutputLayer(transposed(kernel), bias);
        outputLayer = layer;
        activate(layer, KerasActivations.name(layer, layer.setting("activation")));
    }

    private static Matrix transposed(Matrix matrix) {
        float[] values = new float[matrix.values().length];
        int at = 0;
        for (int column = 0; column < matrix.columns(); column++) {
            for (int row = 0; row < matrix.rows(); row++) {
                values[at++] = matrix.at(row, column);
            }
        }
        return Matrix.of(matrix.columns(), matrix.rows(), values);
    }

    private ModelException backwards() {
        return new ModelException(
                ("%s reads backwards and outputs from the last token to the first, expected outputs in token order; "
                                + "train it as a Bidirectional, or with return_sequences false")
                        .formatted(top.describe()));
    }

    private void addActivation(KerasLayer layer) {
        String name =
                layer.kind().equals("Softmax") ? SOFTMAX : KerasActivations.name(layer, layer.setting("activation"));
        if (layer.kind().equals("Softmax") && layer.config().path("axis").asInt(-1) != -1) {
            throw new ModelException("%s goes over axis %s, expected -1, the classes"
                    .formatted(layer.describe(), layer.config().path("axis")));
        }
        if (output == null && !name.equals(LINEAR)) {
            throw new ModelException("%s applies '%s' without an output layer below it: %s"
                    .formatted(layer.describe(), NameList.shortened(name), WHAT_CAN_BE_SCORED));
        }
        activate(layer, name);
    }

    private void activate(KerasLayer layer, String name) {
        if (name.equals(LINEAR)) {
            return;
        }
        boolean isKnown = name.equals(SOFTMAX) || name.equals(SIGMOID);
        if (!isKnown || end != OutputEnd.LINEAR) {
            throw new ModelException(
                    "%s has the activation '%s'%s, expected softmax, sigmoid or linear for an output layer; %s"
                            .formatted(
                                    layer.describe(),
                                    NameList.shortened(name),
                                    end == OutputEnd.LINEAR
                                            ? ""
                                            : " after a " + end.name().toLowerCase(Locale.ROOT),
                                    FOR_HIDDEN_STATES));
        }
        end = name.equals(SOFTMAX) ? OutputEnd.SOFTMAX : OutputEnd.SIGMOID;
    }

    private static KerasLayer inner(KerasLayer wrapper, String setting) {
        return wrapper.inner(setting)
                .orElseThrow(() -> new ModelException("%s wraps no layer, expected one under '%s' of its settings"
                        .formatted(wrapper.describe(), setting)));
    }

    private List<Hdf5Dataset> only(KerasLayer layer, Part part, int count) {
        List<Hdf5Dataset> arrays = arrays(layer, part);
        if (arrays.size() != count) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has %d arrays (%s), expected %d",
                    layer.describe(),
                    arrays.size(),
                    NameList.of(arrays, Hdf5Dataset::path),
                    count));
        }
        return arrays;
    }

    private static Matrix matrix(Hdf5Dataset array, KerasLayer layer, String expected) {
        Shape shape = array.shape();
        if (!shape.isMatrix()) {
            throw new ModelException("%s of %s has shape %s, expected %s"
                    .formatted(array.describe(), layer.describe(), shape, expected));
        }
        float[] values = FiniteValues.require(array.path(), shape, array.read());
        return Matrix.of((int) shape.rows(), (int) shape.columns(), values);
    }

    private void noteEnds() {
        if (embedding == null) {
            notes.add(NoEmbedding.note("", layers.get(0).inputWidth(), mask != null));
        }
        if (output == null) {
            notes.add(OutputEnd.NO_LAYER);
        } else {
            notes.add(String.format(
                    Locale.ROOT,
                    "the output layer is layer '%s' (%d class%s); the Keras model %s",
                    NameList.shortened(outputLayer.name()),
                    output.classes(),
                    output.classes() == 1 ? "" : "es",
                    end.sentence(output.classes())));
        }
        if (isSequence) {
            notes.add("the Keras model outputs every step, as --at each does");
        } else if (layers.get(layers.size() - 1).looksAhead() && !(selectsLast && !reversed)) {
            notes.add("the Keras model outputs the final states of each direction, as --at last does");
        } else {
            notes.add(
                    "the Keras model outputs the last step, as --at last does; --at each gives answers that the Keras model does not");
        }
    }
}
