package sluice.job.message;

/**
 * The rows are complete, but could not all be moved to their place. Of a directory the journal beside the output lists the remaining steps,
 * and the next run on this output, or {@code --status}, replays it. A catalog table of plain files has no journal.
 */
public final class UnfinishedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnfinishedException(String message, Throwable cause) {
        super(message, cause);
    }
}
