package sluice.cell.weights.file;

import java.util.Locale;
import sluice.cell.model.ModelException;

/** Allocates arrays for values of a file. Too large a request is a {@link ModelException}, not a crash. */
public final class Allocation {
    /** The largest array length that every JVM supports. */
    public static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

    private Allocation() {}

    /**
     * Allocates an array for all values of a tensor.
     *
     * @throws ModelException if the tensor exceeds the maximum array length or the free heap
     */
    public static float[] floats(String tensor, Shape shape) {
        long values = shape.values();
        if (values > MAX_LENGTH) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has shape %s: %d values, expected at most %d, the maximum length of a Java array",
                    tensor,
                    shape,
                    values,
                    MAX_LENGTH));
        }
        try {
            return new float[(int) values];
        } catch (OutOfMemoryError e) { // safe to catch: no state was changed, and the user can set a larger heap
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "tensor '%s' has shape %s and needs %d bytes of memory, more than the heap of this JVM has free; "
                                    + "set a larger heap",
                            tensor,
                            shape,
                            values * Float.BYTES),
                    e);
        }
    }

    /**
     * Allocates a byte array.
     *
     * @param what the name of the content in messages
     */
    public static byte[] bytes(String what, long length) {
        if (length > MAX_LENGTH) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has %d bytes, expected at most %d, the maximum length of a Java array",
                    what,
                    length,
                    MAX_LENGTH));
        }
        try {
            return new byte[(int) length];
        } catch (OutOfMemoryError e) {
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "%s has %d bytes, more than the heap of this JVM has free; set a larger heap",
                            what,
                            length),
                    e);
        }
    }
}
