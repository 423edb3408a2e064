package sluice.cell.kernel;

import sluice.cell.model.Gate;

/**
 * Computes the gate values of a step, after the step. The fused step does not keep them: it goes from pre-activations to states over
 * common denominators. So the pre-activations are computed a second time, by the same chains, from the states before the step, which
 * are still in their rows. The step itself gets no slower.
 *
 * <p>The gates of a plain cell are {@link GateFunctions#sigmoid} and {@link GateFunctions#tanh} of the pre-activations. Those of a
 * variant are the values that its {@link VariantEquations} used. For one thread.
 */
public final class GateProbe {
    private static final int UNITS = GatePanels.UNITS;

    private final PreActivations preActivations;

    public GateProbe(Kernel kernel) {
        this.preActivations = new PreActivations(kernel);
    }

    /**
     * Computes the gates of a step that has been computed.
     *
     * @param equations the variant's equations, or null for a plain cell
     * @param rows the rows of the step
     * @param input as in {@link Kernel#step}
     * @param hidden as in {@link Kernel#step}, its rows at {@code previous} unchanged since the step
     * @param cell as in {@link Kernel#step}, its rows at {@code previous} unchanged since the step
     * @param result receives rows of width 4H at {@code next}: i, f, g and o
     */
    public void read(
            VariantEquations equations,
            GatePanels gates,
            StepRows rows,
            float[] input,
            float[] hidden,
            float[] cell,
            float[] result) {
        preActivations.forEach(gates, rows, input, hidden, (some, values) -> {
            if (equations == null) {
                plainGates(values, some.count * gates.panels());
            } else {
                equations.gates(gates, some, values, cell);
            }
            write(gates, some, values, result);
        });
    }

    private static void plainGates(float[] z, int panels) {
        for (int panel = 0; panel < panels; panel++) {
            int at = panel * GatePanels.COLUMNS;
            sigmoids(z, at, 2 * UNITS);
            tanhs(z, at + Gate.CANDIDATE.block() * UNITS, UNITS);
            sigmoids(z, at + Gate.OUTPUT.block() * UNITS, UNITS);
        }
    }

    private static void sigmoids(float[] z, int offset, int count) {
        for (int at = offset; at < offset + count; at++) {
            z[at] = GateFunctions.sigmoid(z[at]);
        }
    }

    private static void tanhs(float[] z, int offset, int count) {
        for (int at = offset; at < offset + count; at++) {
            z[at] = GateFunctions.tanh(z[at]);
        }
    }

    /** Copies panels, which interleave the gates by units, into rows of whole gates. */
    private static void write(GatePanels gates, StepRows some, float[] values, float[] result) {
        int width = gates.hiddenWidth();
        for (int row = 0; row < some.count; row++) {
            for (int panel = 0; panel < gates.panels(); panel++) {
                int from = (row * gates.panels() + panel) * GatePanels.COLUMNS;
                int to = some.next[row] * Gate.COUNT * width + panel * UNITS;
                for (int gate = 0; gate < Gate.COUNT; gate++) {
                    System.arraycopy(values, from + gate * UNITS, result, to + gate * width, gates.units(panel));
                }
            }
        }
    }
}
