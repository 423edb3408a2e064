package sluice.cell.weights.keras;

import io.jhdf.ObjectHeader;
import java.util.function.Supplier;
import sluice.cell.model.ModelException;

/** Calls of the HDF5 library whose exceptions become messages. */
final class Hdf5Library {
    private static final int MAX_HEADER_BYTES = 1 << 20;

    private Hdf5Library() {}

    /** Reads the object header of a group or an array: about a dozen messages, some of which are lists of names. */
    static ObjectHeader header(Hdf5Storage storage, long address) {
        return storage.within(MAX_HEADER_BYTES, () -> ObjectHeader.readObjectHeader(storage, address));
    }

    /**
     * Runs an action of the library and converts its exceptions.
     *
     * @param what description of what is read, for the message
     * @throws ModelException if it cannot be read, for any exception of the library
     */
    static <T> T guarded(String what, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (StackOverflowError e) {
            throw new ModelException(
                    "%s is nested without end: the file is damaged or malicious; save the model again".formatted(what),
                    e);
        } catch (RuntimeException e) {
            throw refusal(what, e);
        }
    }

    private static ModelException refusal(String what, RuntimeException thrown) {
        Throwable cause = thrown;
        while (!(cause instanceof ModelException) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof ModelException refusal) {
            return refusal;
        }
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new ModelException(
                "%s can't be read (%s): the file is damaged, or uses HDF5 features that Keras does not write; save it again"
                        .formatted(what, reason),
                thrown);
    }
}
