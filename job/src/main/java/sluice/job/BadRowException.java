package sluice.job;

/** Rows that can't be scored, more of them than the settings allow. The message names one and says why. */
final class BadRowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadRowException(String message) {
        super(message);
    }
}
