package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.model.LstmModel;
import sluice.cell.reference.ReferenceLstm;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.onnx.OnnxWriter;
import sluice.cell.weights.torch.CheckpointWriter;

/**
 * Each format against the equations, with four visibly different gates: blocks of rows in the format's order give the
 * right states, and each of the 23 other orders gives visibly wrong ones, so none of them could go unnoticed.
 */
class GateOrderTest {
    private static final int INPUT = 2;
    private static final int HIDDEN = 3;
    private static final int STEPS = 4;
    private static final String PEEPHOLES_OF_ONNX = "iof";

    /**
     * A format.
     *
     * @param order of its gates
     * @param file PyTorch's four tensors, the rows in any order, to the bytes of a file
     */
    record Format(String name, String order, Function<List<RawTensor>, byte[]> file) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Format> formats() {
        return Stream.of(
                new Format("safetensors", "ifgo", tensors -> SafetensorsWriter.bytes(tensors, Map.of())),
                new Format(
                        "PyTorch checkpoint",
                        "ifgo",
                        tensors -> CheckpointWriter.of(tensors).bytes()),
                new Format("ONNX", "iofg", tensors -> onnx(tensors).bytes()));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void onlyTheOrderOfTheFormatGivesTheRightStates(Format format) throws IOException {
        double[] expected = equations(0);
        for (String order : permutations("", format.order())) {
            assertRightOnlyIf(
                    order.equals(format.order()), format.file().apply(tensors(order)), expected, "gates " + order);
        }
    }

    /** Of the six orders of three visibly different peepholes, one is right. */
    @Test
    void onlyTheOrderOfOnnxGivesTheRightPeepholes() throws IOException {
        double[] expected = equations(1);
        for (String order : permutations("", PEEPHOLES_OF_ONNX)) {
            byte[] file = onnx(tensors("iofg"), peepholes(order)).bytes();
            assertRightOnlyIf(order.equals(PEEPHOLES_OF_ONNX), file, expected, "peepholes " + order);
        }
    }

    private static void assertRightOnlyIf(boolean right, byte[] file, double[] expected, String what)
            throws IOException {
        LstmModel model = ModelReader.read("model", new MemoryChannel(file), TensorNames.automatic())
                .model();
        double distance = distance(states(model), expected);
        if (right) {
            assertThat(distance).as(what).isLessThan(1e-5); // the weights are rounded to float32
        } else {
            assertThat(distance).as(what).isGreaterThan(1e-3);
        }
    }

    private static OnnxWriter onnx(List<RawTensor> tensors) {
        return operands(tensors).node("LSTM", "X,W,R,B", "Y").output("Y");
    }

    private static OnnxWriter onnx(List<RawTensor> tensors, float[] peepholes) {
        return operands(tensors)
                .floats("P", peepholes, 1, peepholes.length)
                .node("LSTM", "X,W,R,B,,,,P", "Y")
                .output("Y");
    }

    private static OnnxWriter operands(List<RawTensor> tensors) {
        byte[] biases = CheckpointWriter.joined(tensors.subList(2, 4));
        return new OnnxWriter(14)
                .input("X", 1, "t", "n", INPUT)
                .graph(
                        5,
                        OnnxWriter.header("W", 1, 1, 4 * HIDDEN, INPUT)
                                .bytes(9, tensors.get(0).bytes()))
                .graph(
                        5,
                        OnnxWriter.header("R", 1, 1, 4 * HIDDEN, HIDDEN)
                                .bytes(9, tensors.get(1).bytes()))
                .graph(5, OnnxWriter.header("B", 1, 1, 8 * HIDDEN).bytes(9, biases));
    }

    private static List<String> permutations(String begun, String left) {
        if (left.isEmpty()) {
            return List.of(begun);
        }
        List<String> all = new ArrayList<>();
        for (int at = 0; at < left.length(); at++) {
            all.addAll(permutations(begun + left.charAt(at), left.substring(0, at) + left.substring(at + 1)));
        }
        return all;
    }

    // ---- the weights, each gate's of another size

    private static double scale(char gate) {
        return switch (gate) {
            case 'i' -> 0.5;
            case 'f' -> 1.1;
            case 'g' -> -0.8;
            default -> 1.7;
        };
    }

    private static double u(char gate, int row, int column) {
        return scale(gate) * Math.sin(1 + 3 * row + 2 * column + gate);
    }

    private static double w(char gate, int row, int column) {
        return scale(gate) * Math.cos(2 + row + 4 * column + gate);
    }

    private static double b(char gate, int row) {
        return scale(gate) * (0.3 + 0.1 * row);
    }

    private static double p(char gate, int row) {
        return scale(gate) * (0.4 - 0.15 * row);
    }

    private static float[] peepholes(String order) {
        float[] peepholes = new float[3 * HIDDEN];
        for (int at = 0; at < peepholes.length; at++) {
            peepholes[at] = (float) p(order.charAt(at / HIDDEN), at % HIDDEN);
        }
        return peepholes;
    }

    private static double x(int step, int column) {
        return Math.sin(step + 5 * column) + 0.25;
    }

    private static List<RawTensor> tensors(String order) {
        float[] input = new float[4 * HIDDEN * INPUT];
        float[] hidden = new float[4 * HIDDEN * HIDDEN];
        float[] bias = new float[4 * HIDDEN];
        for (int line = 0; line < 4 * HIDDEN; line++) {
            char gate = order.charAt(line / HIDDEN);
            int row = line % HIDDEN;
            for (int column = 0; column < INPUT; column++) {
                input[line * INPUT + column] = (float) u(gate, row, column);
            }
            for (int column = 0; column < HIDDEN; column++) {
                hidden[line * HIDDEN + column] = (float) w(gate, row, column);
            }
            bias[line] = (float) b(gate, row);
        }
        return List.of(
                RawTensor.f32("lstm.weight_ih_l0", input, 4 * HIDDEN, INPUT),
                RawTensor.f32("lstm.weight_hh_l0", hidden, 4 * HIDDEN, HIDDEN),
                RawTensor.f32("lstm.bias_ih_l0", bias, 4 * HIDDEN),
                RawTensor.f32("lstm.bias_hh_l0", new float[4 * HIDDEN], 4 * HIDDEN));
    }

    // ---- the states

    /**
     * The six equations, number by number, of the weights that the files were made from.
     *
     * @param peep 1 with peepholes, 0 without
     */
    private static double[] equations(int peep) {
        double[] h = new double[HIDDEN];
        double[] c = new double[HIDDEN];
        for (int step = 0; step < STEPS; step++) {
            double[] next = new double[HIDDEN];
            for (int row = 0; row < HIDDEN; row++) {
                double i = sigmoid(sum('i', row, step, h) + peep * p('i', row) * c[row]);
                double f = sigmoid(sum('f', row, step, h) + peep * p('f', row) * c[row]);
                double g = Math.tanh(sum('g', row, step, h));
                c[row] = f * c[row] + i * g;
                double o = sigmoid(sum('o', row, step, h) + peep * p('o', row) * c[row]);
                next[row] = o * Math.tanh(c[row]);
            }
            h = next;
        }
        return joined(h, c);
    }

    private static double sum(char gate, int row, int step, double[] h) {
        double sum = b(gate, row);
        for (int column = 0; column < INPUT; column++) {
            sum += u(gate, row, column) * x(step, column);
        }
        for (int column = 0; column < HIDDEN; column++) {
            sum += w(gate, row, column) * h[column];
        }
        return sum;
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    private static double[] states(LstmModel model) {
        double[][] inputs = new double[STEPS][INPUT];
        for (int step = 0; step < STEPS; step++) {
            for (int column = 0; column < INPUT; column++) {
                inputs[step][column] = x(step, column);
            }
        }
        ReferenceLstm.Run run = new ReferenceLstm(model).run(inputs, new double[1][HIDDEN], new double[1][HIDDEN]);
        return joined(run.finalHidden()[0], run.finalCell()[0]);
    }

    private static double[] joined(double[] h, double[] c) {
        double[] both = Arrays.copyOf(h, 2 * HIDDEN);
        System.arraycopy(c, 0, both, HIDDEN, HIDDEN);
        return both;
    }

    private static double distance(double[] one, double[] other) {
        double largest = 0;
        for (int at = 0; at < one.length; at++) {
            largest = Math.max(largest, Math.abs(one[at] - other[at]));
        }
        return largest;
    }
}
