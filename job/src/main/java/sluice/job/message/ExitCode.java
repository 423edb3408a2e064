package sluice.job.message;

/** What a run tells its scheduler. */
public enum ExitCode {
    /** What was asked is done: all rows were scored and written, the model was described or saved. */
    SCORED(0),
    /** The run was started and failed; nothing was written, or it waits with its journal to be shown ({@link UnfinishedException}). */
    FAILED(1),
    /** Settings, model or table are wrong; nothing was started. */
    REFUSED(2),
    /** More rows couldn't be scored than {@code bad-rows} allows; nothing was written. Another try would find the same rows. */
    BAD_ROWS(3);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
