package sluice.cell.weights.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static sluice.cell.weights.onnx.OnnxWriter.number;
import static sluice.cell.weights.onnx.OnnxWriter.numbers;
import static sluice.cell.weights.onnx.OnnxWriter.real;
import static sluice.cell.weights.onnx.OnnxWriter.text;

import java.util.Locale;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.ModelException;
import sluice.cell.weights.Models;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/** Valid graphs that are not supported. They are rejected, and the message names the node. */
class OnnxRefusalTest {
    private static final int WIDTH = 3;
    private static final int HIDDEN = 2;

    private final Random random = new Random(5);
    private final LstmLayer forward = LstmLayer.of(Models.direction(random, WIDTH, HIDDEN));
    private final LstmLayer both = LstmLayer.bidirectional(
            Models.direction(random, WIDTH, HIDDEN),
            Models.direction(random, WIDTH, HIDDEN).backward());

    /** A graph with an input of features, and the tensors that the tests use. */
    private OnnxWriter onnx(LstmLayer layer) {
        return new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", WIDTH)
                .weights("", layer)
                .floats("V", new float[5 * layer.outputWidth()], layer.outputWidth(), 5)
                .floats("d", new float[5], 5)
                .longs("zero", 0)
                .longs("one", 1)
                .longs("minus", -1)
                .longs("far", Long.MAX_VALUE)
                .longs("flat", 0, 0, -1)
                .output("answer");
    }

    private void assertRejected(UnaryOperator<OnnxWriter> nodes, String... parts) {
        assertRejected(forward, TensorNames.automatic(), nodes, parts);
    }

    private void assertRejected(LstmLayer layer, TensorNames names, UnaryOperator<OnnxWriter> nodes, String... parts) {
        byte[] file = nodes.apply(onnx(layer)).bytes();

        assertThatThrownBy(() -> OnnxReaderTest.read(file, names))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.onnx: ")
                .hasMessageContainingAll(parts);
    }

    private static OnnxWriter lstm(OnnxWriter onnx) {
        return onnx.named("lstm", "LSTM", "X,W,R,B", "Y,h,c").node("Squeeze", "Y,one", "y");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Relu", "Tanh", "LayerNormalization", "BatchNormalization", "Attention", "ReduceMean", "Pad"})
    void anOperatorBetweenTheLstmAndTheOutput(String operator) {
        assertRejected(
                onnx -> lstm(onnx)
                        .named("between", operator, "y", "z")
                        .node("MatMul", "z,V", "m")
                        .node("Softmax", "m", "answer"),
                "node 'between' (%s): this operator is not supported here, after the output of node 'lstm' (LSTM)"
                        .formatted(operator));
    }

    @Test
    void anOperatorOfAnotherDomain() {
        assertRejected(
                onnx -> lstm(onnx)
                        .graph(
                                1,
                                new ProtoWriter()
                                        .text(1, "y")
                                        .text(2, "answer")
                                        .text(3, "odd")
                                        .text(4, "LSTM")
                                        .text(7, "com.example")),
                "node 'odd' (com.example.LSTM): this operator is not supported here");
    }

    @Test
    void aTanhInsteadOfASoftmax() {
        assertRejected(
                onnx -> lstm(onnx).node("MatMul", "y,V", "m").named("top", "Tanh", "m", "answer"),
                "node 'top' (Tanh): this operator is not supported here, after the output layer");
    }

    @Test
    void twoLinearLayers() {
        assertRejected(
                onnx -> lstm(onnx)
                        .floats("V2", new float[25], 5, 5)
                        .node("MatMul", "y,V", "m")
                        .named("second", "MatMul", "m,V2", "answer"),
                "node 'second' (MatMul): this operator is not supported here, after the output layer");
    }

    @Test
    void aLinearLayerBeforeTheLstm() {
        assertRejected(
                onnx -> onnx.floats("A", new float[9], 3, 3)
                        .named("below", "MatMul", "X,A", "x")
                        .node("LSTM", "x,W,R,B", "answer"),
                "node 'below' (MatMul): this operator is not supported here, after input 'X'");
    }

    @Test
    void aResidualConnection() {
        assertRejected(
                onnx -> lstm(onnx).named("skip", "Add", "y,y2", "answer").node("Identity", "y", "y2"),
                "node 'skip' (Add) reads 'y2'");
        assertRejected(
                onnx -> lstm(onnx)
                        .node("Concat", "y,y", "yy", number("axis", 2))
                        .named("skip", "Add", "yy,yy", "answer"),
                "node 'skip' (Add): this operator is not supported here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GRU", "RNN"})
    void otherCells(String operator) {
        assertRejected(
                onnx -> onnx.named("cell", operator, "X,W,R,B", "answer", number("hidden_size", HIDDEN)),
                "node 'cell' (%s): is a %s, expected an LSTM; only LSTMs can be scored"
                        .formatted(operator, operator.equals("GRU") ? "GRU" : "plain RNN"));
    }

    @Test
    void noLstm() {
        assertRejected(
                onnx -> onnx.node("Identity", "X", "answer"),
                "no output depends on an LSTM: expected a node with the operator LSTM, found 1 Identity");
    }

    @Test
    void weightsThatAreGraphInputs() {
        assertRejected(
                onnx -> onnx.input("W2", OnnxWriter.FLOAT, 1, 8, 3).named("lstm", "LSTM", "X,W2,R,B", "answer"),
                "node 'lstm' (LSTM): W is input 'W2'",
                "expected a tensor of the file");
    }

    @Test
    void anOutputLayerOnTheFirstStep() {
        assertRejected(
                onnx -> lstm(onnx).node("Gather", "y,zero", "f").node("MatMul", "f,V", "answer"),
                "the output layer reads the output of node 'lstm' (LSTM) at the first step of the forward direction",
                "expected each step, the last step, or the final state of each direction");
    }

    @Test
    void hiddenUnitsInAnotherOrder() {
        assertRejected(
                both,
                TensorNames.automatic(),
                onnx -> onnx.named("lstm", "LSTM", "X,W,R,B", "Y", text("direction", "bidirectional"))
                        .node("Transpose", "Y", "t", numbers("perm", 0, 2, 3, 1))
                        .node("Reshape", "t,flat", "f")
                        .named("top", "MatMul", "f,V", "answer"),
                "node 'top' (MatMul): multiplies the output of node 'lstm' (LSTM)",
                "expected its last axis to be all hidden units, the directions one after the other");
    }

    @Test
    void theBackwardDirectionFirst() {
        assertRejected(
                both,
                TensorNames.automatic(),
                onnx -> onnx.named("lstm", "LSTM", "X,W,R,B", "Y", text("direction", "bidirectional"))
                        .node("Split", "Y", "a,b", number("axis", 1))
                        .node("Squeeze", "a,one", "aa")
                        .node("Squeeze", "b,one", "bb")
                        .node("Concat", "bb,aa", "f", number("axis", 2))
                        .named("top", "MatMul", "f,V", "answer"),
                "2 outputs are joined in the order backward, forward");
    }

    @Test
    void stepsUsedAsBatchByTheNextLayer() {
        assertRejected(
                onnx -> lstm(onnx)
                        .weights("2", LstmLayer.of(Models.direction(random, HIDDEN, HIDDEN)))
                        .node("Transpose", "y", "t", numbers("perm", 1, 0, 2))
                        .named("upper", "LSTM", "t,W2,R2,B2", "answer"),
                "node 'upper' (LSTM): axis 1 of input 'X' ('n') is the steps here, but the batch elsewhere");
    }

    @Test
    void aLayerThatReadsOneStepOfAnother() {
        assertRejected(
                onnx -> lstm(onnx)
                        .weights("2", LstmLayer.of(Models.direction(random, HIDDEN, HIDDEN)))
                        .node("Slice", "y,minus,far,zero", "s")
                        .named("upper", "LSTM", "s,W2,R2,B2", "answer"),
                "node 'upper' (LSTM): reads one step of the output of node 'lstm' (LSTM), expected all steps");
    }

    @Test
    void someOfTheSteps() {
        assertRejected(
                onnx -> lstm(onnx).named("cut", "Slice", "y,one,far,zero", "s").node("MatMul", "s,V", "answer"),
                "node 'cut' (Slice): selects only some of the steps, expected all or the last");
    }

    @Test
    void someOfTheFeatures() {
        assertRejected(
                onnx -> onnx.longs("two", 2)
                        .named("cut", "Slice", "X,zero,two,two", "x")
                        .named("lstm", "LSTM", "x,W,R,B", "answer"),
                "node 'lstm' (LSTM): reads input 'X' in an unsupported form");
    }

    @Test
    void anInitialStateComputedByAnotherLstm() {
        assertRejected(
                onnx -> lstm(onnx).named("decoder", "LSTM", "X,W,R,B,,h,c", "answer"),
                "node 'decoder' (LSTM): initial_h is the output of node 'lstm' (LSTM)",
                "expected zeros, constants, or an input of the graph");
    }

    @Test
    void zeroInitialStatesOfAnotherWidth() {
        assertRejected(
                onnx -> onnx.longs("dims", 1, 2, HIDDEN + 1)
                        .node("ConstantOfShape", "dims", "s")
                        .named("lstm", "LSTM", "X,W,R,B,,s", "answer"),
                "node 'lstm' (LSTM): its initial state is a tensor filled with 0.0 of shape (1, 2, 3), expected shape (D, N, H) with 1 direction and H = 2");
    }

    @Test
    void anInitialStateComputedFromAnotherInput() {
        assertRejected(
                onnx -> onnx.input("image", OnnxWriter.FLOAT, 1, "n", HIDDEN)
                        .named("mean", "ReduceMean", "image", "s")
                        .named("lstm", "LSTM", "X,W,R,B,,s", "answer"),
                "node 'lstm' (LSTM): initial_h is input 'image' in an unsupported form: node 'mean' (ReduceMean) changes it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"constant", "shorter", "own"})
    void sequenceLengthsOfOtherSequences(String kind) {
        assertRejected(
                onnx -> {
                    switch (kind) {
                        case "constant" -> onnx.longs("lengths", 4);
                        case "shorter" -> onnx.tokens("n", "b").named("less", "Mod", "n,one", "lengths");
                        default -> onnx.named("less", "ReduceMax", "X", "lengths");
                    }
                    return onnx.named("lstm", "LSTM", "X,W,R,B,lengths", "answer");
                },
                kind.equals("constant")
                        ? "sequence_lens is tensor 'lengths' (1), so the graph reads a number of steps that is fixed in the file"
                        : "sequence_lens is computed from input '%s'".formatted(kind.equals("own") ? "X" : "n"));
    }

    /** Ten tokens would be two steps of a batch of five. */
    @Test
    void tokensDividedIntoABatch() {
        assertRejected(
                onnx -> onnx.tokens("tokens", "t")
                        .floats("E", new float[4 * WIDTH], 4, WIDTH)
                        .longs("two", 2, -1, WIDTH)
                        .node("Gather", "E,tokens", "e")
                        .named("divide", "Reshape", "e,two", "x")
                        .node("LSTM", "x,W,R,B", "answer"),
                "node 'divide' (Reshape): reshapes (axis 0 of input 'tokens' ('t'), the width (3)) to (2, -1, 3)");
    }

    @Test
    void repeatedFeatures() {
        assertRejected(
                onnx -> onnx.input("once", OnnxWriter.FLOAT, 1, "n", WIDTH)
                        .longs("times", 5, 1, 1)
                        .named("repeat", "Tile", "once,times", "x")
                        .named("lstm", "LSTM", "x,W,R,B", "answer"),
                "node 'lstm' (LSTM): reads input 'once' in an unsupported form: node 'repeat' (Tile) repeats it");
    }

    @Test
    void stepsInReverse() {
        assertRejected(
                onnx -> lstm(onnx)
                        .longs("start", -1)
                        .longs("end", Long.MIN_VALUE)
                        .node("MatMul", "y,V", "m")
                        .node("Slice", "m,start,end,zero,start", "answer"),
                "output 'answer' of the graph goes from the last step to the first");
    }

    @Test
    void aBranchThatDependsOnTheSequences() {
        ProtoWriter branch = new ProtoWriter()
                .message(1, new ProtoWriter().text(1, "y").text(2, "inner").text(4, "Identity"))
                .message(12, new ProtoWriter().text(1, "inner"));
        assertRejected(
                onnx -> lstm(onnx)
                        .node("Shape", "y", "shape")
                        .node("Gather", "shape,zero", "steps")
                        .node("Equal", "steps,one", "single")
                        .named(
                                "either",
                                "If",
                                "single",
                                "answer",
                                attribute -> attribute.text(1, "then_branch").message(6, branch),
                                attribute -> attribute.text(1, "else_branch").message(6, branch)),
                "node 'either' (If): chooses between two computations");
    }

    @Test
    void aLoopOverTheOutputOfAnLstm() {
        ProtoWriter body = new ProtoWriter()
                .message(1, new ProtoWriter().text(1, "y").text(2, "inner").text(4, "Relu"))
                .message(12, new ProtoWriter().text(1, "inner"));
        assertRejected(
                onnx -> lstm(onnx)
                        .named(
                                "repeat",
                                "Loop",
                                "one",
                                "answer",
                                attribute -> attribute.text(1, "body").message(6, body)),
                "node 'repeat' (Loop): this operator is not supported here, after the output of node 'lstm' (LSTM)");
    }

    @Test
    void aSoftmaxOverTheSteps() {
        assertRejected(
                onnx -> lstm(onnx).node("MatMul", "y,V", "m").named("top", "Softmax", "m", "answer", number("axis", 0)),
                "node 'top' (Softmax): runs over the steps, expected only the classes");
    }

    @Test
    void aScaledProduct() {
        assertRejected(
                onnx -> lstm(onnx)
                        .node("Squeeze", "h,zero", "last")
                        .named("top", "Gemm", "last,V,d", "answer", real("alpha", 0.5f)),
                "node 'top' (Gemm): alpha 0.5, beta 1.0, transA 0: expected 1, 1 and 0");
    }

    @Test
    void aBiasOfAnotherLength() {
        assertRejected(
                onnx -> lstm(onnx)
                        .floats("odd", new float[4], 4)
                        .node("MatMul", "y,V", "m")
                        .named("top", "Add", "m,odd", "answer"),
                "node 'top' (Add): adds 'odd' (4) to 5 logits, expected a bias of shape (5)");
    }

    @Test
    void twoOutputLayersWithoutModelOutput() throws Exception {
        UnaryOperator<OnnxWriter> nodes = onnx -> lstm(onnx)
                .floats("V2", new float[8], HIDDEN, 4)
                .node("MatMul", "y,V", "answer")
                .node("MatMul", "y,V2", "tags")
                .output("tags");

        assertRejected(
                nodes, "2 outputs have different output layers, or copies of one: 'answer', 'tags'; set model.output");
        assertRejected(
                forward,
                TensorNames.automatic().withOutput("other"),
                nodes,
                "model.output names 'other', which is not an output of the graph; found 'answer', 'tags'");
        ModelFile read = OnnxReaderTest.read(
                nodes.apply(onnx(forward)).bytes(), TensorNames.automatic().withOutput("tags"));
        assertThat(read.model().output().orElseThrow().classes()).isEqualTo(4);
    }

    @Test
    void settingsThatContradictTheGraph() {
        assertRejected(
                forward,
                TensorNames.automatic().withEmbedding("emb"),
                onnx -> lstm(onnx).node("MatMul", "y,V", "answer"),
                "the graph's embedding is 'none', but model.embedding is 'emb'");
        assertRejected(
                forward,
                TensorNames.automatic().withLstm("encoder."),
                onnx -> lstm(onnx).node("MatMul", "y,V", "answer"),
                "the output depends on node 'lstm' (LSTM), but model.lstm is 'encoder.'");
    }

    @Test
    void anEmbeddingOfComputedTokens() {
        assertRejected(
                onnx -> onnx.input("tokens", OnnxWriter.INT64, "t", "n")
                        .floats("E", new float[12], 4, 3)
                        .node("Mod", "tokens,one", "odd")
                        .named("look up", "Gather", "E,odd", "x")
                        .node("LSTM", "x,W,R,B", "answer"),
                "node 'look up' (Gather): looks up rows by input 'tokens' in an unsupported form",
                "(Mod) changes it");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 6, 26, 99})
    void unsupportedOpsets(int opset) {
        OnnxWriter onnx = new OnnxWriter(opset)
                .input("X", OnnxWriter.FLOAT, "t", "n", WIDTH)
                .weights("", forward)
                .node("LSTM", "X,W,R,B", "answer")
                .output("answer");

        assertThatThrownBy(() -> OnnxReaderTest.read(onnx.bytes()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(String.format(Locale.ROOT, "the file uses opset %d, expected 7 to 25", opset));
    }

    @Test
    void anInputWithoutAShape() {
        byte[] file = new OnnxWriter(14)
                .graph(11, new ProtoWriter().text(1, "X"))
                .weights("", forward)
                .named("lstm", "LSTM", "X,W,R,B", "answer")
                .output("answer")
                .bytes();

        assertThatThrownBy(() -> OnnxReaderTest.read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(
                        "node 'lstm' (LSTM): reads input 'X' in an unsupported form: ", "the file has no shape for it");
    }
}
