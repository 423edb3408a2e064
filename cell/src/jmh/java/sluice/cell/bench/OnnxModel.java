package sluice.cell.bench;

import java.util.Arrays;
import java.util.stream.IntStream;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/**
 * Writes a model's weights as an ONNX file (opset 14):
 *
 * <pre>
 *   tokens (T, N) - Gather - LSTM ... LSTM - last h (N, H)    - Gemm        - Softmax
 *                                          - each h (T, N, H) - MatMul, Add - Softmax | LogSoftmax
 * </pre>
 *
 * <p>Gates are in ONNX's order i, o, f, c. Initial states are omitted, so they are zeros. Field names and numbers are
 * those of {@code onnx.proto3}.
 */
public final class OnnxModel {
    public static final String TOKENS = "tokens";
    public static final String LENGTHS = "lengths";
    public static final String ANSWER = "answer";

    private static final int IR_VERSION = 7;
    private static final int OPSET = 14;
    private static final int FLOAT = 1;
    private static final int INT32 = 6;
    private static final int INT64 = 7;
    private static final int ATTRIBUTE_INT = 2;
    private static final Gate[] ONNX_GATES = {Gate.INPUT, Gate.OUTPUT, Gate.FORGET, Gate.CANDIDATE};

    private final ProtoMessage graph = new ProtoMessage();
    private final Question question;
    private final boolean ragged;

    private OnnxModel(Question question, boolean ragged) {
        this.question = question;
        this.ragged = ragged;
    }

    /** @param ragged whether the graph also reads the length of each sequence */
    public static byte[] of(LstmModel model, Question question, boolean ragged) {
        OnnxModel onnx = new OnnxModel(question, ragged);
        onnx.layers(model);
        onnx.output(
                model.output().orElseThrow().weights(),
                model.output().orElseThrow().bias());
        onnx.ends();
        return new ProtoMessage()
                .number(1, IR_VERSION)
                .message(7, onnx.graph.text(2, "lstm"))
                .message(8, new ProtoMessage().text(1, "").number(2, OPSET))
                .toByteArray();
    }

    private void layers(LstmModel model) {
        Matrix embedding = model.embedding().orElseThrow().table();
        tensor("embedding", embedding.values(), embedding.rows(), embedding.columns());
        node("Gather", new String[] {"embedding", TOKENS}, "x0");
        int top = model.directions().size() - 1;
        if (top > 0 || question.atEach()) {
            number("directions", 1); // axis of the directions in Y
        }
        if (!question.atEach()) {
            number("directions_last", 0); // axis of the directions in Y_h
        }
        for (int layer = 0; layer <= top; layer++) {
            weights(layer, model.directions().get(layer));
            boolean each = layer < top || question.atEach();
            lstm(layer, model.directions().get(layer).hiddenWidth(), each);
            String[] squeezed =
                    each ? new String[] {"Y" + layer, "directions"} : new String[] {"Y_h" + layer, "directions_last"};
            node("Squeeze", squeezed, layer < top ? "x" + (layer + 1) : "h");
        }
    }

    private void weights(int layer, LstmDirection direction) {
        int hidden = direction.hiddenWidth();
        tensor("W" + layer, reordered(direction, true), 1, Gate.COUNT * hidden, direction.inputWidth());
        tensor("R" + layer, reordered(direction, false), 1, Gate.COUNT * hidden, hidden);
        float[] bias = new float[2 * Gate.COUNT * hidden]; // Wb, then Rb, which is 0
        for (int block = 0; block < Gate.COUNT; block++) {
            System.arraycopy(direction.bias(ONNX_GATES[block]), 0, bias, block * hidden, hidden);
        }
        tensor("B" + layer, bias, 1, 2 * Gate.COUNT * hidden);
    }

    private static float[] reordered(LstmDirection direction, boolean input) {
        int columns = input ? direction.inputWidth() : direction.hiddenWidth();
        int size = direction.hiddenWidth() * columns;
        float[] weights = new float[Gate.COUNT * size];
        for (int block = 0; block < Gate.COUNT; block++) {
            Matrix matrix =
                    input ? direction.inputWeights(ONNX_GATES[block]) : direction.hiddenWeights(ONNX_GATES[block]);
            System.arraycopy(matrix.values(), 0, weights, block * size, size);
        }
        return weights;
    }

    private void lstm(int layer, int hidden, boolean each) {
        String[] inputs = {"x" + layer, "W" + layer, "R" + layer, "B" + layer, ragged ? LENGTHS : ""};
        String[] outputs = each ? new String[] {"Y" + layer} : new String[] {"", "Y_h" + layer};
        ProtoMessage size =
                new ProtoMessage().text(1, "hidden_size").number(3, hidden).number(20, ATTRIBUTE_INT);
        graph.message(1, node("LSTM", inputs, outputs).message(5, size));
    }

    private void output(Matrix weights, float[] bias) {
        tensor("d", bias, bias.length);
        tensor("V", transposed(weights), weights.columns(), weights.rows());
        if (question.atEach()) {
            node("MatMul", new String[] {"h", "V"}, "product");
            node("Add", new String[] {"product", "d"}, "logits");
        } else {
            node("Gemm", new String[] {"h", "V", "d"}, "logits");
        }
        node(question.likelihoods() ? "LogSoftmax" : "Softmax", new String[] {"logits"}, ANSWER);
    }

    private static float[] transposed(Matrix matrix) {
        float[] values = new float[matrix.rows() * matrix.columns()];
        for (int row = 0; row < matrix.rows(); row++) {
            for (int column = 0; column < matrix.columns(); column++) {
                values[column * matrix.rows() + row] = matrix.at(row, column);
            }
        }
        return values;
    }

    private void ends() {
        graph.message(11, value(TOKENS, INT32, "T", "N"));
        if (ragged) {
            graph.message(11, value(LENGTHS, INT32, "N"));
        }
        graph.message(12, question.atEach() ? value(ANSWER, FLOAT, "T", "N", "K") : value(ANSWER, FLOAT, "N", "K"));
    }

    private static ProtoMessage value(String name, int type, String... dimensions) {
        ProtoMessage shape = new ProtoMessage();
        Arrays.stream(dimensions).forEach(dimension -> shape.message(1, new ProtoMessage().text(2, dimension)));
        ProtoMessage tensor = new ProtoMessage().number(1, type).message(2, shape);
        return new ProtoMessage().text(1, name).message(2, new ProtoMessage().message(1, tensor));
    }

    private void node(String operator, String[] inputs, String output) {
        graph.message(1, node(operator, inputs, new String[] {output}));
    }

    private static ProtoMessage node(String operator, String[] inputs, String[] outputs) {
        ProtoMessage node = new ProtoMessage();
        Arrays.stream(inputs).forEach(input -> node.text(1, input));
        Arrays.stream(outputs).forEach(output -> node.text(2, output));
        return node.text(4, operator);
    }

    private void tensor(String name, float[] values, int... shape) {
        ProtoMessage tensor = new ProtoMessage();
        IntStream.of(shape).forEach(dimension -> tensor.number(1, dimension));
        graph.message(5, tensor.number(2, FLOAT).text(8, name).floats(9, values));
    }

    /** A vector of one integer. */
    private void number(String name, long value) {
        graph.message(
                5,
                new ProtoMessage()
                        .number(1, 1)
                        .number(2, INT64)
                        .number(7, value)
                        .text(8, name));
    }
}
