package sluice.cell.bench;

/** Two engines gave different answers, so that nothing is timed. */
final class DisagreementException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DisagreementException(String message) {
        super(message);
    }
}
