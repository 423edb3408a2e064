package sluice.job.message;

/** The exit code of a run. */
public enum ExitCode {
    /** Success: all rows were scored and written, or the model was described or saved. */
    SCORED(0),
    /** The run started and failed. Nothing was written, or the output is committed but not yet published ({@link UnfinishedException}). */
    FAILED(1),
    /** Settings, model or table are wrong. Nothing was started. */
    REFUSED(2),
    /** More bad rows than {@code bad-rows} allows. Nothing was written. A retry would find the same rows. */
    BAD_ROWS(3),
    /** {@code --audit}: the table's rows are not those that its runs wrote, or the model gives other answers. */
    DIFFERENT(3);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
