package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static sluice.cell.weights.FourGates.HIDDEN;
import static sluice.cell.weights.FourGates.INPUT;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.torch.CheckpointWriter;

/**
 * Each format against the equations, with four visibly different gates: blocks of rows in the order of PyTorch give the
 * right states, and each of the 23 other orders gives visibly wrong ones, so none of them could go unnoticed.
 */
class GateOrderTest {
    private static final String PYTORCH = "ifgo";

    /** A format: tensors to the bytes of a file. */
    record Format(String name, Function<List<RawTensor>, byte[]> file) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Format> formats() {
        return Stream.of(
                new Format("safetensors", tensors -> SafetensorsWriter.bytes(tensors, Map.of())),
                new Format(
                        "PyTorch checkpoint",
                        tensors -> CheckpointWriter.of(tensors).bytes()));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void onlyTheOrderOfPyTorchGivesTheRightStates(Format format) throws IOException {
        double[] expected = FourGates.equations();
        for (String order : FourGates.orders()) {
            byte[] file = format.file().apply(tensors(order));
            LstmModel model = ModelReader.read("model", new MemoryChannel(file), TensorNames.automatic())
                    .model();
            double distance = FourGates.distance(FourGates.states(model), expected);
            if (order.equals(PYTORCH)) {
                assertThat(distance).isLessThan(1e-5); // the weights are rounded to float32
            } else {
                assertThat(distance)
                        .as("states with gates in the order %s", order)
                        .isGreaterThan(1e-3);
            }
        }
    }

    private static List<RawTensor> tensors(String order) {
        float[] input = new float[4 * HIDDEN * INPUT];
        float[] hidden = new float[4 * HIDDEN * HIDDEN];
        float[] bias = new float[4 * HIDDEN];
        for (int line = 0; line < 4 * HIDDEN; line++) {
            char gate = order.charAt(line / HIDDEN);
            int row = line % HIDDEN;
            for (int column = 0; column < INPUT; column++) {
                input[line * INPUT + column] = (float) FourGates.u(gate, row, column);
            }
            for (int column = 0; column < HIDDEN; column++) {
                hidden[line * HIDDEN + column] = (float) FourGates.w(gate, row, column);
            }
            bias[line] = (float) FourGates.b(gate, row);
        }
        return List.of(
                RawTensor.f32("lstm.weight_ih_l0", input, 4 * HIDDEN, INPUT),
                RawTensor.f32("lstm.weight_hh_l0", hidden, 4 * HIDDEN, HIDDEN),
                RawTensor.f32("lstm.bias_ih_l0", bias, 4 * HIDDEN),
                RawTensor.f32("lstm.bias_hh_l0", new float[4 * HIDDEN], 4 * HIDDEN));
    }
}
