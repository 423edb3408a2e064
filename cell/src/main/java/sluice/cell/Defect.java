package sluice.cell;

/**
 * Why a sequence can't be scored.
 *
 * @param kind the stable name of the reason
 * @param text a sentence with the value found, its place, and what was expected
 */
public record Defect(Kind kind, String text) {
    /** The reasons. */
    public enum Kind {
        /** A token below 0, or at or above the number that the model knows. */
        TOKEN_OUT_OF_RANGE,
        /** The token that stands for nothing to this model. */
        TOKEN_IS_PADDING,
        /** A token after the first that the model has no class for, where its likelihood or rank is asked. */
        TARGET_OUT_OF_RANGE,
        /** A feature that is NaN or infinite. */
        FEATURE_NOT_FINITE,
        /** A feature whose sums could overflow float32. */
        FEATURE_TOO_LARGE,
        /** More steps than one run can hold. */
        TOO_LONG,
        /** Tokens for a model of features, features for a model of tokens, or rows of another width. */
        WRONG_INPUT,
        /** A start state of other shapes than the model's, or with values that aren't finite and moderate. */
        WRONG_STATE,
        /**
         * A state that grew without bound while the sequence was read, as some activations let it. No rule sees it before: it is told by
         * {@link ScoredSequence#defect()}.
         */
        STATE_OVERFLOW
    }
}
