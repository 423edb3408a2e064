package sluice.cell.kernel;

/**
 * The inner loops. All kernels give the same bits (see the package's page); they differ in speed alone.
 *
 * <p>A kernel holds scratch of its own: one for each thread. Tables are row-major {@code float[]}; lists of rows are given by
 * number, so that rows can be read and written where they stand.
 */
public interface Kernel {
    /** As {@code scoring.kernel} names it. */
    String name();

    /**
     * One step of one direction for several sequences:
     *
     * <pre>
     *   c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
     *   shown_t = sigmoid(o) * tanh(c_t)
     * </pre>
     *
     * <p>with pre-activations {@code U x_t + W h_{t-1} + b}. Without a projection {@code shown} and {@code hidden} are the same
     * table.
     *
     * @param input {@code x}: rows of the panels' input width; not read where that is 0
     * @param hidden {@code h}: rows of width P, read at {@code previous}
     * @param cell {@code c}: rows of width H, read at {@code previous}, written at {@code next}
     * @param shown {@code o * tanh(c)}: rows of width H, written at {@code next}
     */
    void step(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] cell, float[] shown);

    /**
     * {@code U x_t + W h_{t-1} + b} of one direction for several sequences, the numbers that {@link #step} applies its gate functions to:
     * for cells that apply others.
     *
     * @param input as in {@link #step}
     * @param hidden as in {@link #step}
     * @param result sequence after sequence, each {@code (panels, 64)} in the order of a {@link GatePanels}' start; what stands in the
     *     columns that fill up the last panel is anything
     */
    void preActivations(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] result);

    /**
     * {@code M x + b} for several rows and a range of outputs.
     *
     * @param firstOutput a multiple of {@link LinearPanels#COLUMNS}
     * @param outputs how many, to the last one or a multiple of {@link LinearPanels#COLUMNS}
     * @param input rows of the map's input width
     * @param inputOffsets where each row starts in {@code input}
     * @param count how many rows
     * @param result where output {@code firstOutput + j} of row r goes to {@code resultOffsets[r] + j}
     */
    void multiply(
            LinearPanels map,
            int firstOutput,
            int outputs,
            float[] input,
            int[] inputOffsets,
            int count,
            float[] result,
            int[] resultOffsets);

    /** The largest of {@code count} numbers, none NaN. */
    float max(float[] values, int offset, int count);

    /** How many of {@code count} numbers are larger than this one. */
    int countAbove(float[] values, int offset, int count, float threshold);

    /**
     * {@code sum_j exp(values_j - max)}: element j goes to lane {@code j mod 16}, lanes are added up as a tree of halves.
     *
     * @param count at most {@link Softmax#BLOCK}
     */
    float sumOfExponentials(float[] values, int offset, int count, float max);

    /** Replaces each value by {@code exp(value - max) * scale}. */
    void exponentials(float[] values, int offset, int count, float max, float scale);
}
