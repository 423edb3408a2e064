package sluice.cell;

import java.util.Locale;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;

/**
 * Shows, once per model, that no sum of the engine can leave float32, so that no NaN can arise and none has to be looked for.
 *
 * <p>A pre-activation is at most {@code |b| + sum|U| max|x| + sum|W| max|h|}. Inputs are bounded by the embedding's own values,
 * by {@link #MAX_FEATURE}, or by the layer below; hidden states by 1, by a projection's rows, or by the {@link #MAX_STATE} that a
 * sequence may be given to start from. Models whose bound is beyond {@link #LIMIT} are refused: no trained model comes near.
 */
final class OverflowGuard {
    /** The largest magnitude of a feature. */
    static final float MAX_FEATURE = 0x1p60f;

    /** The largest magnitude in a state that a sequence starts from. */
    static final float MAX_STATE = 0x1p40f;

    /** A quarter of what float32 can hold: room for rounding. */
    private static final double LIMIT = 0x1p126;

    private OverflowGuard() {}

    static void require(LstmModel model) {
        double input = model.embedding()
                .map(embedding -> (double) largest(embedding.table().values()))
                .orElse((double) MAX_FEATURE);
        int depth = 0;
        for (LstmLayer layer : model.layers()) {
            double shown = 0;
            for (LstmDirection direction : layer.directions()) {
                double hidden =
                        direction.projection().map(OverflowGuard::largestRowSum).orElse(1.0);
                double carried = Math.max(hidden, MAX_STATE);
                double bound = largest(direction.bias())
                        + largestRowSum(direction.inputWeights()) * input
                        + largestRowSum(direction.hiddenWeights()) * carried;
                requireBelowLimit("layer " + depth, bound);
                requireBelowLimit("the projection of layer " + depth, hidden);
                requireState(depth, direction);
                shown = Math.max(shown, hidden);
            }
            input = Math.max(shown, MAX_STATE);
            depth++;
        }
        if (model.output().isPresent()) {
            OutputLayer output = model.output().get();
            requireBelowLimit("the output layer", largest(output.bias()) + largestRowSum(output.weights()) * input);
        }
    }

    private static void requireBelowLimit(String what, double bound) {
        if (!(bound <= LIMIT)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the weights of %s are so large that its sums could reach %.1e, beyond float32: "
                            + "expected a trained model's, whose sums stay near 1",
                    what,
                    bound));
        }
    }

    private static void requireState(int depth, LstmDirection direction) {
        float largest = Math.max(largest(direction.initialHidden()), largest(direction.initialCell()));
        if (largest > MAX_STATE) {
            throw new ModelException("the initial state of layer %d holds %s: expected at most %s in magnitude"
                    .formatted(depth, largest, MAX_STATE));
        }
    }

    private static float largest(float[] values) {
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static double largestRowSum(Matrix matrix) {
        double largest = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            double sum = 0;
            for (int column = 0; column < matrix.columns(); column++) {
                sum += Math.abs(matrix.at(row, column));
            }
            largest = Math.max(largest, sum);
        }
        return largest;
    }
}
