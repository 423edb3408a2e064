package sluice.job.message;

/**
 * The rows are complete, but could not all be moved to their place. Of a directory the journal beside the output lists the remaining steps,
 * and the next run on this output, or {@code --status}, replays it. A catalog table of plain files has no journal. The exception also means
 * that the file system did not answer when the journal was created: then only a later look at it tells whether the rows are published.
 */
public final class UnfinishedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnfinishedException(String message, Throwable cause) {
        super(message, cause);
    }
}
