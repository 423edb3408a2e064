package sluice.job.message;

/**
 * What the user asked for can't be done as it stands: wrong settings, a wrong model, a wrong table. Nothing was started and nothing
 * was written; the message says where, what was found, what was expected and what to do.
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
