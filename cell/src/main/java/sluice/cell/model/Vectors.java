package sluice.cell.model;

/** Checks of arrays of weights. */
final class Vectors {
    private Vectors() {}

    static void requireFinite(String what, float[] values) {
        for (int at = 0; at < values.length; at++) {
            if (!Float.isFinite(values[at])) {
                throw new ModelException(
                        "%s holds %s at index %d: weights must be finite numbers; train or export it again"
                                .formatted(what, values[at], at));
            }
        }
    }

    static void requireLength(String what, float[] values, int expected) {
        if (values.length != expected) {
            throw new ModelException("%s has %d values, expected %d".formatted(what, values.length, expected));
        }
    }
}
