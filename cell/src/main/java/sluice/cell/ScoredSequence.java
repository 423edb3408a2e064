package sluice.cell;

import java.util.Optional;

/**
 * The results of one sequence. Outputs that the {@link ScoreRequest} does not request are null.
 *
 * <p>"Steps" are the requested steps: the last one, or each one. Do not write to the arrays: answers may share them.
 */
public interface ScoredSequence {
    /**
     * A defect that only scoring can find, {@link Defect.Kind#STATE_OVERFLOW}; {@link SequenceRules} find the others before. If there is
     * one, all outputs are null or 0.
     */
    Optional<Defect> defect();

    /** {@code y_t}: {@code (steps, K)}; K is the number of candidates, if there are any. */
    float[][] softmax();

    /** {@code z_t}, the output layer's own numbers: {@code (steps, K)}. */
    float[][] logits();

    /** {@code 1 / (1 + exp(-z_t))}: {@code (steps, K)}. */
    float[][] sigmoid();

    /** The most probable class of each step; -1 if all classes are excluded. */
    int[] prediction();

    /** The most probable classes, best first: {@code (steps, k)}; fewer than k where fewer classes are candidates and not excluded. */
    int[][] topTokens();

    /** Their probabilities: {@code (steps, k)}. */
    float[][] topProbabilities();

    /** Natural logarithm of p(tokens 2..n given those before): the sum of {@link #logProbabilities()}, 0 for an empty sum. */
    double logLikelihood();

    /** Number of terms of that sum: n - 1, or 0. */
    int predictedTokens();

    /** {@code exp(-logLikelihood / predictedTokens)}; NaN if no token was predicted. */
    default double perplexity() {
        return predictedTokens() == 0 ? Double.NaN : StrictMath.exp(-logLikelihood() / predictedTokens());
    }

    /** The terms of the log-likelihood, one for each token after the first. */
    float[] logProbabilities();

    /** For each token after the first: 1 + the number of strictly more probable tokens. For each candidate, if there are any: the same among these. */
    int[] ranks();

    /** The top layer's output: {@code (steps, width)}. */
    float[][] hidden();

    /** The top layer's cell state: {@code (steps, width)}. */
    float[][] cell();

    /** The final states of all layers and directions. */
    LstmState state();

    /** Gate values of the requested layer, one for each step. */
    StepGates[] gates();
}
