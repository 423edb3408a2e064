package sluice.job.message;

/** A row whose answer doesn't fit into this process's memory. The message names the row and the settings that help. */
public final class RowTooLargeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RowTooLargeException(String message) {
        super(message);
    }
}
