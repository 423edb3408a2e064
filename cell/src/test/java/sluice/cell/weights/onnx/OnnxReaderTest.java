package sluice.cell.weights.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static sluice.cell.weights.onnx.OnnxWriter.number;
import static sluice.cell.weights.onnx.OnnxWriter.numbers;
import static sluice.cell.weights.onnx.OnnxWriter.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.Embedding;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/** Models read from ONNX graphs of many forms are bit-identical to the original. */
class OnnxReaderTest {
    private static final int TOKENS = 7;
    private static final int CLASSES = 5;

    private final Random random = new Random(11);

    static ModelFile read(byte[] file) throws IOException {
        return read(file, TensorNames.automatic());
    }

    static ModelFile read(byte[] file, TensorNames names) throws IOException {
        return ModelReader.read("model.onnx", new MemoryChannel(file), names);
    }

    /** @param directions directions of each layer: {@code f}, {@code b} or {@code fb} */
    private LstmModel model(String directions, int inputWidth, int hidden) {
        List<LstmLayer> layers = new ArrayList<>();
        int width = inputWidth;
        for (String layer : List.of(directions.split(" ", -1))) {
            LstmDirection one = Models.direction(random, width, hidden);
            layers.add(
                    switch (layer) {
                        case "f" -> LstmLayer.of(one);
                        case "b" -> LstmLayer.of(one.backward());
                        default ->
                            LstmLayer.bidirectional(
                                    one, Models.direction(random, width, hidden).backward());
                    });
            width = layers.get(layers.size() - 1).outputWidth();
        }
        return new LstmModel(
                Optional.of(new Embedding(Models.matrix(random, TOKENS, inputWidth))),
                layers,
                Optional.of(new OutputLayer(Models.matrix(random, CLASSES, width), Models.vector(random, CLASSES))));
    }

    @ParameterizedTest
    @CsvSource({
        "f,0", "f f,0", "f f f,0", "fb,0", "fb fb,0", "fb fb fb,0", "b,0", "b f,0", "f b fb,0",
        "f,1", "f f,1", "f f f,1", "fb,1", "fb fb,1", "fb fb fb,1", "b,1", "b f,1", "f b fb,1"
    })
    void randomModelsAreReadBackBitForBit(String directions, int layout) throws IOException {
        for (int[] widths : new int[][] {{3, 4}, {4, 3}, {1, 2}, {2, 1}, {1, 1}}) {
            LstmModel model = model(directions, widths[0], widths[1]);

            ModelFile read = read(OnnxModels.bytes(model, layout));

            assertThat(read.model().fingerprint()).isEqualTo(model.fingerprint());
            assertThat(read.format()).isEqualTo("onnx");
        }
    }

    @Test
    void theModelIsIdenticalToThatOfSafetensors() throws IOException {
        LstmModel model = model("fb fb", 3, 4);
        byte[] safetensors = SafetensorsWriter.bytes(SafetensorsWriter.tensors(model), Map.of());

        assertThat(read(OnnxModels.bytes(model, 0)).model().fingerprint())
                .isEqualTo(read(safetensors).model().fingerprint());
    }

    /** Of the 24 orders of four different gates, only the ONNX order gives the original model. */
    @Test
    void anyOtherGateOrderGivesAnotherModel() throws IOException {
        int h = 3;
        int width = 2;
        LstmDirection direction = LstmDirection.plain(
                Models.matrix(random, Gate.COUNT * h, width),
                Models.matrix(random, Gate.COUNT * h, h),
                Models.vector(random, Gate.COUNT * h));
        LstmModel model = new LstmModel(
                Optional.of(new Embedding(Models.matrix(random, TOKENS, width))),
                List.of(LstmLayer.of(direction)),
                Optional.of(new OutputLayer(Models.matrix(random, CLASSES, h))));
        int wrong = 0;
        for (List<Gate> order : orders(new ArrayList<>(List.of(Gate.values())), 0)) {
            String fingerprint = read(OnnxModels.bytes(model, order)).model().fingerprint();

            assertThat(fingerprint.equals(model.fingerprint()))
                    .as("%s", order)
                    .isEqualTo(order.equals(OnnxWriter.GATES));
            wrong += order.equals(OnnxWriter.GATES) ? 0 : 1;
        }
        assertThat(wrong).isEqualTo(23);
    }

    private static List<List<Gate>> orders(List<Gate> gates, int from) {
        List<List<Gate>> orders = new ArrayList<>();
        if (from == gates.size()) {
            orders.add(List.copyOf(gates));
        }
        for (int at = from; at < gates.size(); at++) {
            Collections.swap(gates, from, at);
            orders.addAll(orders(gates, from + 1));
            Collections.swap(gates, from, at);
        }
        return orders;
    }

    /** The input and the tensors that the graphs below share, for a model with one layer. */
    private OnnxWriter start(LstmModel model, int opset) {
        LstmLayer layer = model.layers().get(0);
        float[] table = model.embedding().orElseThrow().table().values();
        return new OnnxWriter(opset)
                .tokens("tokens", "n", "t")
                .floats("E", table, TOKENS, layer.inputWidth())
                .weights("", layer)
                .longs("one", 1)
                .longs("zero", 0)
                .longs("minus", -1)
                .longs("far", Long.MAX_VALUE)
                .longs("flat", 0, 0, -1);
    }

    private void assertRead(OnnxWriter onnx, LstmModel model, String... notes) throws IOException {
        ModelFile read = read(onnx.bytes());

        assertThat(read.model().fingerprint()).isEqualTo(model.fingerprint());
        for (String note : notes) {
            assertThat(read.notes()).anySatisfy(found -> assertThat(found).contains(note));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 9, 11, 12, 13, 14, 15, 17, 21, 22})
    void lastStepFromTheFinalState(int opset) throws IOException {
        LstmModel model = model("f", 3, 4);
        OnnxWriter onnx = start(model, opset)
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", ",h,c", number("hidden_size", 4));
        if (opset < 13) {
            onnx.node("Squeeze", "h", "last", numbers("axes", 0));
        } else {
            onnx.node("Squeeze", "h,zero", "last");
        }
        gemm(onnx, model, "last")
                .node("LogSoftmax", "logits", "answer", number("axis", 1))
                .output("answer");

        assertRead(onnx, model, "an output for the last step", "a log-softmax");
    }

    private static OnnxWriter gemm(OnnxWriter onnx, LstmModel model, String hidden) {
        OutputLayer output = model.output().orElseThrow();
        return onnx.floats("V", output.weights().values(), output.classes(), output.width())
                .floats("d", output.bias(), output.classes())
                .node("Gemm", hidden + ",V,d", "logits", number("transB", 1));
    }

    /** The export by Keras of a Bidirectional layer with return_sequences=False. */
    @Test
    void finalStatesOfBothDirections() throws IOException {
        LstmModel model = finalStates(model("fb", 3, 4));
        OnnxWriter onnx = start(model, 14)
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", ",h", text("direction", "bidirectional"))
                .node("Transpose", "h", "t", numbers("perm", 1, 0, 2))
                .node("Flatten", "t", "both");
        gemm(onnx, model, "both").output("logits");

        assertRead(onnx, model, "an output for the final state of each direction (h_n)");
    }

    /** The export by PyTorch of {@code torch.cat((h_n[0], h_n[1]), 1)}. */
    @Test
    void finalStatesConcatenatedAfterSlicing() throws IOException {
        LstmModel model = finalStates(model("fb", 3, 4));
        OnnxWriter onnx = start(model, 14)
                .longs("first", 0)
                .longs("second", 1)
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", ",h", text("direction", "bidirectional"))
                .node("Slice", "h,first,second,zero", "forward")
                .node("Slice", "h,second,far,zero", "backward")
                .node("Concat", "forward,backward", "c", number("axis", 2))
                .node("Squeeze", "c,zero", "both");
        gemm(onnx, model, "both").output("logits");

        assertRead(onnx, model, "an output for the final state of each direction (h_n)");
    }

    private static LstmModel finalStates(LstmModel model) {
        LstmModel read = new LstmModel(model.embedding(), model.layers(), model.output(), Readout.FINAL_STATES);
        assertThat(read.fingerprint()).isNotEqualTo(model.fingerprint());
        return read;
    }

    @Test
    void lastStepFromASlice() throws IOException {
        LstmModel model = model("fb", 3, 4);
        OnnxWriter onnx = start(model, 13)
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y", text("direction", "bidirectional"))
                .node("Transpose", "Y", "y", numbers("perm", 2, 0, 1, 3))
                .node("Reshape", "y,flat", "f")
                .node("Slice", "f,minus,far,one", "s")
                .node("Squeeze", "s,one", "last");
        gemm(onnx, model, "last").output("logits");

        assertRead(onnx, model, "an output for the last step", "the graph ends in its output layer");
    }

    @Test
    void lastStepFromAGather() throws IOException {
        LstmModel model = model("f", 3, 4);
        OnnxWriter onnx = start(model, 17)
                .single("last index", -1)
                .node("Gather", "E,tokens", "x")
                .node("LSTM", "x,W,R,B", "Y", number("layout", 1))
                .longs("two", 2)
                .node("Squeeze", "Y,two", "y")
                .node("Gather", "y,last index", "last", number("axis", 1));
        gemm(onnx, model, "last")
                .node("Softmax", "logits", "p", number("axis", -1))
                .node("ArgMax", "p", "best", number("axis", 1), number("keepdims", 0))
                .output("p", "best");

        assertRead(onnx, model, "an output for the last step", "a softmax");
    }

    @Test
    void parametersAsAttributesInOldOpsets() throws IOException {
        LstmModel model = model("f", 3, 4);
        OnnxWriter onnx = start(model, 9)
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y")
                .node("Squeeze", "Y", "y", numbers("axes", 1))
                .node("Slice", "y", "s", numbers("axes", 0), numbers("starts", -1), numbers("ends", Integer.MAX_VALUE))
                .node("Squeeze", "s", "last", numbers("axes", 0));
        gemm(onnx, model, "last").node("Softmax", "logits", "answer").output("answer");

        assertRead(onnx, model, "an output for the last step");
    }

    /** The export of a TensorFlow dense layer: steps and batch are merged for the product and split again. */
    @Test
    void stepsAndBatchMergedForTheProduct() throws IOException {
        LstmModel model = model("f", 3, 4);
        OutputLayer output = model.output().orElseThrow();
        OnnxWriter onnx = start(model, 13)
                .node("Cast", "tokens", "ids", number("to", 6))
                .node("Gather", "E,ids", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y")
                .node("Squeeze", "Y,one", "y")
                .node("Transpose", "y", "z", numbers("perm", 1, 0, 2))
                .node("Shape", "z", "shape")
                .longs("two", 2)
                .node("Slice", "shape,zero,two", "front")
                .longs("classes", CLASSES)
                .node("Concat", "front,classes", "back", number("axis", 0))
                .longs("rows", -1, 4)
                .node("Reshape", "z,rows", "r")
                .floats("V", OnnxModels.transposed(output.weights()), 4, CLASSES)
                .floats("d", output.bias(), CLASSES)
                .node("MatMul", "r,V", "m")
                .node("Reshape", "m,back", "b")
                .node("Add", "b,d", "logits")
                .node("Softmax", "logits", "answer", number("axis", -1))
                .output("answer");

        assertRead(onnx, model, "an output for each step");
    }

    /** Two nodes of one direction each, one of them with reversed input, form a bidirectional layer. */
    @Test
    void twoNodesFormABidirectionalLayer() throws IOException {
        LstmModel model = model("fb", 3, 4);
        List<LstmDirection> directions = model.layers().get(0).directions();
        OnnxWriter onnx = new OnnxWriter(13)
                .tokens("tokens", "t", "n")
                .floats("E", model.embedding().orElseThrow().table().values(), TOKENS, 3)
                .weights("f", LstmLayer.of(directions.get(0)))
                .weights("b", LstmLayer.of(directions.get(1)))
                .longs("minus", -1)
                .longs("zero", 0)
                .longs("one", 1)
                .longs("first", Long.MIN_VALUE)
                .node("Gather", "E,tokens", "x")
                .node("Slice", "x,minus,first,zero,minus", "turned")
                .node("LSTM", "x,Wf,Rf,Bf", "Yf")
                .node("LSTM", "turned,Wb,Rb,Bb", "Yb")
                .node("Squeeze", "Yf,one", "yf")
                .node("Squeeze", "Yb,one", "yb")
                .node("Slice", "yb,minus,first,zero,minus", "back")
                .node("Concat", "yf,back", "h", number("axis", -1));
        OnnxModels.output(onnx, model, "h");
        onnx.output("probabilities");

        assertRead(onnx, model, "an output for each step");
    }

    @ParameterizedTest
    @CsvSource({"Add,SUM", "Sum,SUM", "Mul,MUL", "Mean,AVERAGE"})
    void directionsMergedByAnOperator(String operator, LstmLayer.Merge merge) throws IOException {
        LstmLayer both = model("fb", 3, 4).layers().get(0);
        LstmLayer layer = LstmLayer.bidirectional(
                both.directions().get(0), both.directions().get(1), merge);
        LstmModel model = withLayer(layer);
        OnnxWriter onnx = start(model, 13)
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y", text("direction", "bidirectional"))
                .node("Split", "Y", "f,b", number("axis", 1))
                .node("Squeeze", "f,one", "ff")
                .node("Squeeze", "b,one", "bb")
                .node(operator, "bb,ff", "h");
        OnnxModels.output(onnx, model, "h");
        onnx.output("probabilities");

        assertRead(onnx, model);
    }

    private LstmModel withLayer(LstmLayer layer) {
        return new LstmModel(
                Optional.of(new Embedding(Models.matrix(random, TOKENS, layer.inputWidth()))),
                List.of(layer),
                Optional.of(new OutputLayer(
                        Models.matrix(random, CLASSES, layer.outputWidth()), Models.vector(random, CLASSES))));
    }

    @Test
    void halfOfASumIsTheAverage() throws IOException {
        LstmLayer both = model("fb", 3, 4).layers().get(0);
        LstmModel model = withLayer(LstmLayer.bidirectional(
                both.directions().get(0), both.directions().get(1), LstmLayer.Merge.AVERAGE));
        OnnxWriter onnx = start(model, 13)
                .floats("half", new float[] {0.5f})
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y", text("direction", "bidirectional"))
                .node("Gather", "Y,zero", "f", number("axis", 1))
                .node("Gather", "Y,one", "b", number("axis", 1))
                .node("Add", "f,b", "sum")
                .node("Mul", "half,sum", "a")
                .node("Squeeze", "a,one", "h");
        OnnxModels.output(onnx, model, "h");
        onnx.output("probabilities");

        assertRead(onnx, model);
    }

    @Test
    void oneHotTokens() throws IOException {
        LstmModel embedded = model("f", TOKENS, 4);
        LstmModel model = new LstmModel(Optional.empty(), embedded.layers(), embedded.output());
        OnnxWriter onnx = start(embedded, 13)
                .single("depth", TOKENS)
                .floats("values", new float[] {0, 1}, 2)
                .node("OneHot", "tokens,depth,values", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y")
                .node("Squeeze", "Y,one", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model, "the LSTM reads the one-hot tokens of input 'tokens', below 7");
    }

    @Test
    void oneHotTokensTimesAMatrixAreAnEmbedding() throws IOException {
        LstmModel model = model("f", 3, 4);
        OnnxWriter onnx = start(model, 13)
                .single("depth", TOKENS)
                .floats("values", new float[] {0, 1}, 2)
                .node("OneHot", "tokens,depth,values", "o", number("axis", -1))
                .node("MatMul", "o,E", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y")
                .node("Squeeze", "Y,one", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(
                onnx.output("probabilities"),
                model,
                "the embedding is tensor 'E' (7, 3), with tokens from input 'tokens'");
    }

    @Test
    void tokensCastToFeatures() throws IOException {
        LstmModel embedded = model("f", 1, 4);
        LstmModel model = new LstmModel(Optional.empty(), embedded.layers(), embedded.output());
        OnnxWriter onnx = start(embedded, 13)
                .node("Cast", "tokens", "numbers", number("to", 1))
                .node("Unsqueeze", "numbers,minus", "x")
                .node("LSTM", "x,W,R,B", "Y", number("layout", 1))
                .node("Reshape", "Y,flat", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model, "the LSTM reads input 'tokens', 1 number a step");
    }

    @Test
    void unbatchedSequences() throws IOException {
        LstmModel model = model("f f", 3, 4);
        OnnxWriter onnx = new OnnxWriter(13)
                .tokens("tokens", "t")
                .floats("E", model.embedding().orElseThrow().table().values(), TOKENS, 3)
                .weights("0", model.layers().get(0))
                .weights("1", model.layers().get(1))
                .longs("one", 1)
                .node("Gather", "E,tokens", "e")
                .node("Unsqueeze", "e,one", "x")
                .node("LSTM", "x,W0,R0,B0", "Y0")
                .node("Squeeze", "Y0,one", "x1")
                .node("LSTM", "x1,W1,R1,B1", "Y1")
                .longs("both", 1, 2)
                .node("Squeeze", "Y1,both", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model);
    }

    /** Without constant folding, exporters split the gates of PyTorch and concatenate them in ONNX order. */
    @Test
    void weightsComputedByNodes() throws IOException {
        LstmModel model = model("f", 3, 4);
        LstmDirection direction = model.directions().get(0);
        OnnxWriter onnx = start(model, 9)
                .floats("w", direction.inputWeights().values(), 16, 3)
                .node("Slice", "w", "i", numbers("axes", 0), numbers("starts", 0), numbers("ends", 4))
                .node("Slice", "w", "o", numbers("axes", 0), numbers("starts", 12), numbers("ends", 16))
                .node("Slice", "w", "fg", numbers("axes", 0), numbers("starts", 4), numbers("ends", 12))
                .node("Concat", "i,o,fg", "iofc", number("axis", 0))
                .node("Unsqueeze", "iofc", "made", numbers("axes", 0))
                .node("Identity", "R", "same")
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,made,same,B", "Y")
                .node("Squeeze", "Y", "h", numbers("axes", 1));
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model);
    }

    @ParameterizedTest
    @ValueSource(strings = {"input", "zeros", "shape"})
    void initialStatesThatAreInputsOrZeros(String kind) throws IOException {
        LstmModel model = model("f", 3, 4);
        OnnxWriter onnx = start(model, 13).node("Gather", "E,tokens", "e");
        switch (kind) {
            case "input" ->
                onnx.input("h0", OnnxWriter.FLOAT, 2, "n", 4).longs("ends", 1).node("Slice", "h0,zero,ends,zero", "s");
            case "zeros" -> onnx.floats("s", new float[4], 1, 1, 4);
            default ->
                onnx.node("Shape", "e", "shape")
                        .node("Gather", "shape,zero", "n")
                        .longs("units", 4)
                        .node("Concat", "one,n,units", "dims", number("axis", 0))
                        .node("ConstantOfShape", "dims", "s");
        }
        onnx.node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B,,s,s", "Y")
                .node("Squeeze", "Y,one", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model);
        assertThat(read(onnx.bytes()).notes().toString().contains("initial hidden state is input 'h0'"))
                .isEqualTo(kind.equals("input"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"batch", "expanded", "filled", "expanded number", "constant"})
    void constantInitialStatesArePartOfTheModel(String kind) throws IOException {
        LstmModel plain = model("f", 3, 2);
        float[] hidden = kind.equals("filled") || kind.equals("expanded number")
                ? new float[] {0.25f, 0.25f}
                : new float[] {0.5f, -1.5f};
        LstmModel model = new LstmModel(
                plain.embedding(),
                List.of(LstmLayer.of(plain.directions().get(0).startingFrom(hidden, new float[2]))),
                plain.output());
        OnnxWriter onnx = start(model, 13);
        switch (kind) {
            case "batch" -> onnx.floats("s", new float[] {0.5f, -1.5f, 0.5f, -1.5f}, 1, 2, 2);
            case "expanded" ->
                onnx.floats("learned", hidden, 2).longs("dims", 1, 3, 2).node("Expand", "learned,dims", "s");
            case "expanded number" ->
                onnx.floats("learned", new float[] {0.25f})
                        .longs("dims", 3, 2)
                        .node("Expand", "learned,dims", "r")
                        .node("Unsqueeze", "r,zero", "s");
            case "filled" ->
                onnx.longs("dims", 1, 1, 2)
                        .node(
                                "ConstantOfShape",
                                "dims",
                                "s",
                                OnnxWriter.tensor(
                                        "value",
                                        OnnxWriter.header("", OnnxWriter.FLOAT, 1)
                                                .reals(4, 0.25f)));
            default ->
                onnx.node(
                        "Constant",
                        "",
                        "s",
                        OnnxWriter.tensor(
                                "value",
                                OnnxWriter.header("", OnnxWriter.FLOAT, 1, 1, 2).reals(4, hidden)));
        }
        onnx.node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B,,s", "Y")
                .node("Squeeze", "Y,one", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model);
    }

    @ParameterizedTest
    @ValueSource(strings = {"input", "at least one", "all steps", "count"})
    void sequenceLengthsAreIgnored(String kind) throws IOException {
        LstmModel plain = model("f", 3, 4);
        LstmModel model = kind.equals("count")
                ? new LstmModel(
                        Optional.of(plain.embedding().orElseThrow().withPadding(0)), plain.layers(), plain.output())
                : plain;
        OnnxWriter onnx = start(model, 13).node("Gather", "E,tokens", "e");
        switch (kind) {
            case "input" -> onnx.tokens("n", "b").node("Cast", "n", "lengths", number("to", 6));
            case "at least one" -> onnx.tokens("n", "b").node("Clip", "n,one", "lengths");
            case "all steps" -> onnx.node("Shape", "tokens", "shape").node("Gather", "shape,one", "lengths");
            default ->
                onnx.node("Equal", "tokens,zero", "padding")
                        .node("Not", "padding", "mask")
                        .node("Cast", "mask", "ones", number("to", 7))
                        .node("ReduceSum", "ones,one", "lengths");
        }
        onnx.node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B,lengths", "Y")
                .node("Squeeze", "Y,one", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model, "its sequence_lens input is ignored");
        assertThat(read(onnx.bytes()).notes().toString().contains("token 0 is padding"))
                .isEqualTo(kind.equals("count"));
    }

    @Test
    void dropoutInTrainingModeIsTold() throws IOException {
        for (boolean training : new boolean[] {true, false}) {
            LstmModel model = model("f", 3, 4);
            OnnxWriter onnx = start(model, 13)
                    .floats("ratio", new float[] {0.5f})
                    .longs("on", training ? 1 : 0)
                    .node("Cast", "on", "training", number("to", 9))
                    .node("Gather", "E,tokens", "e")
                    .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                    .node("LSTM", "x,W,R,B", "Y")
                    .named("drop", "Dropout", "Y,ratio,training", "dropped")
                    .node("Squeeze", "dropped,one", "h");
            OnnxModels.output(onnx, model, "h");

            assertRead(onnx.output("probabilities"), model);
            assertThat(read(onnx.bytes())
                            .notes()
                            .toString()
                            .contains("node 'drop' (Dropout): the file was exported in training mode"))
                    .isEqualTo(training);
        }
    }

    @Test
    void hiddenStatesWithoutAnOutputLayer() throws IOException {
        LstmModel embedded = model("f", 3, 4);
        LstmModel model = new LstmModel(embedded.embedding(), embedded.layers(), Optional.empty());
        OnnxWriter onnx = start(embedded, 13)
                .node("Gather", "E,tokens", "e")
                .node("Transpose", "e", "x", numbers("perm", 1, 0, 2))
                .node("LSTM", "x,W,R,B", "Y,h,c")
                .output("Y", "h", "c");

        assertRead(onnx, model, "no output layer: the model gives hidden states");
    }

    @Test
    void modelOutputNoneIgnoresTheOutputLayer() throws IOException {
        LstmModel model = model("f", 3, 4);

        LstmModel read = read(
                        OnnxModels.bytes(model, 0), TensorNames.automatic().withOutput(TensorNames.NONE))
                .model();

        assertThat(read.output()).isEmpty();
        assertThat(read.layers()).hasSize(1);
    }

    @Test
    void metadataIsRead() throws IOException {
        byte[] plain = OnnxModels.bytes(model("f", 3, 4), 0);
        byte[] file = new ProtoWriter()
                .raw(plain)
                .message(14, new ProtoWriter().text(1, "author").text(2, "someone"))
                .toByteArray();

        assertThat(read(file).metadata()).containsOnly(Map.entry("author", "someone"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "raw float",
                "typed float",
                "unpacked float",
                "raw double",
                "typed double",
                "raw half",
                "typed half",
                "raw bfloat",
                "typed bfloat"
            })
    void everyTypeOfWeights(String kind) throws IOException {
        float[] values = {1, -0.5f, 0.25f, 2, 1.5f, -3, 0.125f, 8}; // exact in every type
        LstmDirection direction =
                LstmDirection.plain(Models.matrix(random, 4, 2), Models.matrix(random, 4, 1), Models.vector(random, 4));
        LstmModel model = new LstmModel(
                Optional.of(new Embedding(Matrix.of(4, 2, values))),
                List.of(LstmLayer.of(direction)),
                Optional.of(new OutputLayer(Models.matrix(random, 3, 1), Models.vector(random, 3))));
        OnnxWriter onnx = new OnnxWriter(14)
                .tokens("tokens", "t", "n")
                .graph(5, tensor(kind, values))
                .weights("", model.layers().get(0))
                .longs("one", 1)
                .node("Gather", "E,tokens", "x")
                .node("LSTM", "x,W,R,B", "Y")
                .node("Squeeze", "Y,one", "h");
        OnnxModels.output(onnx, model, "h");

        assertRead(onnx.output("probabilities"), model);
    }

    private static ProtoWriter tensor(String kind, float[] values) {
        int type = kind.endsWith("double") ? 11 : kind.endsWith("half") ? 10 : kind.endsWith("bfloat") ? 16 : 1;
        ProtoWriter tensor = OnnxWriter.header("E", type, 4, 2);
        byte[] buffer = new byte[values.length * Double.BYTES];
        ByteBuffer bytes = ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN);
        long[] bits = new long[values.length];
        for (int at = 0; at < values.length; at++) {
            switch (type) {
                case 11 -> bytes.putDouble(values[at]);
                case 10 -> bits[at] = half(values[at]) & 0xFFFFL;
                case 16 -> bits[at] = (Float.floatToIntBits(values[at]) & 0xFFFFFFFFL) >>> 16;
                default -> bytes.putFloat(values[at]);
            }
        }
        if (kind.startsWith("raw") && (type == 10 || type == 16)) {
            Arrays.stream(bits).forEach(half -> bytes.putShort((short) half));
        }
        byte[] raw = Arrays.copyOf(buffer, bytes.position());
        if (kind.startsWith("raw")) {
            return tensor.bytes(9, raw);
        }
        if (kind.startsWith("unpacked")) {
            for (float value : values) {
                tensor.real(4, value);
            }
            return tensor;
        }
        return type == 10 || type == 16 ? tensor.numbers(5, bits) : tensor.bytes(type == 11 ? 10 : 4, raw);
    }

    /** Converts a value that is exact and normal in binary16. */
    private static short half(float value) {
        int bits = Float.floatToIntBits(value);
        return (short) ((bits >>> 16 & 0x8000) | (((bits >>> 23 & 0xFF) - 112) << 10) | (bits >>> 13 & 0x3FF));
    }
}
