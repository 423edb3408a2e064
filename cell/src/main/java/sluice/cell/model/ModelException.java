package sluice.cell.model;

/**
 * A model that can't be used: a file that is damaged or lies about itself, shapes that don't fit, a value that isn't finite.
 *
 * <p>The message is for the user and says where, what was found, what was expected and what to do.
 */
public class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ModelException(String message) {
        super(message);
    }

    public ModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
