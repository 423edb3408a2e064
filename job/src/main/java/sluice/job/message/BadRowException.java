package sluice.job.message;

/** Rows that can't be scored, more of them than the settings allow. The message names one and says why. */
public final class BadRowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadRowException(String message) {
        super(message);
    }
}
