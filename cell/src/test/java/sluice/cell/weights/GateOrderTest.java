package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.onnx.OnnxWriter;
import sluice.cell.weights.torch.CheckpointWriter;

/**
 * Compares each format with the equations, using four gates with clearly different weights. Blocks of rows in the order
 * of the format give the expected states; each of the 23 other orders gives clearly different states.
 */
class GateOrderTest {
    private static final String ONNX_PEEPHOLE_ORDER = "iof";

    /**
     * A file format.
     *
     * @param order order of the gates in the format
     * @param file writes the four tensors of PyTorch, with rows in any order, into the bytes of a file
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
    void onlyTheGateOrderOfTheFormatGivesTheExpectedStates(Format format) throws IOException {
        double[] expected = FourGates.equations();
        for (String order : FourGates.orders(format.order())) {
            assertEqualOnlyIf(
                    order.equals(format.order()), format.file().apply(tensors(order)), expected, "gates " + order);
        }
    }

    /** Of the six orders of three clearly different peepholes, only one gives the expected states. */
    @Test
    void onlyThePeepholeOrderOfOnnxGivesTheExpectedStates() throws IOException {
        double[] expected = FourGates.peepholeEquations();
        for (String order : FourGates.orders(ONNX_PEEPHOLE_ORDER)) {
            byte[] file = onnx(tensors("iofg"), peepholes(order)).bytes();
            assertEqualOnlyIf(order.equals(ONNX_PEEPHOLE_ORDER), file, expected, "peepholes " + order);
        }
    }

    private static void assertEqualOnlyIf(boolean expectEqual, byte[] file, double[] expected, String what)
            throws IOException {
        LstmModel model = ModelReader.read("model", new MemoryChannel(file), TensorNames.automatic())
                .model();
        double distance = FourGates.distance(FourGates.states(model), expected);
        if (expectEqual) {
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
                .input("X", 1, "t", "n", FourGates.INPUT)
                .graph(
                        5,
                        OnnxWriter.header("W", 1, 1, 4 * FourGates.HIDDEN, FourGates.INPUT)
                                .bytes(9, tensors.get(0).bytes()))
                .graph(
                        5,
                        OnnxWriter.header("R", 1, 1, 4 * FourGates.HIDDEN, FourGates.HIDDEN)
                                .bytes(9, tensors.get(1).bytes()))
                .graph(5, OnnxWriter.header("B", 1, 1, 8 * FourGates.HIDDEN).bytes(9, biases));
    }

    private static float[] peepholes(String order) {
        float[] peepholes = new float[3 * FourGates.HIDDEN];
        for (int at = 0; at < peepholes.length; at++) {
            peepholes[at] = (float) FourGates.p(order.charAt(at / FourGates.HIDDEN), at % FourGates.HIDDEN);
        }
        return peepholes;
    }

    private static List<RawTensor> tensors(String order) {
        float[] input = new float[4 * FourGates.HIDDEN * FourGates.INPUT];
        float[] hidden = new float[4 * FourGates.HIDDEN * FourGates.HIDDEN];
        float[] bias = new float[4 * FourGates.HIDDEN];
        for (int line = 0; line < 4 * FourGates.HIDDEN; line++) {
            char gate = order.charAt(line / FourGates.HIDDEN);
            int row = line % FourGates.HIDDEN;
            for (int column = 0; column < FourGates.INPUT; column++) {
                input[line * FourGates.INPUT + column] = (float) FourGates.u(gate, row, column);
            }
            for (int column = 0; column < FourGates.HIDDEN; column++) {
                hidden[line * FourGates.HIDDEN + column] = (float) FourGates.w(gate, row, column);
            }
            bias[line] = (float) FourGates.b(gate, row);
        }
        return List.of(
                RawTensor.f32("lstm.weight_ih_l0", input, 4 * FourGates.HIDDEN, FourGates.INPUT),
                RawTensor.f32("lstm.weight_hh_l0", hidden, 4 * FourGates.HIDDEN, FourGates.HIDDEN),
                RawTensor.f32("lstm.bias_ih_l0", bias, 4 * FourGates.HIDDEN),
                RawTensor.f32("lstm.bias_hh_l0", new float[4 * FourGates.HIDDEN], 4 * FourGates.HIDDEN));
    }
}
