package sluice.job.bench;

/** A process has ended before it answered; the message has what it said last. */
final class ChildException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ChildException(String message) {
        super(message);
    }
}
