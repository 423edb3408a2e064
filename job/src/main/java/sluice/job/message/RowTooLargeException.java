package sluice.job.message;

/** A row whose answer this process has not the memory to write. The message names it and says what would help. */
public final class RowTooLargeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RowTooLargeException(String message) {
        super(message);
    }
}
