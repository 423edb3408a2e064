package sluice.cell.weights.keras;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.Activation;
import sluice.cell.model.Activation.Kind;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.ZipWriter;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.keras.KerasWriter.Form;
import sluice.cell.weights.keras.KerasWriter.Layer;
import sluice.cell.weights.keras.KerasWriter.Weight;

class KerasReaderTest {
    private static final LstmModel SMALL = Models.random(new Random(1), 5, 2, 3, 4);
    private static final TensorNames AUTOMATIC = TensorNames.automatic();

    static ModelFile read(byte[] file) throws IOException {
        return read(file, AUTOMATIC);
    }

    static ModelFile read(byte[] file, TensorNames names) throws IOException {
        return ModelReader.read("model.keras", new MemoryChannel(file), names);
    }

    /** Reads a file with another file beside it. */
    static ModelFile read(String name, byte[] file, Map<String, String> beside, TensorNames names) throws IOException {
        ModelFolder folder = wanted -> {
            if (!beside.containsKey(wanted)) {
                throw new NoSuchFileException(wanted);
            }
            return new MemoryChannel(KerasWriter.bytes(beside.get(wanted)));
        };
        return ModelReader.read(name, new MemoryChannel(file), folder, names);
    }

    private static LstmModel whole(List<Layer> layers) throws IOException {
        return read(KerasWriter.whole("2.3.1", layers)).model();
    }

    private static List<Layer> small() {
        return new ArrayList<>(KerasWriter.layers(SMALL, Form.KERAS_2));
    }

    private static void assertSmall(ModelFile read) {
        assertThat(read.model().fingerprint()).isEqualTo(SMALL.fingerprint());
    }

    private static LstmDirection smallDirection() {
        return SMALL.directions().get(0);
    }

    // ---- all formats, with random weights

    static Stream<Arguments> stacks() {
        return Stream.of(Form.values())
                .flatMap(form -> Stream.of(1, 2, 3)
                        .flatMap(layers -> Stream.of(false, true).map(both -> Arguments.of(form, layers, both))));
    }

    @ParameterizedTest
    @MethodSource("stacks")
    void everyFormatHasTheSameFingerprint(Form form, int layers, boolean bidirectional) throws IOException {
        Random random = new Random(10 * layers + form.ordinal());
        for (int run = 0; run < 10; run++) {
            LstmModel model = Models.stack(random, layers, bidirectional);
            byte[] safetensors = SafetensorsWriter.bytes(SafetensorsWriter.tensors(model), Map.of());
            String same = ModelReader.read("m", new MemoryChannel(safetensors), AUTOMATIC)
                    .model()
                    .fingerprint();
            List<Layer> described = KerasWriter.layers(model, form);

            assertThat(read(KerasWriter.whole(form.version(), described))
                            .model()
                            .fingerprint())
                    .isEqualTo(same);
            assertThat(read(KerasWriter.archive(form.version(), described))
                            .model()
                            .fingerprint())
                    .isEqualTo(same);
        }
    }

    @Test
    void notesDescribeTheLayers() throws IOException {
        ModelFile read = read(KerasWriter.archive("3.15.1", small()));

        assertThat(read.format()).isEqualTo("Keras");
        assertThat(read.metadata()).containsExactly(Map.entry("keras_version", "3.15.1"));
        assertThat(read.notes())
                .containsExactly(
                        "the embedding is layer 'embedding_1' (5, 2)",
                        "the output layer is layer 'decoder' (4 classes); the Keras model ends in a softmax: --emit softmax",
                        "the Keras model outputs every step, as --at each does");
    }

    // ---- containers

    @Test
    void readsDeflatedAndReorderedArchives() throws IOException {
        byte[] weights = KerasWriter.numbered("layers", small()).bytes();
        byte[] config = KerasWriter.bytes(KerasWriter.sequential(small()).toString());
        byte[] other = new byte[300]; // so that the first bytes do not reveal the kind of archive

        assertSmall(read(new ZipWriter()
                .with("assets/vocabulary.txt", other)
                .withDeflated("config.json", config)
                .withDeflated("model.weights.h5", weights)
                .bytes()));
    }

    @Test
    void readsArchivesOfKeras212To215() throws IOException {
        LstmModel model = Models.stack(new Random(2), 3, true);
        List<Layer> layers = KerasWriter.layers(model, Form.KERAS_2);
        byte[] all =
                KerasWriter.numbered("_layer_checkpoint_dependencies", layers).bytes();
        byte[] weights = withHoles(layers);

        String same = read(KerasWriter.archive("3.15.1", layers)).model().fingerprint();
        for (byte[] file : List.of(all, weights)) {
            assertThat(read(KerasWriter.archive("2.14.0", KerasWriter.sequential(layers), file))
                            .model()
                            .fingerprint())
                    .isEqualTo(same);
        }
    }

    /** These versions count each layer with weights twice, so every second number is missing. */
    private static byte[] withHoles(List<Layer> layers) {
        Hdf5Writer file = new Hdf5Writer();
        int number = 0;
        for (Layer layer : layers) {
            String kind = NumberedWeights.snakeCase(layer.kind());
            boolean numbered = layer.kind().equals("Bidirectional"); // only this class has several layers
            String folder = "_layer_checkpoint_dependencies/" + kind + (numbered && number > 0 ? "_" + number : "");
            file.group(folder + "/vars");
            number += numbered ? 2 : 0;
            int at = 0;
            String before = "";
            for (Weight weight : layer.weights()) {
                int slash = weight.name().lastIndexOf('/');
                String inside = slash < 0 ? "vars" : weight.name().substring(0, slash) + "/vars";
                at = inside.equals(before) ? at + 1 : 0;
                before = inside;
                file.floats(folder + "/" + inside + "/" + at, weight.values(), weight.shape());
            }
        }
        return file.bytes();
    }

    @ParameterizedTest
    @CsvSource({
        "model.weights.h5, config.json",
        "model.weights.h5, model.json",
        "/there/lm.h5, lm.json",
        "weights.hdf5, config.json",
    })
    void readsConfigBesideTheWeights(String name, String config) throws IOException {
        Map<String, String> beside =
                Map.of(config, KerasWriter.sequential(small()).toString());
        byte[] newer = KerasWriter.numbered("layers", small()).bytes();
        byte[] older = KerasWriter.named("2.3.1", Optional.empty(), small()).bytes();

        assertSmall(read(name, newer, beside, AUTOMATIC));
        assertSmall(read(name, older, beside, AUTOMATIC));
    }

    @Test
    void layerNamedLikeTheNewerFormatsGroup() throws IOException {
        List<Layer> layers = small();
        layers.set(2, KerasWriter.lstm("layers", smallDirection(), Form.KERAS_2));
        byte[] older = KerasWriter.named("2.3.1", Optional.empty(), layers).bytes();

        assertSmall(read(
                "w.h5",
                older,
                Map.of("config.json", KerasWriter.sequential(layers).toString()),
                AUTOMATIC));
    }

    @Test
    void readsVersionBesideTheWeights() throws IOException {
        List<Layer> layers = List.of(
                KerasWriter.lstm("lstm", smallDirection(), Form.KERAS_2).with("recurrent_activation", "hard_sigmoid"));
        byte[] weights = KerasWriter.numbered("layers", layers).bytes();
        String config = KerasWriter.sequential(layers).toString();

        LstmModel model = read(
                        "w.weights.h5",
                        weights,
                        Map.of("config.json", config, "metadata.json", "{\"keras_version\": \"3.4.0\"}"),
                        AUTOMATIC)
                .model();
        assertThat(model.directions().get(0).variant().gate())
                .isEqualTo(new Activation(Kind.HARD_SIGMOID, 1 / 6f, 0.5f));
        assertThat(read("w.weights.h5", weights, Map.of("config.json", config), AUTOMATIC)
                        .model()
                        .fingerprint())
                .as("the form of the weights tells the version")
                .isEqualTo(model.fingerprint());
        byte[] named = KerasWriter.named("nightly", Optional.empty(), layers).bytes();
        assertThatThrownBy(() -> read("w.weights.h5", named, Map.of("config.json", config), AUTOMATIC))
                .hasMessageContaining("'hard_sigmoid', whose function differs between Keras 3 and earlier versions")
                .hasMessageContaining("put a metadata.json with the version that trained it beside it");
    }

    @Test
    void readsSplitNameLists() throws IOException {
        List<Layer> layers = small();
        Hdf5Writer file = new Hdf5Writer()
                .text("", "keras_version", "2.3.1")
                .text("", "model_config", KerasWriter.sequential(layers).toString())
                .texts("model_weights", "layer_names0", List.of("input_1", "embedding_1"))
                .texts("model_weights", "layer_names1", List.of("lstm_7", "decoder"))
                .group("model_weights/input_1");
        for (Layer layer : layers.subList(1, layers.size())) {
            int part = 0;
            for (Weight weight : layer.weights()) {
                file.texts("model_weights/" + layer.name(), "weight_names" + part++, List.of("a/" + weight.name()))
                        .floats(
                                "model_weights/" + layer.name() + "/a/" + weight.name(),
                                weight.values(),
                                weight.shape());
            }
        }

        assertSmall(read(file.bytes()));
    }

    @Test
    void readsTextsInAHeap() throws IOException {
        byte[] weights = KerasWriter.named("2.3.1", Optional.empty(), small())
                .textInHeap("", "model_config", KerasWriter.sequential(small()).toString())
                .bytes();

        assertSmall(read(weights));
    }

    // ---- arrays

    private static byte[] stored(float[] values, int bytes, ByteOrder order) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * bytes).order(order);
        for (float value : values) {
            switch (bytes) {
                case 2 -> buffer.putShort((short) (value == 0 ? 0 : 0x3C00)); // 0 or 1
                case 4 -> buffer.putFloat(value);
                default -> buffer.putDouble(value);
            }
        }
        return buffer.array();
    }

    private static Hdf5Writer withoutKernel(List<Layer> layers) {
        return KerasWriter.named("2.3.1", Optional.of(KerasWriter.sequential(layers)), layers);
    }

    private static final String KERNEL = "model_weights/lstm_7/lstm_7/cell/kernel:0";

    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void readsFloatsOfBothByteOrders(int bytes) throws IOException {
        Weight kernel = small().get(2).weights().get(0);
        byte[] big = stored(kernel.values(), bytes, ByteOrder.BIG_ENDIAN);
        byte[] little = stored(kernel.values(), bytes, ByteOrder.LITTLE_ENDIAN);

        assertSmall(read(withoutKernel(small())
                .array(KERNEL, Hdf5Writer.floats(bytes), little, kernel.shape())
                .bytes()));
        assertSmall(read(withoutKernel(small())
                .array(KERNEL, Hdf5Writer.bigEndian(Hdf5Writer.floats(bytes)), big, kernel.shape())
                .bytes()));
        assertSmall(read(withoutKernel(small())
                .compact(KERNEL, Hdf5Writer.floats(bytes), little, kernel.shape())
                .bytes()));
    }

    @Test
    void readsHalfFloats() throws IOException {
        float[] ones = new float[24];
        Arrays.fill(ones, 1);

        LstmModel model = read(withoutKernel(small())
                        .array(KERNEL, Hdf5Writer.floats(2), stored(ones, 2, ByteOrder.LITTLE_ENDIAN), 2, 12)
                        .bytes())
                .model();

        assertThat(model.directions().get(0).inputWeights().values()).containsOnly(1f);
    }

    /** The kernel, (2, 12), in chunks of (2, 5). The last chunk extends beyond the edge. */
    private static byte[] block(int column, int bytesPerValue) {
        Weight kernel = small().get(2).weights().get(0);
        float[] values = new float[10];
        for (int row = 0; row < 2; row++) {
            for (int at = 0; at < 5 && column + at < 12; at++) {
                values[5 * row + at] = kernel.values()[12 * row + column + at];
            }
        }
        return stored(values, bytesPerValue, ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] shuffled(byte[] bytes, int bytesPerValue) {
        byte[] shuffled = new byte[bytes.length];
        int count = bytes.length / bytesPerValue;
        for (int at = 0; at < bytes.length; at++) {
            shuffled[at % bytesPerValue * count + at / bytesPerValue] = bytes[at];
        }
        return shuffled;
    }

    private static byte[] withChecksum(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length + 4);
    }

    @Test
    void readsCompressedChunks() throws IOException {
        List<Hdf5Writer.Chunk> plain = new ArrayList<>();
        List<Hdf5Writer.Chunk> packed = new ArrayList<>();
        List<Hdf5Writer.Chunk> checked = new ArrayList<>();
        for (int column : new int[] {5, 0, 10}) {
            byte[] block = block(column, 8);
            plain.add(new Hdf5Writer.Chunk(block, 0, 0, column));
            packed.add(
                    column == 5 // HDF5 skips the filter if a chunk would grow
                            ? new Hdf5Writer.Chunk(shuffled(block, 8), 2, 0, column)
                            : new Hdf5Writer.Chunk(Hdf5Writer.deflate(shuffled(block, 8)), 0, 0, column));
            checked.add(new Hdf5Writer.Chunk(Hdf5Writer.deflate(withChecksum(block)), 0, 0, column));
        }
        byte[] type = Hdf5Writer.floats(8);
        int[] shape = {2, 5};
        assertSmall(read(withoutKernel(small())
                .chunked(KERNEL, type, shape, new byte[0], plain, 2, 12)
                .bytes()));
        assertSmall(read(withoutKernel(small())
                .chunked(KERNEL, type, shape, Hdf5Writer.filters(2, 1), packed, 2, 12)
                .bytes()));
        assertSmall(read(withoutKernel(small())
                .chunked(KERNEL, type, shape, Hdf5Writer.filters(3, 1), checked, 2, 12)
                .bytes()));
    }

    // ---- configs

    @Test
    void readsFunctionalModelsOfBothStyles() throws IOException {
        for (boolean newer : new boolean[] {true, false}) {
            assertSmall(read(KerasWriter.archive(
                    "3.15.1",
                    KerasWriter.functional(small(), newer),
                    KerasWriter.numbered("layers", small()).bytes())));
        }
    }

    @Test
    void readsSequentialListsOfKeras1() throws IOException {
        ObjectNode model = KerasWriter.sequential(small());
        model.set("config", model.get("config").get("layers"));

        assertSmall(read(KerasWriter.named("1.2.2", Optional.of(model), small()).bytes()));
    }

    @Test
    void ignoresLayersWithoutEffectAtInference() throws IOException {
        List<Layer> layers = small();
        layers.add(2, KerasWriter.layer("SpatialDropout1D", "spatial_dropout1d"));
        layers.add(4, KerasWriter.layer("GaussianNoise", "noise"));
        layers.add(4, KerasWriter.timeDistributed("td", KerasWriter.layer("Dropout", "inner")));
        layers.add(4, KerasWriter.layer("Activation", "nothing").with("activation", "linear"));

        assertThat(whole(layers).fingerprint()).isEqualTo(SMALL.fingerprint());
    }

    @Test
    void readsEveryFormOfOutputLayer() throws IOException {
        Layer dense = small().get(3);
        Layer softmax = KerasWriter.layer("Activation", "a").with("activation", "softmax");
        List<List<Layer>> tops = List.of(
                List.of(dense.with("activation", "linear")),
                List.of(
                        dense.with("activation", null),
                        KerasWriter.layer("Softmax", "s").with("axis", -1)),
                List.of(dense.with("activation", "linear"), softmax),
                List.of(KerasWriter.timeDistributed("t", dense)),
                List.of(
                        KerasWriter.timeDistributed("t", dense.with("activation", "linear")),
                        KerasWriter.timeDistributed("u", softmax)),
                List.of(dense, KerasWriter.layer("Dropout", "d")));
        for (List<Layer> top : tops) {
            List<Layer> layers = new ArrayList<>(small().subList(0, 3));
            layers.addAll(top);
            assertThat(whole(layers).fingerprint()).isEqualTo(SMALL.fingerprint());
            assertSmall(read(KerasWriter.archive("3.15.1", layers)));
        }
    }

    @Test
    void readsLayersWithoutBias() throws IOException {
        List<Layer> layers = small();
        Layer lstm = layers.get(2);
        Layer dense = layers.get(3);
        layers.set(2, lstm.with("use_bias", false).of(lstm.weights().subList(0, 2)));
        layers.set(3, dense.with("use_bias", false).of(dense.weights().subList(0, 1)));
        LstmModel expected = new LstmModel(
                SMALL.embedding(),
                List.of(LstmLayer.of(LstmDirection.plain(
                        smallDirection().inputWeights(), smallDirection().hiddenWeights(), new float[12]))),
                SMALL.output().map(output -> new OutputLayer(output.weights())));

        assertThat(whole(layers).fingerprint()).isEqualTo(expected.fingerprint());
        assertThat(read(KerasWriter.archive("3.1.0", layers)).model().fingerprint())
                .isEqualTo(expected.fingerprint());
    }

    @ParameterizedTest
    @CsvSource({"concat, CONCAT", "sum, SUM", "mul, MUL", "ave, AVERAGE"})
    void readsMergeModes(String mode, Merge merge) throws IOException {
        Random random = new Random(3);
        LstmLayer layer = LstmLayer.bidirectional(
                Models.direction(random, 2, 3), Models.direction(random, 2, 3).backward(), merge);
        List<Layer> layers = List.of(KerasWriter.bidirectional("both", layer, mode, Form.KERAS_2));
        LstmModel expected = new LstmModel(Optional.empty(), List.of(layer), Optional.empty());

        assertThat(whole(layers).fingerprint()).isEqualTo(expected.fingerprint());
    }

    @Test
    void readsSeparateBackwardLayer() throws IOException {
        Random random = new Random(4);
        LstmDirection forward = Models.direction(random, 2, 3);
        LstmDirection backward = Models.direction(random, 2, 3)
                .with(CellVariant.PLAIN.withActivations(
                        Activation.of(Kind.SIGMOID), Activation.of(Kind.RELU), Activation.of(Kind.RELU)));
        LstmLayer layer = LstmLayer.bidirectional(forward, backward.backward());
        Layer own = KerasWriter.lstm("own", backward, Form.KERAS_2)
                .with("go_backwards", true)
                .with("activation", "relu");
        Layer both = KerasWriter.bidirectional("both", layer, "concat", Form.KERAS_2)
                .with("backward_layer", KerasWriter.json(own));
        LstmModel expected = new LstmModel(Optional.empty(), List.of(layer), Optional.empty());

        assertThat(whole(List.of(both)).fingerprint()).isEqualTo(expected.fingerprint());
    }

    @Test
    void sequenceReversedTwiceIsInOrder() throws IOException {
        LstmDirection below = smallDirection();
        LstmDirection above = Models.direction(new Random(5), 3, 2);
        OutputLayer output = new OutputLayer(Models.matrix(new Random(6), 4, 2));
        List<Layer> layers = List.of(
                KerasWriter.lstm("below", below, Form.KERAS_2).with("go_backwards", true),
                KerasWriter.lstm("above", above, Form.KERAS_2).with("go_backwards", true),
                KerasWriter.dense("dense", output, Form.KERAS_2));
        LstmModel expected = new LstmModel(
                Optional.empty(), List.of(LstmLayer.of(below.backward()), LstmLayer.of(above)), Optional.of(output));

        assertThat(whole(layers).fingerprint()).isEqualTo(expected.fingerprint());
    }

    @Test
    void layerAboveReversedSequenceReadsBackwards() throws IOException {
        LstmDirection above = Models.direction(new Random(5), 3, 2);
        List<Layer> layers = List.of(
                KerasWriter.lstm("below", smallDirection(), Form.KERAS_2).with("go_backwards", true),
                KerasWriter.lstm("above", above, Form.KERAS_2).with("return_sequences", false));
        LstmModel expected = new LstmModel(
                Optional.empty(),
                List.of(LstmLayer.of(smallDirection().backward()), LstmLayer.of(above.backward())),
                Optional.empty(),
                Readout.FINAL_STATES);

        assertThat(whole(layers).fingerprint()).isEqualTo(expected.fingerprint());
    }

    @Test
    void readsFinalStatesOfBothDirections() throws IOException {
        LstmModel model = Models.stack(new Random(2), 2, true);
        List<Layer> layers = new ArrayList<>(KerasWriter.layers(model, Form.KERAS_2));
        ObjectNode inner = (ObjectNode) layers.get(3).config().get("layer").deepCopy();
        ((ObjectNode) inner.get("config")).put("return_sequences", false);
        layers.set(3, layers.get(3).with("layer", inner));
        LstmModel expected = new LstmModel(model.embedding(), model.layers(), model.output(), Readout.FINAL_STATES);
        ModelFile read = read(KerasWriter.whole("2.3.1", layers));

        assertThat(read.model().fingerprint()).isEqualTo(expected.fingerprint());
        assertThat(read.notes())
                .contains("the Keras model outputs the final states of each direction, as --at last does");
    }

    @Test
    void readsFinalStateOfABackwardLayer() throws IOException {
        List<Layer> layers = small();
        layers.set(2, layers.get(2).with("return_sequences", false).with("go_backwards", true));
        LstmModel expected = new LstmModel(
                SMALL.embedding(),
                List.of(LstmLayer.of(smallDirection().backward())),
                SMALL.output(),
                Readout.FINAL_STATES);

        assertThat(whole(layers).fingerprint()).isEqualTo(expected.fingerprint());
    }

    @Test
    void readsModelsThatOutputTheLastStep() throws IOException {
        List<Layer> layers = small();
        layers.set(2, layers.get(2).with("return_sequences", false).with("stateful", true));
        ModelFile read = read(KerasWriter.whole("2.3.1", layers));

        assertSmall(read);
        assertThat(read.notes())
                .contains(
                        "the Keras model outputs the last step, as --at last does; --at each gives answers that it does not",
                        "layer 'lstm_7' (LSTM) is stateful: Keras continues from the state of the previous batch, here each "
                                + "sequence starts from the initial state");
    }

    @Test
    void modelsWithOtherOutputLayersGiveHiddenStatesOnRequest() throws IOException {
        List<Layer> layers = small();
        layers.add(3, KerasWriter.layer("Attention", "attention"));
        TensorNames none = AUTOMATIC.withOutput(TensorNames.NONE);
        LstmModel expected = new LstmModel(SMALL.embedding(), SMALL.layers(), Optional.empty());

        for (ObjectNode config : List.of(KerasWriter.sequential(layers), KerasWriter.functional(layers, true))) {
            byte[] file =
                    KerasWriter.named("3.1.0", Optional.of(config), layers).bytes();
            assertThat(read(file, none).model().fingerprint()).isEqualTo(expected.fingerprint());
            assertThatThrownBy(() -> read(file))
                    .hasMessageContaining("layer 'attention' (Attention) is between input and output")
                    .hasMessageContaining("set model.output to none");
        }
    }

    @Test
    void correctUserNamesChangeNothing() throws IOException {
        byte[] file = KerasWriter.archive("3.15.1", small());

        assertSmall(read(
                file,
                AUTOMATIC.withEmbedding("embedding_1").withOutput("decoder").withLstm("lstm")));
        assertThatThrownBy(() -> read(file, AUTOMATIC.withEmbedding("other")))
                .hasMessageContaining("the model's embedding is 'embedding_1', not 'other', as set in model.embedding");
        assertThatThrownBy(() -> read(file, AUTOMATIC.withLstm("encoder")))
                .hasMessageContaining("layer 'lstm_7' (LSTM) is between input and output, but model.lstm is 'encoder'");
        assertThatThrownBy(() -> read(file, AUTOMATIC.withOutput("head")))
                .hasMessageContaining("no layer 'head', which model.output names, found 'input_1', 'embedding_1'");
    }

    // ---- weights without a config

    @Test
    void cudnnWeightsNeedNoConfig() throws IOException {
        List<Layer> layers = KerasWriter.layers(SMALL, Form.CUDNN);
        byte[] file = KerasWriter.named("2.1.5", Optional.empty(), layers).bytes();

        ModelFile read = read(file, AUTOMATIC.withOutput("decoder"));
        assertSmall(read);
        assertThat(read.notes())
                .contains("the file doesn't tell whether the Keras model outputs every step or the last: --at decides")
                .noneMatch(note -> note.contains("the Keras model ends in") || note.contains("as --at"));
        assertThat(read(file, AUTOMATIC.withOutput(TensorNames.NONE)).model())
                .hasToString("5 tokens of width 2; LSTM 3; no output layer");
        assertThatThrownBy(() -> read(file))
                .hasMessageContaining("or set model.output to the name of its output layer, or to none");
    }

    @Test
    void plainLstmWeightsNeedAConfig() {
        byte[] file = KerasWriter.named("2.1.5", Optional.empty(), small()).bytes();

        assertThatThrownBy(() -> read(file, AUTOMATIC.withOutput("decoder")))
                .hasMessageContaining("layer 'lstm_7' is an LSTM whose activations are unknown")
                .hasMessageContaining("open(\"config.json\", \"w\").write(model.to_json())");
    }

    // ---- activations

    @ParameterizedTest
    @EnumSource
    void hardSigmoidsOfEachVersion(Form form) throws IOException {
        if (form == Form.CUDNN) {
            return;
        }
        String setting = form == Form.KERAS_1 ? "inner_activation" : "recurrent_activation";
        List<Layer> layers =
                List.of(KerasWriter.lstm("lstm", smallDirection(), form).with(setting, "hard_sigmoid"));
        Activation expected = form == Form.KERAS_3
                ? new Activation(Kind.HARD_SIGMOID, 1 / 6f, 0.5f)
                : new Activation(Kind.HARD_SIGMOID, 0.2f, 0.5f);

        CellVariant read = read(KerasWriter.whole(form.version(), layers))
                .model()
                .directions()
                .get(0)
                .variant();

        assertThat(read.gate()).isEqualTo(expected);
        assertThat(read.candidate()).isEqualTo(Activation.of(Kind.TANH));
    }

    @ParameterizedTest
    @CsvSource({
        "sigmoid, SIGMOID, 0, 0",
        "tanh, TANH, 0, 0",
        "relu, RELU, 0, 0",
        "elu, ELU, 1, 0",
        "softplus, SOFTPLUS, 0, 0",
        "softsign, SOFTSIGN, 0, 0",
        "selu, SELU, 1.6732632, 1.050701",
        "exponential, EXPONENTIAL, 0, 0",
        "linear, AFFINE, 1, 0",
        "leaky_relu, LEAKY_RELU, 0.2, 0",
    })
    void activationsByName(String name, Kind kind, float alpha, float beta) throws IOException {
        Layer lstm = KerasWriter.lstm("lstm", smallDirection(), Form.KERAS_3).with("activation", name);
        ObjectNode function = KerasWriter.object().put("class_name", "function").put("config", name);

        for (Layer layer : List.of(lstm, lstm.with("activation", function))) {
            CellVariant variant = whole(List.of(layer)).directions().get(0).variant();
            assertThat(variant.candidate()).isEqualTo(new Activation(kind, alpha, beta));
            assertThat(variant.output()).isEqualTo(variant.candidate());
            assertThat(variant.gate()).isEqualTo(Activation.of(Kind.SIGMOID));
        }
    }

    // ---- padding

    private static LstmModel padded() throws IOException {
        List<Layer> layers = small();
        layers.set(1, layers.get(1).with("mask_zero", true));
        return whole(layers);
    }

    @ParameterizedTest
    @EnumSource
    void paddingTokenIsNeverScored(KernelChoice kernel) throws IOException {
        SequenceScorer scorer = CompiledModel.compile(padded(), InputKind.EMBEDDING, kernel)
                .scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.SOFTMAX), 1));

        assertThat(scorer.rules().check(Sequence.ofTokens(3, 1, 0, 2)))
                .contains(new Defect(
                        Defect.Kind.TOKEN_IS_PADDING, "token 0 at step 2 is the padding of this model; leave it out"));
        assertThat(scorer.rules().check(Sequence.ofTokens(3, 1, 2))).isEmpty();
        assertThatThrownBy(() -> scorer.score(List.of(Sequence.ofTokens(0))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is the padding of this model");
    }

    @ParameterizedTest
    @EnumSource
    void maskedStepIsNeverScored(KernelChoice kernel) throws IOException {
        List<Layer> layers = small();
        layers.set(1, KerasWriter.layer("Masking", "masking").with("mask_value", -1));
        LstmModel model = whole(layers);
        SequenceScorer scorer = CompiledModel.compile(model, InputKind.FEATURES, kernel)
                .scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.SOFTMAX), 1));

        assertThat(model.mask()).contains(-1f);
        assertThat(scorer.rules().check(Sequence.ofFeatures(3, new float[] {-1, 0, 0, -1, -1, -1})))
                .contains(new Defect(
                        Defect.Kind.STEP_IS_MASKED,
                        "all features of step 2 are -1.0, which this model skips (mask_value); leave such steps out"));
        assertThat(scorer.rules().check(Sequence.ofFeatures(2, new float[] {-1, 0, 0, -1})))
                .isEmpty();
        assertThat(scorer.rules().check(Sequence.ofFeatures(2, new float[] {0, -1, -1, 0})))
                .isEmpty();
        layers.remove(1);
        LstmModel plain = whole(layers);
        assertThat(plain.mask()).isEmpty();
        assertThat(plain.fingerprint()).isNotEqualTo(model.fingerprint());
        assertThat(plain.withMask(-1).fingerprint()).isEqualTo(model.fingerprint());
        assertThat(model.readFrom(Readout.FINAL_STATES).mask()).contains(-1f);
    }

    @Test
    void paddingIsPartOfTheModel() throws IOException {
        LstmModel padded = padded();

        assertThat(padded.embedding()
                        .flatMap(found -> found.padding().stream().boxed().findFirst()))
                .contains(0);
        assertThat(padded.fingerprint()).isNotEqualTo(SMALL.fingerprint());
        assertThat(new LstmModel(
                                SMALL.embedding()
                                        .map(Embedding::table)
                                        .map(Embedding::new)
                                        .map(table -> table.withPadding(0)),
                                SMALL.layers(),
                                SMALL.output())
                        .fingerprint())
                .isEqualTo(padded.fingerprint());
    }

    /** {@code h[:, -1, :]}: of a bidirectional LSTM, the last step of both directions. */
    @ParameterizedTest
    @ValueSource(strings = {"last", "first", "some"})
    void readsTheLastStepOfASequence(String selected) throws IOException {
        List<Layer> layers = small();
        layers.add(3, KerasWriter.layer("GetItem", "get_item"));
        ObjectNode model = KerasWriter.functional(layers, true);
        ArrayNode arguments = (ArrayNode) model.at("/config/layers/3/inbound_nodes/0/args");
        ArrayNode index = arguments.addArray();
        index.add(slice(null)).add(selected.equals("first") ? 0 : -1).add(slice(selected.equals("some") ? 1 : null));
        byte[] file = KerasWriter.archive(
                "3.15.1", model, KerasWriter.numbered("layers", layers).bytes());

        if (selected.equals("last")) {
            ModelFile read = read(file);
            assertThat(read.model().fingerprint()).isEqualTo(SMALL.fingerprint());
            assertThat(read.notes())
                    .contains(
                            "the Keras model outputs the last step, as --at last does; --at each gives answers that it does not");
        } else {
            assertThatThrownBy(() -> read(file))
                    .hasMessageContaining(
                            "layer 'get_item' (GetItem) selects a part of the output of the layer below that is not the last step");
        }
    }

    /** {@code tf.keras} writes {@code h[:, -1, :]} as a layer with the index among its arguments. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 0})
    void readsTheLastStepThatTfKerasSelects(int step) throws IOException {
        List<Layer> layers = small();
        layers.add(3, KerasWriter.layer("SlicingOpLambda", "index").with("function", "__operators__.getitem"));
        ObjectNode model = KerasWriter.functional(layers, false);
        ArrayNode call = ((ArrayNode) model.at("/config/layers/3/inbound_nodes")).removeAll();
        ObjectNode all = KerasWriter.object().putNull("start").putNull("stop").putNull("step");
        call.add(KerasWriter.reference("lstm_7"));
        ((ArrayNode) call.get(0))
                .addObject()
                .putArray("slice_spec")
                .add(all)
                .add(step)
                .add(all);
        byte[] file = KerasWriter.named("2.11.0", Optional.of(model), layers).bytes();

        if (step == -1) {
            ModelFile read = read(file);
            assertSmall(read);
            assertThat(read.notes())
                    .contains(
                            "the Keras model outputs the last step, as --at last does; --at each gives answers that it does not");
        } else {
            assertThatThrownBy(() -> read(file)).hasMessageContaining("layer 'index' (GetItem) selects a part");
        }
    }

    /** Models that are layers of a model, also with layers of the same names. */
    @Test
    void readsModelsInsideAModel() throws IOException {
        List<Layer> layers = small();
        ObjectNode inner = KerasWriter.sequential(layers.subList(1, 3));
        ObjectNode model = KerasWriter.sequential(List.of(layers.get(0), layers.get(3)));
        ArrayNode listed = (ArrayNode) model.at("/config/layers");
        listed.insert(1, inner.put("name", "decoder_below"));
        Hdf5Writer weights = KerasWriter.numbered("layers/sequential/layers", layers.subList(1, 3));
        layers.get(3)
                .weights()
                .forEach(weight -> weights.floats(
                        "layers/dense/vars/" + (weight.name().equals("kernel") ? 0 : 1),
                        weight.values(),
                        weight.shape()));
        byte[] file = KerasWriter.archive("3.15.1", model, weights.bytes());

        assertSmall(read(file));
        assertThat(read(file).notes()).contains("the embedding is layer 'decoder_below/embedding_1' (5, 2)");
        assertThat(read(file, AUTOMATIC.withOutput(TensorNames.NONE)).model())
                .hasToString("5 tokens of width 2; LSTM 3; no output layer");
    }

    private static ObjectNode slice(Integer start) {
        ObjectNode slice = KerasWriter.object().put("class_name", "__slice__");
        slice.putObject("config").put("start", start).putNull("stop").putNull("step");
        return slice;
    }

    /** Keras 3 writes the mask as a separate layer and passes it to the LSTM. */
    @Test
    void readsPaddingMasksInAGraph() throws IOException {
        List<Layer> layers = small();
        layers.set(1, layers.get(1).with("mask_zero", true));
        ObjectNode model = KerasWriter.functional(layers, true);
        ObjectNode mask = KerasWriter.json(KerasWriter.layer("NotEqual", "not_equal"));
        mask.set("inbound_nodes", KerasWriter.from("input_1", true));
        ArrayNode compared = (ArrayNode) mask.get("inbound_nodes").get(0).get("args");
        compared.add(0);
        ArrayNode listed = (ArrayNode) model.get("config").get("layers");
        ObjectNode lstm = (ObjectNode) listed.get(2);
        ((ObjectNode) lstm.get("inbound_nodes").get(0).get("kwargs")).set("mask", KerasWriter.tensor("not_equal"));
        listed.add(mask);
        byte[] weights = KerasWriter.numbered("layers", layers).bytes();

        assertThat(read(KerasWriter.archive("3.15.1", model, weights)).model().fingerprint())
                .isEqualTo(padded().fingerprint());
        compared.remove(1);
        compared.add(5);
        assertThatThrownBy(() -> read(KerasWriter.archive("3.15.1", model, weights)))
                .as("steps of another token are skipped too")
                .hasMessageContaining("layer 'lstm_7' (LSTM) skips the steps given by 'not_equal'");
        compared.remove(1);
        compared.add(0);
        ((ObjectNode) listed.get(1).get("config")).put("mask_zero", false);
        assertThatThrownBy(() -> read(KerasWriter.archive("3.15.1", model, weights)))
                .hasMessageContaining("layer 'lstm_7' (LSTM) skips the steps given by 'not_equal'");
    }
}
