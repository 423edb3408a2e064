package sluice.job.message;

/** A task was refused because of the Java that its executor runs on. The run ends with {@link ExitCode#REFUSED}. */
final class UnsafeJavaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsafeJavaException(String message) {
        super(message);
    }
}
