package sluice.cell.weights.keras;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.weights.FourGates;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.keras.KerasWriter.Form;
import sluice.cell.weights.keras.KerasWriter.Layer;

/**
 * Checks the gate order of the four Keras layouts against the equations: of the 24 orders, only Keras' own gives the
 * right states.
 */
class KerasGateOrderTest {
    private static final int HIDDEN = FourGates.HIDDEN;
    private static final int INPUT = FourGates.INPUT;

    @ParameterizedTest
    @EnumSource
    void onlyTheOrderOfKerasGivesTheRightStates(Form form) throws IOException {
        double[] expected = FourGates.equations();
        for (String order : FourGates.orders()) {
            ModelFile read = read(form, direction(order));
            double distance = FourGates.distance(FourGates.states(read.model()), expected);
            if (order.equals("ifgo")) {
                assertThat(distance).isLessThan(1e-5); // the weights are rounded to float32
                assertThat(read.gateOrder()).isEqualTo(form == Form.KERAS_1 ? GateOrder.IGFO : GateOrder.IFGO);
            } else {
                assertThat(distance)
                        .as("states with gates in the order %s where i, f, g, o should be", order)
                        .isGreaterThan(1e-3);
            }
        }
    }

    /** Writes the gate blocks in this order; {@code ifgo} is correct. */
    private static LstmDirection direction(String order) {
        float[] u = new float[4 * HIDDEN * INPUT];
        float[] w = new float[4 * HIDDEN * HIDDEN];
        float[] b = new float[4 * HIDDEN];
        for (int line = 0; line < Gate.COUNT * HIDDEN; line++) {
            char gate = order.charAt(line / HIDDEN);
            int row = line % HIDDEN;
            for (int column = 0; column < INPUT; column++) {
                u[line * INPUT + column] = (float) FourGates.u(gate, row, column);
            }
            for (int column = 0; column < HIDDEN; column++) {
                w[line * HIDDEN + column] = (float) FourGates.w(gate, row, column);
            }
            b[line] = (float) FourGates.b(gate, row);
        }
        return LstmDirection.plain(Matrix.of(4 * HIDDEN, INPUT, u), Matrix.of(4 * HIDDEN, HIDDEN, w), b);
    }

    private static ModelFile read(Form form, LstmDirection direction) throws IOException {
        List<Layer> layers = new ArrayList<>(List.of(KerasWriter.lstm("lstm", direction, form)));
        byte[] file = form == Form.KERAS_3
                ? KerasWriter.archive(form.version(), layers)
                : KerasWriter.whole(form.version(), layers);
        ModelFile read = ModelReader.read("model", new MemoryChannel(file), TensorNames.automatic());
        LstmModel model = read.model();
        assertThat(model.directions().get(0).variant().isPlain()).isTrue();
        return read;
    }
}
