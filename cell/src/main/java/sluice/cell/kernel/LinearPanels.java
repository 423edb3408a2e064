package sluice.cell.kernel;

import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;

/**
 * A linear map {@code y = M x + b}, packed into panels of {@value #COLUMNS} outputs: the output layer, or a projection.
 *
 * <pre>
 *   weights[panel][k][64 outputs]      bias[panel][64 outputs]
 * </pre>
 *
 * <p>The last panel is filled up with zeros.
 */
public final class LinearPanels {
    /** Outputs in a panel. */
    public static final int COLUMNS = 64;

    private final int outputs;
    private final int inputs;
    private final float[] bias; // (panels, 64)
    private final float[] weights; // (panels, inputs, 64)

    private LinearPanels(int outputs, int inputs, float[] bias, float[] weights) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.bias = bias;
        this.weights = weights;
    }

    /**
     * Packs a map.
     *
     * @param matrix {@code M}, one row per output
     * @param bias {@code b}, one value per output
     */
    public static LinearPanels of(Matrix matrix, float[] bias) {
        int panels = (matrix.rows() + COLUMNS - 1) / COLUMNS;
        long size = (long) panels * matrix.columns() * COLUMNS;
        if (size > Integer.MAX_VALUE - 8) {
            throw new ModelException("a linear layer of shape %s would take %d numbers, packed; the limit is %d"
                    .formatted(matrix, size, Integer.MAX_VALUE - 8));
        }
        float[] weights = new float[(int) size];
        for (int row = 0; row < matrix.rows(); row++) {
            int at = row / COLUMNS * matrix.columns() * COLUMNS + row % COLUMNS;
            for (int k = 0; k < matrix.columns(); k++) {
                weights[at + k * COLUMNS] = matrix.at(row, k);
            }
        }
        float[] padded = new float[panels * COLUMNS];
        System.arraycopy(bias, 0, padded, 0, bias.length);
        return new LinearPanels(matrix.rows(), matrix.columns(), padded, weights);
    }

    /** How many numbers come out. */
    public int outputs() {
        return outputs;
    }

    /** How many numbers go in. */
    public int inputs() {
        return inputs;
    }

    /** One output alone: the same chain, so the same bits, as {@link Kernel#multiply} gives it among others. */
    public float output(int column, float[] input, int offset) {
        int at = weightsOffset(column / COLUMNS) + column % COLUMNS;
        float sum = bias[column];
        for (int k = 0; k < inputs; k++) {
            sum = Math.fma(weights[at + k * COLUMNS], input[offset + k], sum);
        }
        return sum;
    }

    float[] bias() {
        return bias;
    }

    float[] weights() {
        return weights;
    }

    int weightsOffset(int panel) {
        return panel * inputs * COLUMNS;
    }

    /** Bytes held. */
    public long bytes() {
        return Float.BYTES * ((long) bias.length + weights.length);
    }
}
