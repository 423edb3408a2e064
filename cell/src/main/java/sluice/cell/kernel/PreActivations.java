package sluice.cell.kernel;

/**
 * What the gates of a step would read, for a few sequences at a time, so that it stays in cache until it is used. Scratch of one thread.
 */
final class PreActivations {
    private static final int ROWS = 48;

    private final Kernel kernel;
    private final StepRows some = new StepRows(ROWS);
    private float[] values = {};

    PreActivations(Kernel kernel) {
        this.kernel = kernel;
    }

    /** What is done with a few sequences' values, which are laid out as {@link Kernel#preActivations} tells. */
    interface Use {
        void of(StepRows some, float[] values);
    }

    /** Computes those of all rows, the first ones first. */
    void forEach(GatePanels gates, StepRows rows, float[] input, float[] hidden, Use use) {
        int size = Math.multiplyExact(ROWS * GatePanels.COLUMNS, gates.panels());
        if (values.length < size) {
            values = new float[size];
        }
        for (int row = 0; row < rows.count; row += ROWS) {
            some.copy(rows, row, Math.min(ROWS, rows.count - row));
            kernel.preActivations(gates, some, input, hidden, values);
            use.of(some, values);
        }
    }
}
