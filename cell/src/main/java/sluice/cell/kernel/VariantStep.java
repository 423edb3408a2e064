package sluice.cell.kernel;

/**
 * One step of a direction whose cell is not the plain one: the kernel's pre-activations, then the {@link VariantEquations}, for a few
 * sequences at a time, so that what lies between the two stays in cache. Scratch of one thread.
 */
public final class VariantStep {
    private static final int ROWS = 48;

    private final Kernel kernel;
    private final StepRows some = new StepRows(ROWS);
    private float[] preActivations = {};

    public VariantStep(Kernel kernel) {
        this.kernel = kernel;
    }

    /** As {@link Kernel#step} does for the plain cell. */
    public void step(
            VariantEquations equations,
            GatePanels gates,
            StepRows rows,
            float[] input,
            float[] hidden,
            float[] cell,
            float[] shown) {
        int size = Math.multiplyExact(ROWS * GatePanels.COLUMNS, gates.panels());
        if (preActivations.length < size) {
            preActivations = new float[size];
        }
        for (int row = 0; row < rows.count; row += ROWS) {
            some.copy(rows, row, Math.min(ROWS, rows.count - row));
            kernel.preActivations(gates, some, input, hidden, preActivations);
            equations.step(gates, some, preActivations, cell, shown);
        }
    }
}
