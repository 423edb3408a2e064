package sluice.job.message;

/**
 * The output is written and committed, but could not be moved to its place. The journal beside the output lists the remaining steps. The
 * next run on this output, or {@code --status}, replays it.
 */
public final class UnfinishedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnfinishedException(String message, Throwable cause) {
        super(message, cause);
    }
}
