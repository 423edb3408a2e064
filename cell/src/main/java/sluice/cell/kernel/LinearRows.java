package sluice.cell.kernel;

import sluice.cell.model.OutputLayer;

/**
 * The output layer's weights row by row, as the model has them, for a few of its outputs: reads the weights of those outputs only. Immutable.
 *
 * <p>Each output is the same chain of operations as in {@link Kernel#multiply}, so it has the same bits. Four chains are computed side by
 * side, because each multiply-add waits for the one before it in its chain.
 */
public final class LinearRows {
    /** Outputs of {@link LinearPanels} that a vector kernel computes in the time of one output here, about: measured at width 200. */
    public static final int PANEL_SPEED = 16;

    private static final int CHAINS = 4;

    private final float[] weights; // (outputs, inputs)
    private final float[] bias;
    private final int inputs;

    public LinearRows(OutputLayer layer) {
        this.weights = layer.weights().values();
        this.bias = layer.bias();
        this.inputs = layer.width();
    }

    /** Computes {@code result[j]}, the output of index {@code outputs[j]}, for all j. */
    public void multiply(int[] outputs, float[] input, int offset, float[] result) {
        int at = 0;
        for (; at + CHAINS <= outputs.length; at += CHAINS) {
            chains(outputs, at, input, offset, result);
        }
        for (; at < outputs.length; at++) {
            result[at] = chain(outputs[at], input, offset);
        }
    }

    private float chain(int output, float[] input, int offset) {
        int row = output * inputs;
        float sum = bias[output];
        for (int k = 0; k < inputs; k++) {
            sum = Math.fma(weights[row + k], input[offset + k], sum);
        }
        return sum;
    }

    private void chains(int[] outputs, int at, float[] input, int offset, float[] result) {
        int first = outputs[at] * inputs;
        int second = outputs[at + 1] * inputs;
        int third = outputs[at + 2] * inputs;
        int fourth = outputs[at + 3] * inputs;
        float a = bias[outputs[at]];
        float b = bias[outputs[at + 1]];
        float c = bias[outputs[at + 2]];
        float d = bias[outputs[at + 3]];
        for (int k = 0; k < inputs; k++) {
            float x = input[offset + k];
            a = Math.fma(weights[first + k], x, a);
            b = Math.fma(weights[second + k], x, b);
            c = Math.fma(weights[third + k], x, c);
            d = Math.fma(weights[fourth + k], x, d);
        }
        result[at] = a;
        result[at + 1] = b;
        result[at + 2] = c;
        result[at + 3] = d;
    }
}
