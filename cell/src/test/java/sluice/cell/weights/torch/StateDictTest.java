package sluice.cell.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

class StateDictTest {
    private static final TensorNames AUTOMATIC = TensorNames.automatic();

    private static LstmModel read(Tensors tensors) throws IOException {
        return read(tensors, AUTOMATIC);
    }

    private static LstmModel read(Tensors tensors, TensorNames names) throws IOException {
        return new StateDict(tensors, Map.of(), names).model();
    }

    private static List<String> notes(Tensors tensors, Map<String, String> aliases) throws IOException {
        StateDict stateDict = new StateDict(tensors, aliases, AUTOMATIC);
        stateDict.model();
        return stateDict.notes();
    }

    private static void assertRefused(Tensors tensors, String... parts) {
        assertRefused(tensors, AUTOMATIC, parts);
    }

    private static void assertRefused(Tensors tensors, TensorNames names, String... parts) {
        assertThatThrownBy(() -> read(tensors, names))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(parts);
    }

    private static Tensors typical() {
        return new Tensors()
                .with("embedding.weight", 9, 3)
                .withLstm("lstm.", 3, 5)
                .with("decoder.weight", 7, 5)
                .with("decoder.bias", 7);
    }

    /** One layer with H = 5 and I = 3, without embedding and output layer. */
    private static Tensors bare() {
        return new Tensors().withLstm("lstm.", 3, 5);
    }

    private static LstmDirection first(LstmModel model) {
        return model.directions().get(0);
    }

    // ---- the LSTM

    @Test
    void gateBlocksLandInTheirGates() throws IOException {
        int width = 3;
        float[] inputWeights = new float[4 * width * 2];
        float[] hiddenWeights = new float[4 * width * width];
        float[] inputBias = new float[4 * width];
        for (Gate gate : Gate.values()) { // PyTorch's rows: W_ii, W_if, W_ig, W_io
            fill(inputWeights, gate.block(), 10 + gate.block());
            fill(hiddenWeights, gate.block(), 20 + gate.block());
            fill(inputBias, gate.block(), 30 + gate.block());
        }
        Tensors tensors = new Tensors()
                .with("lstm.weight_ih_l0", inputWeights, 12, 2)
                .with("lstm.weight_hh_l0", hiddenWeights, 12, 3)
                .with("lstm.bias_ih_l0", inputBias, 12)
                .with("lstm.bias_hh_l0", new float[12], 12);

        LstmDirection direction = first(read(tensors));

        assertThat(List.of(Gate.values())).containsExactly(Gate.INPUT, Gate.FORGET, Gate.CANDIDATE, Gate.OUTPUT);
        for (Gate gate : Gate.values()) {
            assertThat(direction.inputWeights(gate)).hasToString("(3, 2)");
            assertThat(direction.inputWeights(gate).values()).containsOnly(10f + gate.block());
            assertThat(direction.hiddenWeights(gate)).hasToString("(3, 3)");
            assertThat(direction.hiddenWeights(gate).values()).containsOnly(20f + gate.block());
            assertThat(Arrays.copyOfRange(direction.bias(), gate.block() * width, (gate.block() + 1) * width))
                    .containsOnly(30f + gate.block());
        }
    }

    private static void fill(float[] blocks, int block, float value) {
        int length = blocks.length / Gate.COUNT;
        Arrays.fill(blocks, block * length, (block + 1) * length, value);
    }

    @Test
    void biasesAreAddedInDoubleAndKeptAsFloat() throws IOException {
        Tensors tensors = bare();

        float[] bias = first(read(tensors)).bias();

        for (int at = 0; at < bias.length; at++) {
            double sum = (double) tensors.values("lstm.bias_ih_l0")[at] + tensors.values("lstm.bias_hh_l0")[at];
            assertThat(bias[at]).isEqualTo((float) sum);
        }
    }

    @Test
    void biasesWhoseSumIsInfiniteAreRejected() {
        float[] huge = new float[20];
        Arrays.fill(huge, Float.MAX_VALUE);

        assertRefused(
                bare().with("lstm.bias_ih_l0", huge, 20).with("lstm.bias_hh_l0", huge, 20),
                "'lstm.bias_ih_l0' and 'lstm.bias_hh_l0' add up to Infinity at index [0]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "lstm.", "encoder.rnn.", "module.model.lstm_", "a.weight_ih.", "weight_hh_l0."})
    void anyPrefix(String prefix) throws IOException {
        Tensors tensors = new Tensors().withLstm(prefix, 3, 5);

        assertThat(read(tensors)).hasToString("input of width 3; LSTM 5; no output layer");
        assertThat(first(read(tensors)).hiddenWeights().values()).isEqualTo(tensors.values(prefix + "weight_hh_l0"));
    }

    @Test
    void anyOrder() throws IOException {
        Tensors tensors = typical().withDirection("lstm.", "_l1", 5, 5);
        String fingerprint = read(tensors).fingerprint();
        List<String> names = new ArrayList<>(tensors.names());
        Random random = new Random(3);
        for (int round = 0; round < 20; round++) {
            Collections.shuffle(names, random);
            assertThat(read(tensors.inOrder(names)).fingerprint()).isEqualTo(fingerprint);
        }
    }

    @Test
    void twelveLayersAreOrderedByNumber() throws IOException {
        Tensors tensors = new Tensors();
        for (int depth = 0; depth < 12; depth++) {
            tensors.withDirection("lstm.", "_l" + depth, depth + 1, depth + 2);
        }

        assertThat(read(tensors).outputWidth()).isEqualTo(13);
    }

    @Test
    void bidirectionalLayers() throws IOException {
        Tensors tensors = new Tensors()
                .withDirection("lstm.", "_l0", 3, 5)
                .withDirection("lstm.", "_l0_reverse", 3, 5)
                .withDirection("lstm.", "_l1", 10, 5)
                .withDirection("lstm.", "_l1_reverse", 10, 5)
                .with("fc.weight", 2, 10);

        LstmModel model = read(tensors);

        assertThat(model).hasToString("input of width 3; LSTM 5 + 5 backward, 5 + 5 backward; 2 classes");
        LstmLayer top = model.layers().get(1);
        assertThat(top.directions().get(0).inputWeights().values()).isEqualTo(tensors.values("lstm.weight_ih_l1"));
        assertThat(top.directions().get(1).reversed()).isTrue();
        assertThat(top.directions().get(1).inputWeights().values())
                .isEqualTo(tensors.values("lstm.weight_ih_l1_reverse"));
    }

    @Test
    void projections() throws IOException {
        Tensors tensors = new Tensors()
                .with("lstm.weight_ih_l0", 20, 3)
                .with("lstm.weight_hh_l0", 20, 2)
                .with("lstm.weight_hr_l0", 2, 5)
                .with("lstm.weight_ih_l1", 20, 2)
                .with("lstm.weight_hh_l1", 20, 2)
                .with("lstm.weight_hr_l1", 2, 5)
                .with("decoder.weight", 6, 2);

        LstmModel model = read(tensors);

        assertThat(model).hasToString("input of width 3; LSTM 5 -> 2, 5 -> 2; 6 classes");
        assertThat(first(model).projection().orElseThrow().values()).isEqualTo(tensors.values("lstm.weight_hr_l0"));
    }

    @Test
    void withoutBiases() throws IOException {
        Tensors tensors = bare().without("lstm.bias_ih_l0").without("lstm.bias_hh_l0");

        assertThat(first(read(tensors)).bias()).hasSize(20).containsOnly(0f);
    }

    @ParameterizedTest
    @CsvSource({"lstm.bias_ih_l0, lstm.bias_hh_l0", "lstm.bias_hh_l0, lstm.bias_ih_l0"})
    void missingBiasIsRejected(String lost, String kept) {
        assertRefused(
                bare().without(lost),
                "tensor '%s' is missing, expected one of shape (4H) = (20) beside '%s'".formatted(lost, kept));
    }

    @Test
    void biasesInOneLayerOnlyAreRejected() {
        assertRefused(
                bare().with("lstm.weight_ih_l1", 20, 5).with("lstm.weight_hh_l1", 20, 5),
                "tensor 'lstm.bias_ih_l1' is missing");
    }

    @Test
    void cellNames() throws IOException {
        Tensors tensors = new Tensors().withDirection("lstm_cell.", "", 3, 5).with("fc.weight", 2, 5);

        assertThat(read(tensors)).hasToString("input of width 3; LSTM 5; 2 classes");
    }

    @Test
    void severalCellsAreRejected() {
        assertRefused(
                new Tensors().withDirection("cells.0.", "", 3, 5).withDirection("cells.1.", "", 5, 5),
                "2 recurrent modules in the file, expected one: 'cells.0.', 'cells.1.'; set model.lstm");
    }

    @Test
    void cellAndLayersUnderOnePrefixAreRejected() {
        assertRefused(
                bare().withDirection("lstm.", "", 3, 5), "the prefix 'lstm.' has tensors of an nn.LSTM", "nn.LSTMCell");
    }

    @Test
    void severalLstmsAreRejectedUnlessOneIsNamed() throws IOException {
        Tensors tensors = new Tensors().withLstm("encoder.lstm.", 3, 5).withLstm("decoder.lstm.", 4, 6);

        assertRefused(tensors, "expected one: 'decoder.lstm.', 'encoder.lstm.'; set model.lstm to the prefix");
        assertThat(read(tensors, AUTOMATIC.withLstm("encoder.lstm.")))
                .hasToString("input of width 3; LSTM 5; no output layer");
        assertThat(read(tensors, AUTOMATIC.withLstm("decoder.lstm")))
                .hasToString("input of width 4; LSTM 6; no output layer");
        assertRefused(
                tensors,
                AUTOMATIC.withLstm("rnn."),
                "no LSTM under the prefix 'rnn.' of model.lstm, found 'decoder.lstm.'");
    }

    @Test
    void noLstmIsRejected() {
        assertRefused(
                new Tensors().with("conv.weight", 4, 3, 3).with("fc.weight", 2, 4),
                "the file has no LSTM",
                "'lstm.weight_ih_l0'",
                "found 'conv.weight' (4, 3, 3), 'fc.weight' (2, 4)");
    }

    @Test
    void missingLayerIsRejected() {
        assertRefused(
                bare().withDirection("lstm.", "_l2", 5, 5),
                "the LSTM 'lstm.' has layers [0, 2] but no layer 1, expected all");
        assertRefused(new Tensors().withDirection("lstm.", "_l1", 3, 5), "has layers [1] but no layer 0");
    }

    @Test
    void missingWeightsAreRejected() {
        assertRefused(
                bare().without("lstm.weight_ih_l0"),
                "tensor 'lstm.weight_ih_l0' is missing, expected one of shape (4H, I) beside 'lstm.weight_hh_l0'");
        assertRefused(
                bare().without("lstm.weight_hh_l0"),
                "tensor 'lstm.weight_hh_l0' is missing, expected one of shape (4H, H) = (20, 5)");
    }

    @Test
    void missingDirectionIsRejected() {
        assertRefused(
                bare().withDirection("lstm.", "_l0_reverse", 3, 5).withDirection("lstm.", "_l1", 10, 5),
                "tensor 'lstm.weight_ih_l1_reverse' is missing");
        assertRefused(
                new Tensors().withDirection("lstm.", "_l0_reverse", 3, 5), "tensor 'lstm.weight_ih_l0' is missing");
    }

    @Test
    void gruIsRejected() {
        assertRefused(
                new Tensors().with("rnn.weight_ih_l0", 15, 3).with("rnn.weight_hh_l0", 15, 5),
                "'rnn.' is a GRU (3H rows)",
                "weight_hh (15, 5)",
                "only LSTMs can be scored");
    }

    @Test
    void plainRnnIsRejected() {
        assertRefused(
                new Tensors().with("rnn.weight_ih_l0", 8, 3).with("rnn.weight_hh_l0", 8, 8),
                "'rnn.' is a plain RNN (H rows)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "lstm.weight_hh_l0; 20,6; expected (4H, H) = (20, 5) with H = 5",
                "lstm.weight_hh_l0; 24,6; expected (4H, I) = (24, I) with H = 6",
                "lstm.weight_hh_l0; 20; expected (4H, H) = (20, 5)",
                "lstm.weight_hh_l0; 20,0; expected (4H, H) = (20, 5)",
                "lstm.weight_ih_l0; 21,3; expected (4H, I) = (20, I) with H = 5",
                "lstm.weight_ih_l0; 0,3; expected (4H, I)",
                "lstm.weight_ih_l0; 5,4,3; expected (4H, I)",
                "lstm.bias_ih_l0; 19; expected (4H) = (20)",
                "lstm.bias_hh_l0; 20,1; expected (4H) = (20)",
            })
    void wrongShapesAreRejected(String name, String shape, String expected) {
        long[] dimensions =
                Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();

        assertRefused(bare().with(name, dimensions), "has shape (", expected, "export the model again");
    }

    @Test
    void layersThatDoNotFitAreRejected() {
        assertRefused(
                bare().withDirection("lstm.", "_l1", 6, 5),
                "tensor 'lstm.weight_ih_l1' has shape (20, 6), expected (4H, I) = (20, 5): "
                        + "layer 0 gives 5 numbers a step");
        assertRefused(
                bare().withDirection("lstm.", "_l0_reverse", 4, 5),
                "tensor 'lstm.weight_ih_l0_reverse' has shape (20, 4), expected (4H, I) = (20, "
                        + "3): the forward direction");
    }

    @Test
    void projectionsThatDoNotFitAreRejected() {
        assertRefused(
                bare().with("lstm.weight_hr_l0", 2, 5),
                "tensor 'lstm.weight_hh_l0' has shape (20, 5), expected (4H, P) = (20, 2) with "
                        + "P from 'lstm.weight_hr_l0'");
        assertRefused(
                bare().with("lstm.weight_hr_l0", 2, 6),
                "tensor 'lstm.weight_ih_l0' has shape (20, 3), expected (4H, I) = (24, I) with H = 6");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void nonFiniteWeightsAreRejected(float value) {
        Tensors matrix = typical();
        matrix.values("decoder.weight")[11] = value;
        assertRefused(
                matrix, "tensor 'decoder.weight' has the value " + value + " at index [2, 1], expected finite numbers");

        Tensors bias = typical();
        bias.values("lstm.bias_hh_l0")[3] = value;
        assertRefused(bias, "tensor 'lstm.bias_hh_l0' has the value " + value + " at index [3]");
    }

    // ---- embedding and output layer

    @Test
    void embeddingAndDecoder() throws IOException {
        Tensors tensors = typical();

        LstmModel model = read(tensors);

        assertThat(model).hasToString("9 tokens of width 3; LSTM 5; 7 classes");
        assertThat(model.embedding().orElseThrow().table().values()).isEqualTo(tensors.values("embedding.weight"));
        assertThat(model.output().orElseThrow().weights().values()).isEqualTo(tensors.values("decoder.weight"));
        assertThat(model.output().orElseThrow().bias()).isEqualTo(tensors.values("decoder.bias"));
        assertThat(notes(tensors, Map.of()))
                .containsExactly(
                        "the embedding is tensor 'embedding.weight' (9, 3)",
                        "the output layer is tensor 'decoder.weight' (7, 5)");
    }

    @Test
    void namesOfWordLanguageModel() throws IOException {
        Tensors tensors = new Tensors()
                .with("encoder.weight", 9, 5)
                .withLstm("rnn.", 5, 5)
                .with("decoder.weight", 9, 5)
                .with("decoder.bias", 9);

        LstmModel model = read(tensors);

        assertThat(model.embedding().orElseThrow().table().values()).isEqualTo(tensors.values("encoder.weight"));
        assertThat(model.output().orElseThrow().weights().values()).isEqualTo(tensors.values("decoder.weight"));
    }

    @ParameterizedTest
    @CsvSource({
        "word_embeddings.weight, hidden2tag.weight",
        "embed.weight, lm_head.weight",
        "encoder.embedding.weight, encoder.fc.weight",
        "emb1.weight, fc1.weight",
        "lookup, out_proj.weight",
        "model.wte.weight, model.outputLayer.weight",
        "decoder.embed_tokens.weight, decoder.linear.weight",
        "encoder.0.weight, classifier.3.weight",
        "input_embedding.weight, output.weight",
        "embedding, generator.proj.weight",
        "a.weight, dense.weight"
    })
    void namesDecideBetweenEqualShapes(String embedding, String output) throws IOException {
        Tensors tensors = new Tensors().with(output, 9, 5).withLstm("x.", 5, 5).with(embedding, 9, 5);

        LstmModel model = read(tensors);

        assertThat(model.embedding().orElseThrow().table().values()).isEqualTo(tensors.values(embedding));
        assertThat(model.output().orElseThrow().weights().values()).isEqualTo(tensors.values(output));
        assertThat(model.output().orElseThrow().bias()).containsOnly(0f);
    }

    @Test
    void shapesDecideIfNamesDoNot() throws IOException {
        Tensors tensors =
                new Tensors().with("a.weight", 9, 3).withLstm("x.", 3, 5).with("b.weight", 7, 5);

        assertThat(read(tensors)).hasToString("9 tokens of width 3; LSTM 5; 7 classes");
    }

    @Test
    void biasDecidesIfShapesAndNamesDoNot() throws IOException {
        Tensors tensors = new Tensors()
                .with("a.weight", 9, 5)
                .withLstm("x.", 5, 5)
                .with("b.weight", 7, 5)
                .with("b.bias", 7);

        assertRefused(tensors, "'a.weight' (9, 5) could be the embedding as well as the output layer");
        assertThat(read(tensors, AUTOMATIC.withEmbedding("a.weight")))
                .hasToString("9 tokens of width 5; LSTM 5; 7 classes");
        assertThat(read(tensors, AUTOMATIC.withOutput("b.weight")))
                .hasToString("9 tokens of width 5; LSTM 5; 7 classes");
    }

    @Test
    void deepLogHasNoEmbedding() throws IOException {
        Tensors tensors = new Tensors()
                .withLstm("lstm.", 1, 4)
                .withDirection("lstm.", "_l1", 4, 4)
                .with("fc.weight", 28, 4)
                .with("fc.bias", 28);

        assertThat(read(tensors)).hasToString("input of width 1; LSTM 4, 4; 28 classes");
    }

    @ParameterizedTest
    @CsvSource({"4, 6, 17", "5, 5, 5", "5, 9, 5", "6, 6, 4"})
    void decoderIsNotTakenForEmbedding(int inputWidth, int classes, int hiddenWidth) throws IOException {
        Tensors tensors =
                new Tensors().withLstm("lstm.", inputWidth, hiddenWidth).with("decoder.weight", classes, hiddenWidth);

        LstmModel model = read(tensors);

        assertThat(model.embedding()).isEmpty();
        assertThat(model.output().orElseThrow().classes()).isEqualTo(classes);
    }

    @Test
    void embeddingIsNotTakenForDecoder() throws IOException {
        LstmModel model = read(new Tensors().with("embedding.weight", 9, 5).withLstm("lstm.", 5, 5));

        assertThat(model).hasToString("9 tokens of width 5; LSTM 5; no output layer");
    }

    @Test
    void hiddenStatesOnly() throws IOException {
        assertThat(read(bare())).hasToString("input of width 3; LSTM 5; no output layer");
        assertThat(notes(bare(), Map.of()))
                .containsExactly(
                        "no embedding: the LSTM reads one-hot tokens or numbers",
                        "no output layer: the model gives hidden states");
    }

    @Test
    void identityMatrixIsAnEmbedding() throws IOException {
        float[] identity = new float[49];
        for (int at = 0; at < 7; at++) {
            identity[at * 8] = 1;
        }
        Tensors tensors = new Tensors()
                .with("embedding.weight", identity, 7, 7)
                .withLstm("lstm.", 7, 7)
                .with("decoder.weight", 7, 7);

        assertThat(read(tensors).embedding().orElseThrow().table().values()).isEqualTo(identity);
    }

    @Test
    void ambiguousTensorIsRejected() throws IOException {
        Tensors tensors = new Tensors().withLstm("lstm.", 5, 5).with("layer.weight", 9, 5);

        assertRefused(
                tensors,
                "'layer.weight' (9, 5) could be the embedding as well as the output layer: set "
                        + "model.embedding and model.output");
        assertThat(read(tensors, AUTOMATIC.withEmbedding("none"))).hasToString("input of width 5; LSTM 5; 9 classes");
        assertThat(read(tensors, AUTOMATIC.withOutput("layer.weight")))
                .hasToString("input of width 5; LSTM 5; 9 classes");
        assertThat(read(tensors, AUTOMATIC.withOutput("none")))
                .hasToString("9 tokens of width 5; LSTM 5; no output layer");
    }

    @Test
    void severalOutputLayersAreRejectedUnlessOneIsNamed() throws IOException {
        Tensors tensors =
                bare().with("fc_a.weight", 2, 5).with("fc_b.weight", 4, 5).with("fc_b.bias", 4);

        assertRefused(
                tensors,
                "2 tensors could be the output layer: 'fc_a.weight' (2, 5), 'fc_b.weight' (4, "
                        + "5); set model.output to the name");
        assertThat(read(tensors, AUTOMATIC.withOutput("fc_b.weight")))
                .hasToString("input of width 3; LSTM 5; 4 classes");
        assertThat(read(tensors, AUTOMATIC.withOutput("none")))
                .hasToString("input of width 3; LSTM 5; no output layer");
    }

    @Test
    void severalEmbeddingsAreRejectedUnlessOneIsNamed() throws IOException {
        Tensors tensors = bare().with("word_embedding.weight", 20, 3).with("tag_embedding.weight", 6, 3);

        assertRefused(
                tensors,
                "2 tensors could be the embedding: 'tag_embedding.weight' (6, 3), "
                        + "'word_embedding.weight' (20, 3); set model.embedding");
        assertThat(read(tensors, AUTOMATIC.withEmbedding("word_embedding.weight"))
                        .tokens())
                .isEqualTo(20);
    }

    @Test
    void namesThatAreNotInTheFileAreRejected() {
        assertRefused(
                typical(),
                AUTOMATIC.withOutput("fc.weight"),
                "no tensor 'fc.weight', which model.output names: set it to one of "
                        + "'decoder.bias' (7), 'decoder.weight' (7, 5)");
        assertRefused(
                typical(),
                AUTOMATIC.withEmbedding("decoder.weight"),
                "tensor 'decoder.weight' has shape (7, 5), expected (tokens, I) with I = 3 for the embedding",
                "model.embedding");
    }

    @Test
    void namedLayersThatDoNotFitAreRejected() throws IOException {
        assertRefused(
                bare().with("embedding.weight", 9, 4),
                "tensor 'embedding.weight' has shape (9, 4), expected (tokens, I) with I = 3 for the embedding");
        assertRefused(
                typical().with("decoder.weight", 7, 6),
                "tensor 'decoder.weight' has shape (7, 6), expected (classes, H) with H = 5 for the output layer");
        assertRefused(
                typical().with("decoder.bias", 8), "tensor 'decoder.bias' has shape (8), expected (classes) = (7)");
        assertThat(read(typical().with("decoder.weight", 7, 6), AUTOMATIC.withOutput("none"))
                        .output())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "below.weight, '3,8', before the LSTM, model.embedding",
                "conv.weight, '3,8,2', before the LSTM, model.embedding",
        "norm.weight, '3', before the LSTM, model.embedding",
                "top.weight, '2,7', beside the output layer, model.output",
        "between.weight, '5,5', beside the output layer, model.output",
                "ln.weight, '5', beside the output layer, model.output"
    })
    void furtherLayersAreRejected(String name, String shape, String where, String setting) throws IOException {
        long[] dimensions =
                Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
        Tensors tensors = bare().with("decoder.weight", 7, 5).with(name, dimensions);

        assertRefused(
                tensors, "tensor '" + name + "' has shape (", "looks like one more layer " + where, "set " + setting);
        assertThat(read(tensors, AUTOMATIC.withEmbedding("none").withOutput("decoder.weight")))
                .hasToString("input of width 3; LSTM 5; 7 classes");
    }

    @Test
    void unusedTensorsAreNoted() throws IOException {
        Tensors tensors = typical()
                .with("attention.weight", 1, 5)
                .with("pos_embedding.weight", 100, 3)
                .with("crf.transitions", 7, 7);

        assertThat(notes(tensors, Map.of()))
                .contains(
                        "tensor 'attention.weight' (1, 5) is not used",
                        "tensor 'crf.transitions' (7, 7) is not used",
                        "tensor 'pos_embedding.weight' (100, 3) is not used");
    }

    @Test
    void manyUnusedTensorsShareANote() throws IOException {
        Tensors tensors = typical();
        for (int extra = 0; extra < 30; extra++) {
            tensors.with("extra" + extra, 2, 2, 2);
        }

        assertThat(notes(tensors, Map.of()))
                .last()
                .asString()
                .startsWith("30 tensors are not used: 'extra0' (2, 2, 2), ")
                .endsWith(" and 20 more");
    }

    // ---- tied layers

    @ParameterizedTest
    @CsvSource({"decoder.weight, embedding.weight", "embedding.weight, decoder.weight"})
    void tiedByMetadataInEitherDirection(String dropped, String kept) throws IOException {
        Tensors tensors = new Tensors().with(kept, 9, 5).withLstm("lstm.", 5, 5).with("decoder.bias", 9);
        Map<String, String> metadata = Map.of("format", "pt", dropped, kept);

        LstmModel model = new StateDict(tensors, metadata, AUTOMATIC).model();

        assertTied(model);
        assertThat(model.output().orElseThrow().bias()).isEqualTo(tensors.values("decoder.bias"));
        assertThat(notes(tensors, metadata))
                .contains(
                        "tensor '%s' is stored as '%s': they share their values".formatted(dropped, kept),
                        "the embedding and the output layer are tied: they share the values of one tensor");
    }

    private static void assertTied(LstmModel model) {
        Matrix table = model.embedding().orElseThrow().table();
        OutputLayer output = model.output().orElseThrow();
        assertThat(output.weights().values()).isSameAs(table.values());
    }

    @Test
    void tiedByABiasWithoutWeights() throws IOException {
        Tensors tensors = new Tensors()
                .with("encoder.weight", 9, 5)
                .withLstm("rnn.", 5, 5)
                .with("decoder.bias", 9);

        LstmModel model = read(tensors);

        assertTied(model);
        assertThat(model.output().orElseThrow().bias()).isEqualTo(tensors.values("decoder.bias"));
        assertThat(notes(tensors, Map.of()))
                .contains("the embedding and the output layer are tied: they share the values of one tensor")
                .noneMatch(note -> note.contains("not used"));
    }

    @Test
    void biasOfAnotherLengthDoesNotTie() throws IOException {
        Tensors tensors = new Tensors()
                .with("encoder.weight", 9, 5)
                .withLstm("rnn.", 5, 5)
                .with("decoder.bias", 8);

        assertThat(read(tensors).output()).isEmpty();
        assertThat(notes(tensors, Map.of())).contains("tensor 'decoder.bias' (8) is not used");
    }

    @Test
    void twoBiasesWithoutWeightsAreRejected() {
        assertRefused(
                new Tensors()
                        .with("encoder.weight", 9, 5)
                        .withLstm("rnn.", 5, 5)
                        .with("decoder.bias", 9)
                        .with("out.bias", 9),
                "2 biases without weights",
                "'decoder.bias' (9), 'out.bias' (9)");
    }

    @Test
    void tiedByUserSettings() throws IOException {
        Tensors tensors = new Tensors().with("embedding.weight", 9, 5).withLstm("lstm.", 5, 5);

        assertTied(read(tensors, AUTOMATIC.withOutput("embedding.weight")));
    }

    @Test
    void equalStoredTensorsAreNotTied() throws IOException {
        Tensors tensors = new Tensors().with("embedding.weight", 9, 5).withLstm("lstm.", 5, 5);
        tensors.with("decoder.weight", tensors.values("embedding.weight"), 9, 5);

        LstmModel model = read(tensors);

        assertThat(model.output().orElseThrow().weights().values())
                .isEqualTo(model.embedding().orElseThrow().table().values())
                .isNotSameAs(model.embedding().orElseThrow().table().values());
    }

    @Test
    void otherMetadataIsIgnored() throws IOException {
        StateDict stateDict = new StateDict(typical(), Map.of("decoder.weight", "x", "lstm", "y", "a", "a"), AUTOMATIC);

        assertThat(stateDict.model()).hasToString("9 tokens of width 3; LSTM 5; 7 classes");
    }

    // ---- whole models through a file

    @Test
    void modelsRoundTripThroughAFile(@TempDir Path folder) throws IOException {
        Random random = new Random(11);
        LstmModel plain = Models.random(random, 9, 3, 5, 7);
        LstmModel large = Models.random(random, 3_000, 100, 70, 3_000); // several chunks per tensor
        LstmModel bidirectional = new LstmModel(
                Optional.empty(),
                List.of(
                        LstmLayer.bidirectional(
                                Models.direction(random, 3, 5),
                                Models.direction(random, 3, 4).backward()),
                        LstmLayer.bidirectional(
                                Models.projected(random, 9, 6, 2),
                                Models.projected(random, 9, 5, 3).backward())),
                Optional.empty());
        for (LstmModel model : List.of(plain, large, bidirectional)) {
            Path file = folder.resolve("model.safetensors");
            SafetensorsWriter.write(file, model, Map.of("epochs", "7"));

            ModelFile read = ModelReader.read(file, AUTOMATIC);

            assertThat(read.model()).hasToString(model.toString());
            assertThat(read.model().fingerprint()).isEqualTo(model.fingerprint());
            assertThat(read.metadata()).containsOnly(Map.entry("epochs", "7"));
        }
    }

    @Test
    void tiedLayersOfAFileShareTheirValues() throws IOException {
        Tensors tensors = new Tensors()
                .with("embedding.weight", 9, 5)
                .withLstm("lstm.", 5, 5)
                .with("decoder.bias", 9);
        byte[] file = tensors.safetensors(Map.of("decoder.weight", "embedding.weight"));

        assertTied(ModelReader.read("tied", new MemoryChannel(file), AUTOMATIC).model());
    }
}
