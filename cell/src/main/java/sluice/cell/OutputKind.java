package sluice.cell;

import sluice.cell.model.Gate;
import sluice.cell.model.Readout;

/**
 * What can be computed for a sequence. Each constant says what the output needs, at which steps it is available, and how many numbers
 * it consists of; nothing else in the cell has a list of all kinds.
 */
public enum OutputKind {
    /** {@code y_t}, the probabilities of all K classes. */
    SOFTMAX(Source.CLASSES, Scope.STEP, 1, (widths, request) -> widths.classes()),
    /** {@code z_t = V h_t + d}, the output layer's own numbers: the values of a regression, or what a softmax or a sigmoid reads. */
    LOGITS(Source.OUTPUT_LAYER, Scope.STEP, 1, (widths, request) -> widths.classes()),
    /** {@code 1 / (1 + exp(-z_t))} of each logit: probabilities that are independent of each other. */
    SIGMOID(Source.OUTPUT_LAYER, Scope.STEP, 1, (widths, request) -> widths.classes()),
    /** The most probable class; the lowest index on a tie. */
    PREDICTION(Source.CLASSES, Scope.STEP, 0, (widths, request) -> 1),
    /** The k most probable classes and their probabilities, best first; on a tie the lower index first. */
    TOPK(Source.CLASSES, Scope.STEP, 2, (widths, request) -> 2L * request.topK()),
    /** Natural logarithm of the probability of all tokens after the first, each given those before it. */
    LOGLIK(Source.TARGETS, Scope.SEQUENCE, 1, (widths, request) -> 0),
    /** The terms of {@link #LOGLIK}, one for each token after the first. */
    LOGPROB(Source.TARGETS, Scope.EACH_STEP, 0, (widths, request) -> 1),
    /**
     * For each token after the first: 1 + the number of tokens strictly more probable. Compared by logit, so rounding of the
     * probabilities makes no ties. For a request of candidates: the same for each candidate, among the candidates.
     */
    RANK(Source.TARGETS, Scope.EACH_STEP, 0, (widths, request) -> request.hasCandidates() ? widths.classes() : 1),
    /**
     * The top layer's output. With two directions: both at this step, or for the last step what the model's {@linkplain Readout readout}
     * says. For the last step also the mean or the maximum of all steps, see {@link Pooling}.
     */
    HIDDEN(Source.STATES, Scope.STEP, 1, (widths, request) -> widths.hidden()),
    /** The top layer's cell state; with two directions, both as in {@link #HIDDEN}. */
    CELL(Source.STATES, Scope.STEP, 1, (widths, request) -> widths.cell()),
    /** The final h and c of all layers and directions, from which a later run can continue. */
    STATE(Source.STATES, Scope.END, 1, (widths, request) -> widths.state()),
    /** The gates of one layer in each step, and its cell state after the step: {@link StepGates}. */
    GATES(Source.STATES, Scope.EACH_STEP, 7, (widths, request) -> (Gate.COUNT + 1L) * widths.gate(request));

    /** What an output is computed from. */
    private enum Source {
        STATES,
        /** The output layer, each of its outputs on its own. */
        OUTPUT_LAYER,
        /** The output layer, its outputs compared with each other. */
        CLASSES,
        /** The same, and the sequence's own next tokens. */
        TARGETS
    }

    /** How many values a sequence has, and at which steps they can be requested. */
    private enum Scope {
        /** One for each answered step; at the last step or at each. */
        STEP,
        /** One for each step; at each step only. */
        EACH_STEP,
        /** One for the sequence; at the last step or at each. */
        SEQUENCE,
        /** One for the sequence; at the last step only. */
        END
    }

    private interface Size {
        long numbers(AnswerWidths widths, ScoreRequest request);
    }

    private final Source source;
    private final Scope scope;
    private final int objects;
    private final Size size;

    OutputKind(Source source, Scope scope, int objects, Size size) {
        this.source = source;
        this.scope = scope;
        this.objects = objects;
        this.size = size;
    }

    /** Whether the model must have an output layer. */
    public boolean needsOutputLayer() {
        return source != Source.STATES;
    }

    /** Whether it compares classes, so that it is always the same for a model with one. */
    public boolean comparesClasses() {
        return source == Source.CLASSES || source == Source.TARGETS;
    }

    /** Whether it is computed from the output layer for each answered step. */
    public boolean isDistribution() {
        return source == Source.OUTPUT_LAYER || source == Source.CLASSES;
    }

    /** Whether it is about the sequence's own next tokens, which then must be among the model's classes. */
    public boolean needsTargets() {
        return source == Source.TARGETS;
    }

    /** Whether it can be requested at these steps. */
    public boolean availableAt(Steps at) {
        return switch (scope) {
            case STEP, SEQUENCE -> true;
            case EACH_STEP -> at == Steps.EACH;
            case END -> at == Steps.LAST;
        };
    }

    /** Whether a sequence has one value, at whichever steps it is answered. */
    public boolean isPerSequence() {
        return scope == Scope.SEQUENCE || scope == Scope.END;
    }

    /**
     * Number of float32 or int32 values in the arrays of one value; 0 if a value has no array.
     *
     * @throws IllegalArgumentException if {@link #GATES} is requested for a layer that the model does not have
     */
    public long numbers(AnswerWidths widths, ScoreRequest request) {
        return size.numbers(widths, request);
    }

    /** Number of headers of Java objects in one value; 0 if the values of all steps are in one array. */
    public int objects() {
        return objects;
    }
}
