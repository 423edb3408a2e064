package sluice.job.sql;

/** What a function of SQL answers. */
public enum ScoringFunction {
    /** All that the model's settings ask for, as one struct. */
    SCORE(""),
    /** The most probable classes; how many, each call says. */
    TOPK("topk"),
    /** How probable the sequence is. */
    LOGLIK("loglik");

    private final String column;

    ScoringFunction(String column) {
        this.column = column;
    }

    /** The one column that is the answer, as {@code output.emit} names it. */
    String column() {
        return column;
    }

    /** Whether its one column is the answer, which then is of the same type for all models. */
    boolean isOneColumn() {
        return this != SCORE;
    }
}
