package sluice.cell.model;

/**
 * A model that cannot be used: a damaged or inconsistent file, shapes that do not fit together, a value that is not finite.
 *
 * <p>The message is for the user: where, what was found, what was expected and what to do. It is {@link Printable}.
 */
public class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ModelException(String message) {
        super(Printable.of(message));
    }

    public ModelException(String message, Throwable cause) {
        super(Printable.of(message), cause);
    }
}
