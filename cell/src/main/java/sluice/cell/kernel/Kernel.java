package sluice.cell.kernel;

/**
 * The inner loops. All kernels give the same bits (see the package page); they differ in speed only.
 *
 * <p>A kernel has scratch arrays: each thread needs its own. Tables are row-major {@code float[]}. Rows are passed as row numbers, so
 * that they are read and written in place.
 */
public interface Kernel {
    /** The kernel's name in the setting {@code scoring.kernel}. */
    String name();

    /**
     * One step of one direction for several sequences:
     *
     * <pre>
     *   c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
     *   shown_t = sigmoid(o) * tanh(c_t)
     * </pre>
     *
     * <p>with pre-activations {@code U x_t + W h_{t-1} + b}. Without a projection, {@code shown} and {@code hidden} are the
     * same table.
     *
     * @param input {@code x}: rows of the panels' input width; not read if that is 0
     * @param hidden {@code h}: rows of width P, read at {@code previous}
     * @param cell {@code c}: rows of width H, read at {@code previous}, written at {@code next}
     * @param shown {@code o * tanh(c)}: rows of width H, written at {@code next}
     */
    void step(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] cell, float[] shown);

    /**
     * {@code U x_t + W h_{t-1} + b} of one direction for several sequences: the numbers that {@link #step} applies its gate functions to.
     * Used for variants of the cell.
     *
     * @param input as in {@link #step}
     * @param hidden as in {@link #step}
     * @param result for each sequence {@code (panels, 64)} values, in the order of a {@link GatePanels} start; the padding columns of
     *     the last panel are undefined
     */
    void preActivations(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] result);

    /**
     * {@code M x + b} for several rows and a range of outputs.
     *
     * @param firstOutput a multiple of {@link LinearPanels#COLUMNS}
     * @param outputs how many: up to the last output, or a multiple of {@link LinearPanels#COLUMNS}
     * @param input rows of the map's input width
     * @param inputOffsets offset of each row in {@code input}
     * @param count number of rows
     * @param result receives output {@code firstOutput + j} of row r at {@code resultOffsets[r] + j}
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

    /** How many of {@code count} numbers are larger than the threshold. */
    int countAbove(float[] values, int offset, int count, float threshold);

    /**
     * {@code sum_j exp(values_j - max)}: element j is added to lane {@code j mod 16}, and the lanes are added up in a binary tree.
     *
     * @param count at most {@link Softmax#BLOCK}
     */
    float sumOfExponentials(float[] values, int offset, int count, float max);

    /** Replaces each value by {@code exp(value - max) * scale}. */
    void exponentials(float[] values, int offset, int count, float max, float scale);

    /** Replaces each value z by {@code 1 / (1 + exp(-z))}. */
    void sigmoids(float[] values, int offset, int count);
}
