package sluice.job;

/** A row whose answer this process has not the memory to write. The message names it and says what would help. */
final class RowTooLargeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RowTooLargeException(String message) {
        super(message);
    }
}
