package sluice.cell.model;

import java.util.Locale;

/** Checks of arrays of weights. */
final class Vectors {
    private Vectors() {}

    static void requireFinite(String what, float[] values) {
        for (int at = 0; at < values.length; at++) {
            if (!Float.isFinite(values[at])) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "%s holds %s at index %d: weights must be finite numbers; train or export it again",
                        what,
                        values[at],
                        at));
            }
        }
    }

    static void requireLength(String what, float[] values, int expected) {
        if (values.length != expected) {
            throw new ModelException(
                    String.format(Locale.ROOT, "%s has %d values, expected %d", what, values.length, expected));
        }
    }
}
