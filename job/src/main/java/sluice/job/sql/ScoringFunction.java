package sluice.job.sql;

import java.util.Locale;

/** The functions of the catalog. */
enum ScoringFunction {
    /** The columns that the model's settings request, as one struct. */
    SCORE(""),
    /** The most probable classes; the argument {@code k} is their number. */
    TOPK("topk"),
    /** The output layer's own numbers. */
    LOGITS("logits"),
    /** The sigmoid of these numbers. */
    SIGMOID("sigmoid"),
    /** The log-likelihood of the sequence. */
    LOGLIK("loglik");

    private final String column;

    ScoringFunction(String column) {
        this.column = column;
    }

    /** The name in SQL. */
    String sqlName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The output column that is the result, as in {@code output.emit}; empty for {@link #SCORE}. */
    String column() {
        return column;
    }

    /** Whether a call may list candidates as its last argument. */
    boolean takesCandidates() {
        return this != LOGLIK;
    }

    /** Whether classes may be excluded from the result. */
    boolean takesExclusions() {
        return this == SCORE || this == TOPK;
    }

    /** Whether the result is one column, which has the same type for all models. */
    boolean isOneColumn() {
        return this != SCORE;
    }
}
