package sluice.cell;

import java.util.Optional;

/**
 * The answer to one sequence: what the {@link ScoreRequest} asked for, null for the rest.
 *
 * <p>A "step" is an answered one: the last alone, or each. Arrays belong to the caller, but steps of different sequences may
 * share them, so they are not to be written.
 */
public interface ScoredSequence {
    /**
     * Why there is no answer: what {@link SequenceRules} can't see before a sequence is scored, {@link Defect.Kind#STATE_OVERFLOW}. Then
     * everything else is null or 0, whatever was asked.
     */
    Optional<Defect> defect();

    /** {@code y_t}: {@code (steps, K)}. */
    float[][] softmax();

    /** The most probable class of each step. */
    int[] prediction();

    /** The most probable classes, best first: {@code (steps, k)}. */
    int[][] topTokens();

    /** Their probabilities: {@code (steps, k)}. */
    float[][] topProbabilities();

    /** Natural logarithm of p(tokens 2..n given those before): the sum of the terms, 0 where there are none. */
    double logLikelihood();

    /** How many terms that sum has: n - 1, or 0. */
    int predictedTokens();

    /** {@code exp(-logLikelihood / predictedTokens)}; NaN where nothing was predicted. */
    default double perplexity() {
        return predictedTokens() == 0 ? Double.NaN : StrictMath.exp(-logLikelihood() / predictedTokens());
    }

    /** The terms of the log-likelihood, one for each token after the first. */
    float[] logProbabilities();

    /** For each token after the first: 1 + the number of strictly more probable ones. */
    int[] ranks();

    /** The top layer's output: {@code (steps, width)}. */
    float[][] hidden();

    /** The top layer's cell state: {@code (steps, width)}. */
    float[][] cell();

    /** The final states of all layers and directions. */
    LstmState state();

    /** What the gates of the chosen layer did: one for each step. */
    StepGates[] gates();
}
