package sluice.cell;

import java.util.Optional;

/**
 * The answer to one sequence: what the {@link ScoreRequest} asked for, null for the rest.
 *
 * <p>A "step" is an answered one: the last alone, or each. Arrays belong to the caller, but steps of different sequences may
 * share them, so they are not to be written.
 */
public final class ScoredSequence {
    float[][] softmax;
    int[] prediction;
    int[][] topTokens;
    float[][] topProbabilities;
    double logLikelihood;
    int predictedTokens;
    float[] logProbabilities;
    int[] ranks;
    float[][] hidden;
    float[][] cell;
    LstmState state;
    StepGates[] gates;
    private Defect defect;

    ScoredSequence() {}

    /** The answer to a sequence that turned out to have none. */
    static ScoredSequence unscorable(Defect defect) {
        ScoredSequence scored = new ScoredSequence();
        scored.defect = defect;
        return scored;
    }

    /**
     * Why there is no answer: what {@link SequenceRules} can't see before a sequence is scored, {@link Defect.Kind#STATE_OVERFLOW}. Then
     * everything else is null or 0, whatever was asked.
     */
    public Optional<Defect> defect() {
        return Optional.ofNullable(defect);
    }

    /** {@code y_t}: {@code (steps, K)}. */
    public float[][] softmax() {
        return softmax;
    }

    /** The most probable class of each step. */
    public int[] prediction() {
        return prediction;
    }

    /** The most probable classes, best first: {@code (steps, k)}. */
    public int[][] topTokens() {
        return topTokens;
    }

    /** Their probabilities: {@code (steps, k)}. */
    public float[][] topProbabilities() {
        return topProbabilities;
    }

    /** Natural logarithm of p(tokens 2..n given those before): the sum of the terms, 0 where there are none. */
    public double logLikelihood() {
        return logLikelihood;
    }

    /** How many terms that sum has: n - 1, or 0. */
    public int predictedTokens() {
        return predictedTokens;
    }

    /** {@code exp(-logLikelihood / predictedTokens)}; NaN where nothing was predicted. */
    public double perplexity() {
        return predictedTokens == 0 ? Double.NaN : StrictMath.exp(-logLikelihood / predictedTokens);
    }

    /** The terms of the log-likelihood, one for each token after the first. */
    public float[] logProbabilities() {
        return logProbabilities;
    }

    /** For each token after the first: 1 + the number of strictly more probable ones. */
    public int[] ranks() {
        return ranks;
    }

    /** The top layer's output: {@code (steps, width)}. */
    public float[][] hidden() {
        return hidden;
    }

    /** The top layer's cell state: {@code (steps, width)}. */
    public float[][] cell() {
        return cell;
    }

    /** The final states of all layers and directions. */
    public LstmState state() {
        return state;
    }

    /** What the gates of the chosen layer did: one for each step. */
    public StepGates[] gates() {
        return gates;
    }
}
