package sluice.cell.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.Defect;
import sluice.cell.SequenceRules;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;

/**
 * Proves, once for each model, that no sum of the engine can overflow float32. So no NaN can arise, and the kernels need not check for
 * one.
 *
 * <p>A pre-activation is at most {@code |b| + sum|U| max|x| + sum|W| max|h| + |p| max|c|}. Inputs are bounded by the embedding's
 * values, by {@link SequenceRules#MAX_FEATURE}, or by the layer below. Hidden states are bounded by 1, by a projection's row sums, or
 * by {@link SequenceRules#MAX_STATE}, the limit of a given start state. A model whose bound exceeds {@link #LIMIT} is refused; trained
 * models stay far below it.
 *
 * <p>A {@linkplain CellVariant variant} may have unbounded activations, so that states grow with the length of a sequence. Such a model
 * is valid and is not refused here. Instead its {@linkplain sluice.cell.kernel.VariantEquations equations} check each state, and a
 * state beyond {@link SequenceRules#MAX_STATE} makes its own sequence {@linkplain #overflow unscorable}. So states are bounded in
 * every sum.
 */
final class OverflowGuard {
    /** A quarter of the largest float32, which leaves room for rounding. */
    private static final double LIMIT = 0x1p126;

    private OverflowGuard() {}

    /** The defect reported when a state exceeds {@link SequenceRules#MAX_STATE} in a sequence of this many steps. */
    static Defect overflow(long steps) {
        return new Defect(
                Defect.Kind.STATE_OVERFLOW,
                String.format(
                        Locale.ROOT,
                        "a state exceeded %s within %d steps, because the model has unbounded activations: expected a sequence whose states stay below",
                        SequenceRules.MAX_STATE,
                        steps));
    }

    /**
     * Whether a state can exceed {@link SequenceRules#MAX_STATE} while a sequence is scored: only a variant's state can. It is a fact of
     * the model, so that it holds for every kernel.
     */
    static boolean mayOverflow(LstmModel model) {
        return model.layers().stream()
                .flatMap(layer -> layer.directions().stream())
                .anyMatch(direction -> !direction.variant().isPlain());
    }

    /** @throws ModelException if a sum could overflow float32 */
    static void require(LstmModel model) {
        double input = largestInput(model);
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

    private static double largestInput(LstmModel model) {
        if (!model.parts().isEmpty()) {
            return model.parts().stream()
                    .mapToDouble(part -> largest(part.embedding()))
                    .max()
                    .orElseThrow();
        }
        return largest(model.embedding());
    }

    private static double largest(Optional<Embedding> embedding) {
        return embedding.map(rows -> (double) largest(rows.table().values())).orElse((double)
                SequenceRules.MAX_FEATURE);
    }

    /** Bound of the hidden states that a direction computes. */
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
                    "the weights of %s are so large that its sums could reach %.1e and overflow float32: "
                            + "expected the weights of a trained model, whose sums stay near 1",
                    what,
                    bound));
        }
    }

    private static void requireState(int depth, LstmDirection direction) {
        float largest = Math.max(largest(direction.initialHidden()), largest(direction.initialCell()));
        if (largest > SequenceRules.MAX_STATE) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the initial state of layer %d holds the value %s: expected at most %s in magnitude",
                    depth,
                    largest,
                    SequenceRules.MAX_STATE));
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
