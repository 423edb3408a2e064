package sluice.cell.weights.file;

import sluice.cell.model.ModelException;

/** Memory for values that a file claims to have: too much of it is a sentence, not a crash. */
public final class Allocation {
    /** The longest array that every JVM can make. */
    public static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

    private Allocation() {}

    /**
     * An array for all values of a tensor.
     *
     * @throws ModelException where they are more than an array can hold, or than the heap has room for
     */
    public static float[] floats(String tensor, Shape shape) {
        long values = shape.values();
        if (values > MAX_LENGTH) {
            throw new ModelException(
                    "tensor '%s' has shape %s: %d values, expected at most %d, the longest array of Java"
                            .formatted(tensor, shape, values, MAX_LENGTH));
        }
        try {
            return new float[(int) values];
        } catch (OutOfMemoryError e) { // nothing is half done here, and the user can give it more
            throw new ModelException(
                    ("tensor '%s' has shape %s and needs %d bytes of memory, which this JVM "
                                    + "doesn't have; give it a larger heap")
                            .formatted(tensor, shape, values * Float.BYTES),
                    e);
        }
    }

    /**
     * An array for so many bytes.
     *
     * @param what they are, as the message calls it
     */
    public static byte[] bytes(String what, long length) {
        if (length > MAX_LENGTH) {
            throw new ModelException("%s has %d bytes, expected at most %d, the longest array of Java"
                    .formatted(what, length, MAX_LENGTH));
        }
        try {
            return new byte[(int) length];
        } catch (OutOfMemoryError e) {
            throw new ModelException(
                    "%s has %d bytes, for which this JVM has no memory; give it a larger heap".formatted(what, length),
                    e);
        }
    }
}
