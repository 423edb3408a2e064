package sluice.cell.engine;

import java.util.Arrays;
import java.util.Locale;
import sluice.cell.Defect;
import sluice.cell.Sequence;
import sluice.cell.SequenceRules;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;

/**
 * Shows, once per model, that no sum of the engine can leave float32, so that no NaN can arise and none has to be looked for.
 *
 * <p>A pre-activation is at most {@code |b| + sum|U| max|x| + sum|W| max|h| + |p| max|c|}. Inputs are bounded by the embedding's own
 * values, by {@link SequenceRules#MAX_FEATURE}, or by the layer below; hidden states by 1, by a projection's rows, or by the {@link SequenceRules#MAX_STATE} that
 * a sequence may be given to start from. Models whose bound is beyond {@link #LIMIT} are refused: no trained model comes near.
 *
 * <p>A {@linkplain CellVariant variant} of the cell may have activations without a bound, with which states grow as long as a sequence
 * goes on. That is no defect of the model, so it isn't refused here: its cells keep watch over themselves, and a state beyond
 * {@link SequenceRules#MAX_STATE} makes the {@linkplain #overflow sequence} unscorable, and no other. So states are bounded for every sum after all.
 */
final class OverflowGuard {
    /** A quarter of what float32 can hold: room for rounding. */
    private static final double LIMIT = 0x1p126;

    private OverflowGuard() {}

    /** What a sequence is told whose states went beyond {@link SequenceRules#MAX_STATE}. */
    static Defect overflow(Sequence sequence) {
        return new Defect(
                Defect.Kind.STATE_OVERFLOW,
                "a state of the model grew beyond %s within %d steps, as its activations let it: expected a sequence that it keeps in bounds"
                        .formatted(SequenceRules.MAX_STATE, sequence.length()));
    }

    static void require(LstmModel model) {
        double input = model.embedding()
                .map(embedding -> (double) largest(embedding.table().values()))
                .orElse((double) SequenceRules.MAX_FEATURE);
        int depth = 0;
        for (LstmLayer layer : model.layers()) {
            double[] shown = new double[layer.directions().size()];
            for (int at = 0; at < shown.length; at++) {
                LstmDirection direction = layer.directions().get(at);
                double hidden = largestHidden(direction);
                shown[at] = Math.max(hidden, SequenceRules.MAX_STATE);
                double bound = largest(direction.bias())
                        + largestRowSum(direction.inputWeights()) * input
                        + largestRowSum(direction.hiddenWeights()) * shown[at]
                        + largestPeephole(direction) * SequenceRules.MAX_STATE;
                requireBelowLimit("layer " + depth, bound);
                requireBelowLimit("the projection of layer " + depth, hidden);
                requireState(depth, direction);
            }
            input = merged(layer.merge(), shown);
            requireBelowLimit("the merged directions of layer " + depth, input);
            depth++;
        }
        if (model.output().isPresent()) {
            OutputLayer output = model.output().get();
            requireBelowLimit("the output layer", largest(output.bias()) + largestRowSum(output.weights()) * input);
        }
    }

    /** Of the hidden states that a direction computes. */
    private static double largestHidden(LstmDirection direction) {
        double shown = direction.variant().isPlain() ? 1 : SequenceRules.MAX_STATE;
        return direction.projection().map(OverflowGuard::largestRowSum).orElse(1.0) * shown;
    }

    private static double largestPeephole(LstmDirection direction) {
        return direction
                .variant()
                .peepholes()
                .map(seen -> Math.max(largest(seen.input()), Math.max(largest(seen.forget()), largest(seen.output()))))
                .orElse(0f);
    }

    private static double merged(LstmLayer.Merge merge, double[] shown) {
        return switch (merge) {
            case CONCAT -> Arrays.stream(shown).reduce(0, Math::max);
            case SUM, AVERAGE -> Arrays.stream(shown).sum();
            case MUL -> Arrays.stream(shown).reduce(1, (a, b) -> a * b);
        };
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
        if (largest > SequenceRules.MAX_STATE) {
            throw new ModelException("the initial state of layer %d holds %s: expected at most %s in magnitude"
                    .formatted(depth, largest, SequenceRules.MAX_STATE));
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
