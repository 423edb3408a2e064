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
     * Adds a bias, also to one that there is.
     *
     * @throws ModelException if the shape is wrong
     */
    OnnxLinear plus(OnnxArray addend) {
        long last = addend.shape().rank() == 0
                ? 1
                : addend.shape().dimension(addend.shape().rank() - 1);
        if (addend.shape().values() != last || (last != classes() && last != 1)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "adds %s to %d logits, expected a bias of shape (%d), the same at each step",
                    addend.describe(),
                    classes(),
                    classes()));
        }
        return new OnnxLinear(below, weights, transposed, bias == null ? addend : sum(addend));
    }

    private OnnxArray sum(OnnxArray addend) {
        float[] sum = values(bias).clone();
        float[] more = values(addend);
        for (int at = 0; at < sum.length; at++) {
            sum[at] += more[at];
        }
        return OnnxArray.ofFloats(bias.source(), bias.name() + " + " + addend.name(), sum);
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
                .map(values -> new OutputLayer(matrix, values(bias)))
                .orElseGet(() -> new OutputLayer(matrix));
    }

    /** A bias with a value for each class. */
    private float[] values(OnnxArray vector) {
        float[] values = vector.finiteFloats();
        if (values.length == classes()) {
            return values;
        }
        float[] all = new float[(int) classes()];
        Arrays.fill(all, values[0]);
        return all;
    }
}
