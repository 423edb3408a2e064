package sluice.job.bench;

/** Two contenders answer differently; the message says where. */
final class DisagreementException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DisagreementException(String message) {
        super(message);
    }
}
