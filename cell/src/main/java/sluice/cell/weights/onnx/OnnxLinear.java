package sluice.cell.weights.onnx;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;

/**
 * An output layer: a product with a constant matrix, and an optional bias.
 *
 * @param below the hidden states it reads
 * @param weights {@code (H, K)}, or {@code (K, H)} if {@code transposed}
 * @param bias of length K or 1; may be null
 */
record OnnxLinear(OnnxContent.Hidden below, OnnxArray weights, boolean transposed, OnnxArray bias) {
    /**
     * Adds a bias.
     *
     * @throws ModelException if there is a bias already, or the shape is wrong
     */
    OnnxLinear plus(OnnxArray addend) {
        if (bias != null) {
            throw new ModelException("adds %s to an output layer that has the bias %s: expected one bias"
                    .formatted(addend.describe(), bias.describe()));
        }
        long last = addend.shape().rank() == 0
                ? 1
                : addend.shape().dimension(addend.shape().rank() - 1);
        if (addend.shape().values() != last || (last != classes() && last != 1)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "adds %s to %d logits: expected a bias of shape (%d)",
                    addend.describe(),
                    classes(),
                    classes()));
        }
        return new OnnxLinear(below, weights, transposed, addend);
    }

    /** The same output layer with other hidden states. */
    OnnxLinear above(OnnxContent.Hidden other) {
        return new OnnxLinear(other, weights, transposed, bias);
    }

    /** Whether it is the same layer, regardless of the steps. */
    boolean sameLayer(OnnxLinear other) {
        return weights == other.weights
                && transposed == other.transposed
                && bias == other.bias
                && below.at(OnnxContent.At.EACH).equals(other.below.at(OnnxContent.At.EACH));
    }

    /** The number of classes, K. */
    long classes() {
        return weights.shape().dimension(transposed ? 0 : 1);
    }

    /** The number of hidden units it reads, H. */
    long width() {
        return weights.shape().dimension(transposed ? 1 : 0);
    }

    /** Reads the weights. */
    OutputLayer layer() {
        weights.finiteFloats();
        float[] rows = transposed
                ? weights.floats()
                : weights.transposed(new int[] {1, 0}).floats();
        Matrix matrix = Matrix.of((int) classes(), (int) width(), rows);
        return Optional.ofNullable(bias)
                .map(values -> new OutputLayer(matrix, biasValues()))
                .orElseGet(() -> new OutputLayer(matrix));
    }

    private float[] biasValues() {
        float[] values = bias.finiteFloats();
        if (values.length == classes()) {
            return values;
        }
        float[] all = new float[(int) classes()];
        Arrays.fill(all, values[0]);
        return all;
    }
}
