package sluice.cell;

/**
 * The reason why a sequence cannot be scored.
 *
 * @param kind the stable name of the reason
 * @param text a sentence with the value found, its position, and the value expected
 */
public record Defect(Kind kind, String text) {
    /** The reasons. */
    public enum Kind {
        /** A token outside of {@code [0, n)}, where n is the model's number of tokens. */
        TOKEN_OUT_OF_RANGE,
        /** The model's padding token. */
        TOKEN_IS_PADDING,
        /** A step whose features all have the model's mask value. */
        STEP_IS_MASKED,
        /** A token after the first that is not one of the model's classes, although its likelihood or rank is requested. */
        TARGET_OUT_OF_RANGE,
        /** No candidates, although the answer is about candidates. */
        NULL_CANDIDATES,
        /** A candidate that is not one of the model's classes. */
        CANDIDATE_OUT_OF_RANGE,
        /** A feature that is NaN or infinite. */
        FEATURE_NOT_FINITE,
        /** A feature so large that a sum could overflow float32. */
        FEATURE_TOO_LARGE,
        /** More steps than fit the arrays of one batch. */
        TOO_LONG,
        /** Fewer steps than a window, although partial windows are not answered. */
        TOO_SHORT,
        /** Tokens for a model of features, features for a model of tokens, or rows of another width. */
        WRONG_INPUT,
        /** A start state whose shapes differ from the model's, or whose values exceed {@link SequenceRules#MAX_STATE}. */
        WRONG_STATE,
        /**
         * A state that exceeded {@link SequenceRules#MAX_STATE} during scoring, which unbounded activations allow. It cannot be checked
         * before scoring and is reported by {@link ScoredSequence#defect()}.
         */
        STATE_OVERFLOW
    }
}
