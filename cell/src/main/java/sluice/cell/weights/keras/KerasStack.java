package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.NoEmbedding;
import sluice.cell.weights.file.OutputEnd;
import sluice.cell.weights.keras.KerasWeights.Part;

/** Builds a model from a sequence of layers. */
final class KerasStack {
    static final String INPUT = "InputLayer";
    static final String BIDIRECTIONAL = "Bidirectional";
    static final String EMBEDDING = "Embedding";
    static final String MASKING = "Masking";

    /** {@code h[:, -1, :]}. */
    static final String GET_ITEM = "GetItem";

    private static final String TIME_DISTRIBUTED = "TimeDistributed";
    private static final String DENSE = "Dense";

    /** Layers without effect at inference. */
    private static final Set<String> NO_OPS = Set.of(
            "ActivityRegularization",
            "AlphaDropout",
            "Dropout",
            "GaussianDropout",
            "GaussianNoise",
            "Identity",
            "SpatialDropout1D");

    private final boolean described;
    private final KerasArrays arrays;
    private final KerasRecurrent recurrent;
    private final KerasHead head;
    private final Set<String> notes = new LinkedHashSet<>();

    private final List<LstmLayer> layers = new ArrayList<>();
    private final List<InputPart> parts = new ArrayList<>(); // several inputs
    private final List<KerasLayer> below = new ArrayList<>(); // their layers
    private Embedding embedding;
    private KerasLayer embeddingLayer;
    private Float mask; // value of the features that Masking skips
    private KerasLayer top; // the last LSTM read so far
    private boolean isSequence = true; // whether the output so far has one row per step; otherwise only the last step
    private boolean selectsLast; // whether the last step of a sequence was selected
    private boolean reversed; // whether that output is in reverse order of the tokens

    /**
     * @param version the Keras version that wrote the model
     * @param described whether the layers are those of a config; if not, they are inferred from the weights
     */
    KerasStack(KerasWeights weights, KerasVersion version, boolean described) {
        this.described = described;
        this.arrays = new KerasArrays(weights);
        this.recurrent = new KerasRecurrent(arrays, version, notes::add);
        this.head = new KerasHead(arrays);
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
        noteShortFloats(Stream.concat(below.stream(), path.stream()).toList());
        Stream.concat(path.stream(), below.stream()).forEach(arrays::requireAllRead);
        Readout readout = isSequence || (selectsLast && !reversed) ? Readout.LAST_STEP : Readout.FINAL_STATES;
        if (!parts.isEmpty()) {
            return LstmModel.ofParts(parts, layers, head.output(), readout);
        }
        LstmModel model = new LstmModel(Optional.ofNullable(embedding), layers, head.output(), readout);
        return mask == null ? model : model.withMask(mask);
    }

    /**
     * Reads several inputs, before {@link #model}.
     *
     * @param branches the layers of each input
     * @param skipped which steps the LSTM skips
     */
    void addParts(List<List<KerasLayer>> branches, KerasMasks.Together skipped) {
        branches.forEach(below::addAll);
        parts.addAll(new KerasParts(arrays, skipped, notes::add).read(branches));
    }

    /** Whether a layer has no effect at inference. */
    static boolean isNoOp(KerasLayer layer) {
        return NO_OPS.contains(layer.kind());
    }

    /** Gate order in the file. */
    GateOrder gates() {
        return recurrent.gates();
    }

    /** Notes on the layers, for the user. */
    List<String> notes() {
        return List.copyOf(notes);
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
        } else if (KerasRecurrent.isRecurrent(layer)) {
            addRecurrent(layer);
        } else if (layer.kind().equals(DENSE)) {
            addDense(layer, layer, Part.OWN);
        } else if (layer.kind().equals(TIME_DISTRIBUTED)) {
            addTimeDistributed(layer);
        } else if (KerasHead.isActivation(layer)) {
            head.addActivation(layer, isSequence ? 3 : 2, !layers.isEmpty());
        } else if (layer.kind().equals(MASKING)) {
            addMasking(layer);
        } else if (layer.kind().equals(GET_ITEM)) {
            addLastStep(layer);
        } else if (!isSameShape(layer)) {
            throw refused(layer);
        }
    }

    /** Whether a layer gives its input another shape that is the same. */
    private boolean isSameShape(KerasLayer layer) {
        if (layers.isEmpty()) {
            return false;
        }
        int width = head.output()
                .map(OutputLayer::classes)
                .orElseGet(() -> layers.get(layers.size() - 1).outputWidth());
        String shape = layer.config().path("target_shape").toString();
        return switch (layer.kind()) {
            case "Flatten" -> !isSequence;
            case "Reshape" -> shape.equals(isSequence ? "[-1," + width + "]" : "[" + width + "]");
            default -> false;
        };
    }

    /** The last step of a sequence. */
    private void addLastStep(KerasLayer layer) {
        if (layers.isEmpty() || !isSequence) {
            throw new ModelException(
                    "%s selects a step of a value without steps, expected the output of an LSTM with return_sequences: %s"
                            .formatted(layer.describe(), KerasRefusals.whatCanBeScored(!layers.isEmpty())));
        }
        isSequence = false;
        selectsLast = true;
    }

    private ModelException refused(KerasLayer layer) {
        return KerasRefusals.of(layer, !layers.isEmpty());
    }

    static void requireFloats(KerasLayer layer) {
        if (layer.isQuantized()) {
            throw new ModelException(
                    "%s is quantized: its weights are integers with scales, expected floats; save the model before model.quantize(...)"
                            .formatted(layer.describe()));
        }
    }

    private void addEmbedding(KerasLayer layer) {
        requireFloats(layer);
        if (embedding != null || mask != null || !parts.isEmpty() || !layers.isEmpty()) {
            throw new ModelException("%s is above other layers, expected it at the input".formatted(layer.describe()));
        }
        Matrix table = KerasArrays.matrix(arrays.only(layer, Part.OWN, 1).get(0), layer, "(tokens, width)");
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
        if (embedding != null) {
            throw new ModelException(
                    "%s masks the output of an Embedding, expected features; to mask token 0, build the model with Embedding(mask_zero=True) in its place"
                            .formatted(layer.describe()));
        }
        if (!layers.isEmpty() || !parts.isEmpty() || mask != null) {
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
        if (head.output().isPresent()) {
            throw new ModelException("%s is above the output layer %s: %s"
                    .formatted(layer.describe(), head.name(), KerasRefusals.whatCanBeScored(true)));
        }
        if (!isSequence) {
            throw new ModelException(
                    "%s reads '%s', which has return_sequences false and outputs only its last step, expected a sequence"
                            .formatted(layer.describe(), NameList.shortened(top.name())));
        }
        top = layer;
        layers.add(recurrent.layer(layer, reversed));
        reversed ^= KerasRecurrent.isReversed(layer);
        isSequence = KerasRecurrent.isSequence(layer);
    }

    private void addTimeDistributed(KerasLayer wrapper) {
        KerasLayer inner = KerasRecurrent.inner(wrapper);
        if (inner.kind().equals(DENSE)) {
            if (!isSequence) {
                throw new ModelException("%s reads one step, expected a sequence".formatted(wrapper.describe()));
            }
            addDense(wrapper, inner, Part.WRAPPED);
        } else if (KerasHead.isActivation(inner)) {
            head.addActivation(inner, 2, !layers.isEmpty());
        } else if (!NO_OPS.contains(inner.kind())) {
            throw refused(inner);
        }
    }

    private void addDense(KerasLayer owner, KerasLayer layer, Part part) {
        if (layers.isEmpty() || head.output().isPresent()) {
            throw new ModelException("%s is %s: %s"
                    .formatted(
                            layer.describe(),
                            layers.isEmpty() ? "below the LSTM" : "above the output layer " + head.name(),
                            KerasRefusals.whatCanBeScored(!layers.isEmpty())));
        }
        requireFloats(layer);
        head.addDense(owner, layer, part);
    }

    private ModelException backwards() {
        return new ModelException(
                ("%s reads backwards and outputs from the last token to the first, expected outputs in token order; "
                                + "train it as a Bidirectional, or with return_sequences false")
                        .formatted(top.describe()));
    }

    private void noteEnds() {
        if (embedding == null && parts.isEmpty()) {
            notes.add(NoEmbedding.note("", layers.get(0).inputWidth(), mask != null));
        }
        String gives = "the Keras model";
        if (head.output().isEmpty()) {
            notes.add(OutputEnd.NO_LAYER);
            gives = "layer '%s'".formatted(NameList.shortened(top.name()));
        } else {
            int classes = head.output().get().classes();
            notes.add(String.format(
                    Locale.ROOT,
                    "the output layer is layer %s (%d class%s); %s",
                    head.name(),
                    classes,
                    classes == 1 ? "" : "es",
                    described
                            ? "the Keras model " + head.end().sentence(classes)
                            : "the file doesn't tell what is above it: --emit softmax, sigmoid or logits"));
        }
        if (!described) {
            notes.add(
                    "the file has weights and no config, so it is assumed that each layer reads the one before it in the file, that each LSTM reads forward, and that no layer between them changes the values");
            notes.add("the file doesn't tell whether the Keras model outputs every step or the last: --at decides");
        } else if (isSequence) {
            boolean hasChoice =
                    head.output().isEmpty() && layers.get(layers.size() - 1).looksAhead();
            notes.add(gives + " outputs every step, as --at each does"
                    + (hasChoice
                            ? "; --at last gives both directions at the last step, or with model.readout = final-states the final state of each"
                            : ""));
        } else if (layers.get(layers.size() - 1).looksAhead() && !(selectsLast && !reversed)) {
            notes.add(gives + " outputs the final states of each direction, as --at last does");
        } else {
            notes.add(gives + " outputs the last step, as --at last does; --at each gives answers that it does not");
        }
    }

    /** Keras rounds what such layers compute, each backend in its own way. */
    private void noteShortFloats(List<KerasLayer> path) {
        List<KerasLayer> found =
                path.stream().filter(layer -> layer.shortFloat().isPresent()).toList();
        if (!found.isEmpty()) {
            notes.add(
                    "the Keras model computes in %s (dtype of %s), here it is computed in float32: scores differ by what Keras rounds off"
                            .formatted(
                                    found.get(0).shortFloat().get(),
                                    NameList.of(found, layer -> "'" + NameList.shortened(layer.name()) + "'")));
        }
    }
}
