package sluice.cell.kernel;

import sluice.cell.model.Matrix;

/**
 * A linear map {@code y = M x + b}, packed into panels of {@value #COLUMNS} outputs, each of four {@linkplain Strips strips}: the
 * output layer, a projection, or the input's terms of a layer. The last panel is padded with zeros.
 */
public final class LinearPanels {
    /** Outputs in a panel. */
    public static final int COLUMNS = 64;

    private final int outputs;
    private final int inputs;
    private final float[] bias; // (panels, 64)
    private final Strips weights; // one term for each input

    /**
     * @param bias {@code (panels, 64)}
     * @param weights of as many columns, and at least as many terms as there are inputs
     */
    LinearPanels(int outputs, int inputs, float[] bias, Strips weights) {
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
        Strips weights = new Strips("linear map", (long) panels * COLUMNS, matrix.columns());
        for (int row = 0; row < matrix.rows(); row++) {
            for (int k = 0; k < matrix.columns(); k++) {
                weights.set(row, k, matrix.at(row, k));
            }
        }
        float[] padded = new float[panels * COLUMNS];
        System.arraycopy(bias, 0, padded, 0, bias.length);
        return new LinearPanels(matrix.rows(), matrix.columns(), padded, weights);
    }

    /** Number of outputs. */
    public int outputs() {
        return outputs;
    }

    /** Number of inputs. */
    public int inputs() {
        return inputs;
    }

    /** Computes one output by the same chain of operations, so with the same bits, as {@link Kernel#multiply}. */
    public float output(int column, float[] input, int offset) {
        float[] values = weights.values();
        int at = weights.offset(column);
        float sum = bias[column];
        for (int k = 0; k < inputs; k++) {
            sum = Math.fma(values[at + k * Strips.COLUMNS], input[offset + k], sum);
        }
        return sum;
    }

    float[] bias() {
        return bias;
    }

    Strips weights() {
        return weights;
    }

    /** Size in bytes. */
    public long bytes() {
        return (long) Float.BYTES * bias.length + weights.bytes();
    }
}
