package sluice.job.bench;

/** A process ended before it responded; the message has the last lines of its log. */
final class ChildException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ChildException(String message) {
        super(message);
    }
}
