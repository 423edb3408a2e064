package sluice.job;

/** A row that can't be scored, under the rule that such a row stops the run. The message names the row and says why. */
final class BadRowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadRowException(String message) {
        super(message);
    }
}
