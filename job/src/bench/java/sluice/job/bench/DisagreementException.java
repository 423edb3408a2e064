package sluice.job.bench;

/** Two contenders gave different outputs; the message says where. */
final class DisagreementException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DisagreementException(String message) {
        super(message);
    }
}
