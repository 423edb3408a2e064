package sluice.cell;

import sluice.cell.model.Readout;

/** What may be told of a sequence. */
public enum OutputKind {
    /** {@code y_t}, all K probabilities. */
    SOFTMAX(true, false, true),
    /** The most probable class; the lowest index on a tie. */
    PREDICTION(true, false, true),
    /** The k most probable classes, best first; on a tie the lower index first. */
    TOPK(true, false, true),
    /** Natural logarithm of the probability of all tokens after the first, each given those before it. */
    LOGLIK(true, true, true),
    /** The terms of {@link #LOGLIK}, one for each token after the first. */
    LOGPROB(true, true, false),
    /**
     * For each token after the first: 1 + the number of tokens strictly more probable. Compared by logit, so rounding of the
     * probabilities makes no ties.
     */
    RANK(true, true, false),
    /** The top layer's output; with two directions, both at this step, or at last as the model's {@linkplain Readout readout} says. */
    HIDDEN(false, false, true),
    /** The top layer's cell state; with two directions, both as in {@link #HIDDEN}. */
    CELL(false, false, true),
    /** The final h and c of all layers and directions: what a run can continue from. */
    STATE(false, false, true),
    /** What the gates of one layer did in each step, and what its cells then held: {@link StepGates}. */
    GATES(false, false, false);

    private final boolean needsOutputLayer;
    private final boolean needsTargets;
    private final boolean atLast;

    OutputKind(boolean needsOutputLayer, boolean needsTargets, boolean atLast) {
        this.needsOutputLayer = needsOutputLayer;
        this.needsTargets = needsTargets;
        this.atLast = atLast;
    }

    /** Whether a model must have an output layer to tell it. */
    public boolean needsOutputLayer() {
        return needsOutputLayer;
    }

    /** Whether it speaks of the sequence's own next tokens, which then must be among the model's classes. */
    public boolean needsTargets() {
        return needsTargets;
    }

    /** Whether it can be told at these steps: {@link #STATE} at the last only, {@link #LOGPROB}, {@link #RANK} and {@link #GATES} at each. */
    public boolean toldAt(Steps at) {
        return at == Steps.LAST ? atLast : this != STATE;
    }
}
