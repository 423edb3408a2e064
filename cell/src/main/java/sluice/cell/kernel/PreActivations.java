package sluice.cell.kernel;

/**
 * Computes the pre-activations of a step for a few sequences at a time, so that they are used while they are in the cache. For one
 * thread.
 */
final class PreActivations {
    private static final int ROWS = 48;

    private final Kernel kernel;
    private final StepRows some = new StepRows(ROWS);
    private float[] values = {};

    PreActivations(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Takes the values of a few sequences, in the layout of {@link Kernel#preActivations}. */
    interface Consumer {
        void accept(StepRows some, float[] values);
    }

    /** Computes the pre-activations of all rows, in order. */
    void forEach(GatePanels gates, StepRows rows, float[] input, float[] hidden, Consumer consumer) {
        int size = Math.multiplyExact(ROWS * GatePanels.COLUMNS, gates.panels());
        if (values.length < size) {
            values = new float[size];
        }
        for (int row = 0; row < rows.count; row += ROWS) {
            some.copy(rows, row, Math.min(ROWS, rows.count - row));
            kernel.preActivations(gates, some, input, hidden, values);
            consumer.accept(some, values);
        }
    }
}
