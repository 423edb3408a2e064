package sluice.job.message;

/**
 * Everything is written and it is decided that it shall be shown, but it could not be moved to its place. The journal beside the output
 * says what is left to do, and whoever comes by next does it.
 */
public final class UnfinishedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnfinishedException(String message, Throwable cause) {
        super(message, cause);
    }
}
