package sluice.job.message;

/**
 * The request is refused: settings, model or table are wrong. Nothing was started and nothing was written. The message says where, what
 * was found, what was expected and what to do.
 */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RefusedException(String message) {
        super(message);
    }

    public RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
