package sluice.cell.weights.statedict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
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
    void numberedCellsAreAStack() throws IOException {
        Tensors tensors = new Tensors()
                .withDirection("cells.1.", "", 5, 6)
                .withDirection("cells.0.", "", 3, 5)
                .with("fc.weight", 2, 6);

        assertThat(read(tensors)).hasToString("input of width 3; LSTM 5, 6; 2 classes");
        assertThat(first(read(tensors)).hiddenWeights().values()).isEqualTo(tensors.values("cells.0.weight_hh"));
        assertThat(notes(tensors, Map.of()))
                .contains(
                        "the LSTMs are stacked in the order of the numbers in their names, the only order that their widths allow: "
                                + "'cells.0.' (reads 3, gives 5 numbers a step), 'cells.1.' (reads 5, gives 6 numbers a step)");
    }

    @Test
    void twelveModulesAreOrderedByNumber() throws IOException {
        Tensors tensors = new Tensors();
        for (int depth = 1; depth <= 12; depth++) {
            tensors.withLstm("net.lstm" + depth + ".", depth + 1, depth + 2);
        }

        assertThat(read(tensors).outputWidth()).isEqualTo(14);
    }

    /** They may be side by side, in another order, or in another network. */
    @ParameterizedTest
    @CsvSource({
        "lstm1., 5, lstm2., 5, they could also read one input",
        "lstm1., 3, lstm2., 4, widths that do not fit",
        "lstm.0., 3, lstm.2., 5, a gap",
        "lstm2., 3, lstm3., 5, not from 0 or 1",
        "encoder., 3, decoder., 5, no numbers",
        "a1.b1., 3, a2.b2., 5, two numbers",
        "lstm1., 5, lstm2., 3, in the wrong order"
    })
    void modulesThatAreNotCertainlyAStackAreRejected(
            String one, int inputOfOne, String other, int inputOfOther, String why) {
        assertRefused(
                new Tensors().withLstm(one, inputOfOne, 5).withLstm(other, inputOfOther, 5),
                "2 recurrent modules in the file, and a state dict does not tell how they are connected: '",
                "export the model to ONNX");
    }

    @Test
    void onlyWhatTheWidthsAllowIsOffered() {
        assertRefused(
                new Tensors().withLstm("a.", 3, 5).withLstm("b.", 4, 3),
                "'b.' (reads 4, gives 3 numbers a step); export the model to ONNX, which has the connections; if each reads what the "
                        + "one before returns, set model.lstm to all of them, the lowest first: [b., a.]; if the scores");
        assertRefused(
                new Tensors().withLstm("fw.", 3, 5).withLstm("bw.", 3, 5),
                "'fw.' (reads 3, gives 5 numbers a step); export the model to ONNX, which has the connections; if they read the same "
                        + "input, one forward and one backward, set model.lstm to [fw. | bw.]; if the scores");
        assertRefused(
                new Tensors().withLstm("char.", 3, 5).withLstm("word.", 4, 5),
                "'word.' (reads 4, gives 5 numbers a step); export the model to ONNX, which has the connections; if the scores depend");
    }

    @Test
    void namedModulesAreAStack() throws IOException {
        Tensors tensors = new Tensors().withLstm("lstm1.", 5, 5).withLstm("lstm2.", 5, 5);

        LstmModel model = read(tensors, AUTOMATIC.withLstms(List.of("lstm2.", "lstm1")));

        assertThat(model).hasToString("input of width 5; LSTM 5, 5; no output layer");
        assertThat(first(model).hiddenWeights().values()).isEqualTo(tensors.values("lstm2.weight_hh_l0"));
        assertRefused(
                tensors,
                AUTOMATIC.withLstm("lstm1."),
                "'lstm2.weight_ih_l0' (20, 5) look like a further recurrent module, which model.lstm does not list");
        assertThat(read(tensors, AUTOMATIC.withLstm("lstm1.").withIgnored(List.of("lstm2."))))
                .hasToString("input of width 5; LSTM 5; no output layer");
        assertRefused(tensors, AUTOMATIC.withLstms(List.of("lstm1.", "lstm1.")), "model.lstm names 'lstm1.' twice");
        assertRefused(
                new Tensors().withLstm("a.", 3, 5).withLstm("b.", 6, 5),
                AUTOMATIC.withLstms(List.of("a.", "b.")),
                "tensor 'b.weight_ih_l0' has shape (20, 6), expected (4H, I) = (20, 5): 'a.' gives 5 numbers a step");
    }

    @Test
    void twoModulesAreTwoDirectionsOnlyIfNamed() throws IOException {
        Tensors tensors = new Tensors()
                .withLstm("forward.", 3, 5)
                .withLstm("backward.", 3, 4)
                .withLstm("top.", 9, 2);

        LstmModel model = read(tensors, AUTOMATIC.withLstms(List.of("forward. | backward.", "top.")));

        assertThat(model).hasToString("input of width 3; LSTM 5 + 4 backward, 2; no output layer");
        assertThat(model.directions().get(1).hiddenWeights().values())
                .isEqualTo(tensors.values("backward.weight_hh_l0"));
        assertRefused(
                new Tensors()
                        .withLstm("a.", 3, 5)
                        .withDirection("a.", "_l1", 5, 5)
                        .withLstm("b.", 3, 5),
                AUTOMATIC.withLstm("a.|b."),
                "model.lstm joins 'a.' and 'b.' as two directions, expected modules of one layer and one direction each");
        assertRefused(
                new Tensors().withLstm("a.", 3, 5).withLstm("b.", 4, 5),
                AUTOMATIC.withLstm("a.|b."),
                "tensor 'b.weight_ih_l0' has shape (20, 4), expected (4H, I) = (20, 3): 'a.' reads 3 numbers a step");
    }

    @Test
    void oneModuleUnderTwoNamesIsOneModule() throws IOException {
        Tensors tensors = typical();
        Map<String, String> aliases = new HashMap<>();
        for (String name : tensors.names()) {
            aliases.put("layers." + name, name);
        }

        assertThat(new StateDict(tensors, aliases, AUTOMATIC).model())
                .hasToString("9 tokens of width 3; LSTM 5; 7 classes");
    }

    @Test
    void cellAndLayersUnderOnePrefixAreRejected() {
        assertRefused(
                bare().withDirection("lstm.", "", 3, 5), "the prefix 'lstm.' has tensors of an nn.LSTM", "nn.LSTMCell");
    }

    @Test
    void severalLstmsAreRejectedUnlessOneIsNamed() throws IOException {
        Tensors tensors = new Tensors().withLstm("encoder.lstm.", 3, 5).withLstm("decoder.lstm.", 4, 6);

        assertRefused(
                tensors,
                "2 recurrent modules in the file",
                "'decoder.lstm.' (reads 4, gives 6 numbers a step), 'encoder.lstm.' (reads 3, gives 5 numbers a step)",
                "if the scores depend on one of them only, name the others in model.ignore");
        assertThat(read(tensors, AUTOMATIC.withLstm("encoder.lstm.").withIgnored(List.of("decoder."))))
                .hasToString("input of width 3; LSTM 5; no output layer");
        assertThat(read(tensors, AUTOMATIC.withLstm("decoder.lstm").withIgnored(List.of("encoder."))))
                .hasToString("input of width 4; LSTM 6; no output layer");
        assertThat(read(tensors, AUTOMATIC.withIgnored(List.of("encoder."))))
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
                        "the output layer is tensor 'decoder.weight' (7, 5)",
                        "a state dict has no functions: embedding, LSTMs (gates i, f, g, o) and output layer are taken as connected directly, without "
                                + "activation, normalization, scaling or residual connection",
                        "the file does not tell which step the output layer reads; if the network takes a mean or maximum over the "
                                + "steps, the scores are wrong");
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
                        "no embedding in the file: the LSTM reads 3 numbers a step, or one-hot tokens below 3",
                        "no output layer: the model gives hidden states",
                        "a state dict has no functions: embedding, LSTMs (gates i, f, g, o) and output layer are taken as connected directly, without "
                                + "activation, normalization, scaling or residual connection");
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
        assertRefused(
                tensors,
                AUTOMATIC.withOutput("fc_b.weight"),
                "tensor 'fc_a.weight' (2, 5) looks like another layer above the LSTM");
        assertThat(read(tensors, AUTOMATIC.withOutput("fc_b.weight").withIgnored(List.of("fc_a."))))
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
        assertRefused(
                tensors,
                AUTOMATIC.withEmbedding("word_embedding.weight"),
                "tensor 'tag_embedding.weight' (6, 3) looks like a further embedding");
        assertThat(read(tensors, AUTOMATIC.withIgnored(List.of("tag_embedding.")))
                        .tokens())
                .isEqualTo(20);
    }

    @Test
    void namesThatAreNotInTheFileAreRejected() {
        assertRefused(
                typical(),
                AUTOMATIC.withOutput("fc.weight"),
                "model.output names 'fc.weight', which is not a tensor of the network or is a part of a computed weight; expected one "
                        + "of 'decoder.weight' (7, 5), or none if the model has no such layer");
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
    @CsvSource(
            delimiter = ';',
            value = {
                "below.weight; 3,8; a layer below or between the LSTMs",
                "c.weight; 3,8,2; a convolution",
                "norm.weight; 3; a layer normalization or batch normalization",
                "x.weight; 3; a layer normalization or batch normalization",
                "top.weight; 2,7; another layer above the LSTM",
                "between.weight; 5,5; another layer above the LSTM",
                "ln.weight; 5; a layer normalization or batch normalization",
                "attention.v.weight; 1,5; an attention over the steps",
                "w; 5; an attention over the steps",
                "pos_embedding.weight; 100,3; positions that are added to the input",
                "crf.transitions; 7,7; the transitions of a CRF, which decodes whole sequences",
                "act.weight; 1; an activation with a learned parameter, such as PReLU",
                "temperature; 1; a temperature or a scale of the scores (only if the network divides the output layer's numbers by it before the softmax, set output.temperature to its value and list it in model.ignore)",
                "x_mean; 3; means or deviations by which features are standardized",
                "h0; 5; a learned initial state, or a layer that computes one (read only as a pair such as h0 and c0 of shape (layers * directions, 1, H), beside the LSTM)",
                "init_h; 1,5; a learned initial state, or a layer that computes one (read only as a pair such as h0 and c0 of shape (layers * directions, 1, H), beside the LSTM)",
                "criterion.tail.0.0.weight; 2,5; an adaptive softmax, whose classes are divided into clusters",
                "mog_q.weight; 3,5; the gates of a Mogrifier LSTM between input and hidden state",
                "highway.weight; 3,3; a gate or a highway layer",
                "mlp.0.weight; 64,9; a further dense layer",
                "out_bias; 7; a bias without its weights",
                "extra; 2,2,2; a further part of the network"
            })
    void tensorsThatAreNotExplainedAreRejected(String name, String shape, String guess) throws IOException {
        long[] dimensions =
                Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
        Tensors tensors =
                bare().with("decoder.weight", 7, 5).with("decoder.bias", 7).with(name, dimensions);
        String prefix = name.contains(".") ? name.substring(0, name.indexOf('.') + 1) : name;

        assertRefused(
                tensors,
                AUTOMATIC.withEmbedding("none").withOutput("decoder.weight"),
                "tensor '" + name + "' (",
                ") looks like " + guess + "; only an embedding, one stack of LSTMs and one output layer can be scored; "
                        + "if the network uses it, scores without it are wrong, and the network can't be scored; if it certainly "
                        + "does not, set model.ignore to [" + prefix + "]");
        assertThat(read(
                        tensors,
                        AUTOMATIC
                                .withEmbedding("none")
                                .withOutput("decoder.weight")
                                .withIgnored(List.of(prefix))))
                .hasToString("input of width 3; LSTM 5; 7 classes");
    }

    @Test
    void tensorsThatAreNotExplainedAreListedByWhatTheyLookLike() {
        assertRefused(
                typical()
                        .with("attention.weight", 1, 5)
                        .with("attention.bias", 1)
                        .with("pe", 1, 100, 3),
                "tensors 'attention.bias' (1), 'attention.weight' (1, 5) look like an attention over the steps; "
                        + "tensor 'pe' (1, 100, 3) looks like positions that are added to the input; only",
                "set model.ignore to [attention., pe]");
        Tensors many = typical();
        for (int extra = 0; extra < 30; extra++) {
            many.with("extra" + extra, 2, 2, 2);
        }
        assertRefused(
                many,
                "tensors 'extra0' (2, 2, 2), ",
                " and 20 more look like",
                "[extra0, extra1, extra10, extra11, ",
                ", ...]");
    }

    @Test
    void harmlessTensorsAreNoted() throws IOException {
        Tensors tensors = typical()
                .with("bn.num_batches_tracked")
                .with("empty", 0, 4)
                .with("optimizer.state.exp_avg", 7, 5)
                .with("criterion.weight", 7)
                .with("loss_fn.pos_weight", 7)
                .with("class_weights", 7)
                .with("train_acc.tp", 7)
                .with("val_loss.mean_value");

        assertThat(read(tensors).fingerprint()).isEqualTo(read(typical()).fingerprint());
        assertThat(notes(tensors, Map.of()))
                .contains(
                        "tensor 'bn.num_batches_tracked' () is not used: taken for a counter",
                        "tensor 'empty' (0, 4) is not used: it has no values",
                        "tensor 'optimizer.state.exp_avg' (7, 5) is not used: a state of the optimizer",
                        "tensor 'criterion.weight' (7) is not used: taken for a weight of the loss",
                        "tensor 'loss_fn.pos_weight' (7) is not used: taken for a weight of the loss",
                        "tensor 'class_weights' (7) is not used: taken for a weight of the loss",
                        "tensor 'train_acc.tp' (7) is not used: taken for a state of a metric",
                        "tensor 'val_loss.mean_value' () is not used: taken for a state of a metric");
    }

    /** A loss may own the output layer, and a number is a counter only if it is whole. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"criterion.head.weight; 7,5", "loss.weight; 7,5", "optimizer_gate; 5", "steps; 1", "tp; 7"})
    void whatOnlyLooksHarmlessIsRejected(String name, String shape) {
        long[] dimensions =
                Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();

        assertRefused(
                typical().with(name, dimensions), AUTOMATIC.withOutput("decoder.weight"), "tensor '" + name + "' (");
    }

    // ---- model.ignore

    @Test
    void ignoredTensorsAreNoted() throws IOException {
        Tensors tensors = typical().with("teacher.fc.weight", 7, 5).with("teacher.w", 2, 2);
        for (int extra = 0; extra < 30; extra++) {
            tensors.with("extra" + extra, 2, 2, 2);
        }
        StateDict stateDict = new StateDict(tensors, Map.of(), AUTOMATIC.withIgnored(List.of("teacher.", "extra")));

        assertThat(stateDict.model().fingerprint()).isEqualTo(read(typical()).fingerprint());
        assertThat(stateDict.notes())
                .last()
                .asString()
                .startsWith("32 tensors are not used (model.ignore names them): 'extra0' (2, 2, 2), ")
                .endsWith(" and 22 more");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "nothing.; no tensor's name starts with 'nothing.', found 'decoder.bias'",
                "lstm.; which is part of the model",
                "lstm.bias; which is part of the model",
                "decoder.; which looks like the output layer: take it out of model.ignore, or set model.output to none as well",
                "decoder.bias; of the output layer, which is part of the model",
                "embedding.; which looks like the embedding",
                "''; which is part of the model"
            })
    void partsOfTheModelCanNotBeIgnored(String prefix, String message) {
        assertRefused(typical(), AUTOMATIC.withIgnored(List.of(prefix)), "model.ignore", message);
    }

    @Test
    void aPartOfAStackCanNotBeIgnored() {
        assertRefused(
                new Tensors().withLstm("lstm1.", 3, 5).withLstm("lstm2.", 5, 6),
                AUTOMATIC.withIgnored(List.of("lstm2.")),
                "model.ignore names tensors of the LSTM 'lstm2.'",
                "which is part of the model");
    }

    @Test
    void layersThatAreSetToNoneMayBeIgnored() throws IOException {
        assertThat(read(
                        typical(),
                        AUTOMATIC
                                .withEmbedding("none")
                                .withOutput("none")
                                .withIgnored(List.of("embedding.", "decoder."))))
                .hasToString("input of width 3; LSTM 5; no output layer");
    }

    @Test
    void anOutputLayerThatIsSetToNoneIsNoted() throws IOException {
        StateDict stateDict = new StateDict(typical(), Map.of(), AUTOMATIC.withOutput("none"));

        assertThat(stateDict.model()).hasToString("9 tokens of width 3; LSTM 5; no output layer");
        assertThat(stateDict.notes())
                .contains("tensor 'decoder.weight' (7, 5) is not used: left out, because model.output is none");
        assertRefused(
                typical().with("adapt.weight", 3, 3).with("adapt.bias", 3),
                AUTOMATIC.withOutput("none"),
                "look like a layer below or between the LSTMs");
    }

    @Test
    void anEmbeddingThatIsSetToNoneIsNotExplained() {
        assertRefused(
                typical(),
                AUTOMATIC.withEmbedding("none"),
                "tensor 'embedding.weight' (9, 3) looks like a further embedding");
    }

    // ---- learned initial states

    @ParameterizedTest
    @CsvSource({
        "h0, c0",
        "h_0, c_0",
        "init_h, init_c",
        "lstm.lstm_init_h, lstm.lstm_init_c",
        "initial_hidden_state, initial_cell_state",
        "learned_hx, learned_cx"
    })
    void learnedInitialStatesAreUsed(String hidden, String cell) throws IOException {
        Tensors tensors = typical()
                .withDirection("lstm.", "_l1", 5, 5)
                .with(hidden, 2, 1, 5)
                .with(cell, 2, 1, 5);

        LstmModel model = read(tensors);

        assertThat(model.directions().get(1).initialHidden())
                .isEqualTo(Arrays.copyOfRange(tensors.values(hidden), 5, 10));
        assertThat(model.directions().get(0).initialCell()).isEqualTo(Arrays.copyOfRange(tensors.values(cell), 0, 5));
        assertThat(notes(tensors, Map.of()))
                .contains("sequences start from the learned states '%s' (2, 1, 5) and '%s' (2, 1, 5)"
                        .formatted(hidden, cell));
        assertRefused(
                tensors,
                AUTOMATIC.withIgnored(List.of(hidden, cell)),
                "which are learned initial states of the LSTM: take them out of model.ignore");
    }

    @Test
    void initialStatesOfEachDirection() throws IOException {
        Tensors tensors = new Tensors()
                .withDirection("lstm.", "_l0", 3, 5)
                .withDirection("lstm.", "_l0_reverse", 3, 5)
                .with("lstm_init_h", 2, 5)
                .with("lstm_init_c", 2, 5);

        LstmModel model = read(tensors);

        assertThat(model.directions().get(1).reversed()).isTrue();
        assertThat(model.directions().get(1).initialHidden())
                .isEqualTo(Arrays.copyOfRange(tensors.values("lstm_init_h"), 5, 10));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "h0; c0; 1,5; 1,5", // a matrix of one row
                "h0; c0; 1,2,5; 1,2,5", // a state for each row of a batch
                "h0; c0; 2,1,5; 2,1,5", // of another number of layers
                "h0; c0; 1,1,4; 1,1,5",
                "h0; c1; 1,1,5; 1,1,5",
                "h; c; 1,1,5; 1,1,5",
                "h0; a.c0; 1,1,5; 1,1,5"
            })
    void initialStatesThatAreNotCertainAreRejected(String hidden, String cell, String shape, String cellShape) {
        assertRefused(
                typical()
                        .with(
                                hidden,
                                Arrays.stream(shape.split(","))
                                        .mapToLong(Long::parseLong)
                                        .toArray())
                        .with(
                                cell,
                                Arrays.stream(cellShape.split(","))
                                        .mapToLong(Long::parseLong)
                                        .toArray()),
                "'" + hidden + "' (",
                "only an embedding, one stack of LSTMs and one output layer can be scored");
    }

    // ---- computed weights

    @ParameterizedTest
    @CsvSource({"7, 1, 0", "1, 5, 1", "0, 0, 2"})
    void weightNormalizationIsFolded(int rows, int columns, int axis) throws IOException {
        Tensors tensors = typical().without("decoder.weight").with("decoder.weight_v", 7, 5);
        Tensors parametrized = typical().without("decoder.weight");
        if (axis == 2) {
            tensors.with("decoder.weight_g");
        } else {
            tensors.with("decoder.weight_g", rows, columns);
        }
        float[] g = tensors.values("decoder.weight_g");
        float[] v = tensors.values("decoder.weight_v");
        parametrized
                .with(
                        "decoder.parametrizations.weight.original0",
                        g,
                        axis == 2 ? new long[0] : new long[] {rows, columns})
                .with("decoder.parametrizations.weight.original1", v, 7, 5);

        float[] weights = read(tensors).output().orElseThrow().weights().values();

        for (int at = 0; at < weights.length; at++) {
            double squares = 0;
            for (int other = 0; other < v.length; other++) {
                boolean together = axis == 2 || (axis == 0 ? other / 5 == at / 5 : other % 5 == at % 5);
                squares += together ? (double) v[other] * v[other] : 0;
            }
            float norm = axis == 2 ? g[0] : axis == 0 ? g[at / 5] : g[at % 5];
            assertThat(weights[at]).isEqualTo((float) (v[at] * (norm / Math.sqrt(squares))));
        }
        assertThat(read(parametrized).output().orElseThrow().weights().values()).isEqualTo(weights);
        assertThat(read(parametrized).output().orElseThrow().bias()).isEqualTo(parametrized.values("decoder.bias"));
        assertThat(notes(tensors, Map.of()))
                .contains("tensor 'decoder.weight' is computed from 'decoder.weight_g' and 'decoder.weight_v' "
                        + "(weight normalization is assumed)");
    }

    @Test
    void pruningIsFolded() throws IOException {
        float[] mask = new float[100];
        for (int at = 0; at < mask.length; at += 3) {
            mask[at] = 1;
        }
        Tensors tensors = bare().without("lstm.weight_hh_l0")
                .with("lstm.weight_hh_l0_orig", 20, 5)
                .with("lstm.weight_hh_l0_mask", mask, 20, 5);
        float[] original = tensors.values("lstm.weight_hh_l0_orig");

        float[] weights = first(read(tensors)).hiddenWeights().values();

        for (int at = 0; at < weights.length; at++) {
            assertThat(weights[at]).isEqualTo(original[at] * mask[at]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "rnns.0.weight_hh_l0_raw, rnns.0.module.",
        "rnns.0.module.weight_hh_l0_raw, rnns.0.module.",
        "lstm.weight_hh_l0_raw, lstm."
    })
    void rawWeightsOfWeightDropoutAreUsed(String raw, String prefix) throws IOException {
        Tensors with = new Tensors().withLstm(prefix, 3, 5).with(raw, 20, 5);
        Tensors without = new Tensors().withLstm(prefix, 3, 5).with(raw, 20, 5).without(prefix + "weight_hh_l0");

        assertThat(first(read(with)).hiddenWeights().values()).isEqualTo(with.values(raw));
        assertThat(first(read(without)).hiddenWeights().values()).isEqualTo(without.values(raw));
    }

    /** Shapes or names that another rule wrote: spectral normalization, a mask for something else. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "decoder.weight_orig; 7,5; decoder.weight_u; 7",
                "decoder.weight_orig; 7,5; decoder.weight_mask; 5",
                "decoder.weight_g; 7; decoder.weight_v; 7,5",
                "decoder.parametrizations.weight.original; 7,5; decoder.parametrizations.weight.0._u; 7"
            })
    void otherComputedWeightsAreRejected(String one, String shape, String other, String otherShape) {
        assertRefused(
                typical()
                        .without("decoder.weight")
                        .with(
                                one,
                                Arrays.stream(shape.split(","))
                                        .mapToLong(Long::parseLong)
                                        .toArray())
                        .with(
                                other,
                                Arrays.stream(otherShape.split(","))
                                        .mapToLong(Long::parseLong)
                                        .toArray()),
                "'" + one + "' (" + shape.replace(",", ", ") + ")",
                "parts of a layer whose weight is computed by a rule that is not known here");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"lstm.parametrizations.weight_hh_l0.original", "lstm.weight_hh_l0_orig", "lstm.weight_hh_l0_g"})
    void otherComputedWeightsOfTheLstmAreRejected(String part) {
        assertRefused(
                bare().without("lstm.weight_hh_l0").with(part, 20, 5),
                "tensor 'lstm.weight_hh_l0' is stored as '" + part
                        + "' (20, 5), which look like parts of a layer whose weight is computed");
    }

    @Test
    void aWeightBesideItsPartsIsRejected() {
        assertRefused(
                typical().with("decoder.weight_g", 7, 1).with("decoder.weight_v", 7, 5), "'decoder.weight_g' (7, 1)");
    }

    @Test
    void aPartOfAComputedWeightCanNotBeIgnored() {
        assertRefused(
                typical()
                        .without("decoder.weight")
                        .with("decoder.weight_g", 7, 1)
                        .with("decoder.weight_v", 7, 5),
                AUTOMATIC.withIgnored(List.of("decoder.weight_g")),
                "model.ignore names a part of tensor 'decoder.weight' with 'decoder.weight_g'");
    }

    // ---- what tensors do not tell

    @Test
    void aBidirectionalModelSaysWhatItsOutputLayerReads() throws IOException {
        Tensors tensors = new Tensors()
                .withDirection("lstm.", "_l0", 3, 5)
                .withDirection("lstm.", "_l0_reverse", 3, 5)
                .with("fc.weight", 2, 10);

        assertThat(notes(tensors, Map.of()))
                .anySatisfy(note ->
                        assertThat(note).contains("model.readout = last-step", "output[:, -1]", "final-states", "h_n"));
    }

    @Test
    void aSquareEmbeddingSaysThatItMayBeTransposed() throws IOException {
        assertThat(notes(new Tensors().with("embedding.weight", 7, 7).withLstm("lstm.", 7, 5), Map.of()))
                .anySatisfy(note -> assertThat(note)
                        .startsWith(
                                "tensor 'embedding.weight' (7, 7) is square: row k is read as the vector of token k"));
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
                .contains("the embedding and the output layer are tied: they share the values of one tensor");
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
                .contains(
                        "the embedding and the output layer are taken to be tied: the file has only a bias of the output layer, tensor "
                                + "'decoder.bias' (9)")
                .noneMatch(note -> note.contains("not used"));
    }

    @Test
    void biasOfAnotherLengthDoesNotTie() throws IOException {
        Tensors tensors = new Tensors()
                .with("encoder.weight", 9, 5)
                .withLstm("rnn.", 5, 5)
                .with("decoder.bias", 8);

        assertRefused(tensors, "tensor 'decoder.bias' (8) looks like a bias without its weights");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bias", "out_bias", "lm.bias"})
    void tiedByABareBias(String name) throws IOException {
        Tensors tensors = new Tensors()
                .with("encoder.weight", 9, 5)
                .withLstm("rnn.", 5, 5)
                .with(name, 9);

        assertTied(read(tensors));
        assertThat(read(tensors).output().orElseThrow().bias()).isEqualTo(tensors.values(name));
        assertRefused(
                tensors,
                AUTOMATIC.withIgnored(List.of(name)),
                "model.ignore names tensor '" + name + "' (9), which looks like the output layer");
    }

    /** The layer is more than the embedding and a bias. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "decoder.parametrizations.weight.original; 9,5",
                "decoder.weight_orig; 9,5",
                "decoder.scale; 1",
                "decoder.weight_g; 9,5"
            })
    void aBiasWithMoreOfItsLayerDoesNotTie(String name, String shape) {
        assertRefused(
                new Tensors()
                        .with("encoder.weight", 9, 5)
                        .withLstm("rnn.", 5, 5)
                        .with("decoder.bias", 9)
                        .with(
                                name,
                                Arrays.stream(shape.split(","))
                                        .mapToLong(Long::parseLong)
                                        .toArray()),
                "'" + name + "' (");
    }

    @ParameterizedTest
    @ValueSource(strings = {"decoder.weight", "tail.weight", "proj2.weight"})
    void theEmbeddingUnderTheNameOfAFurtherLayerIsRejected(String alias) {
        Tensors tensors = new Tensors()
                .with("encoder.weight", 9, 3)
                .withLstm("rnn.", 3, 5)
                .with("proj.weight", 3, 5);

        assertThatThrownBy(() -> new StateDict(tensors, Map.of(alias, "encoder.weight"), AUTOMATIC).model())
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(
                        "tensor '%s' (9, 3) looks like a second layer above the LSTM, which shares the embedding's values"
                                .formatted(alias));
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
