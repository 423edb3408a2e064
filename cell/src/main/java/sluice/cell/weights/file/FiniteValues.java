package sluice.cell.weights.file;

import sluice.cell.model.ModelException;

/** Checks that weights are finite: neither NaN nor infinite. */
public final class FiniteValues {
    private FiniteValues() {}

    /**
     * Returns the array unchanged.
     *
     * @throws ModelException if a value isn't finite; the message contains its index
     */
    public static float[] require(String tensor, Shape shape, float[] values) {
        for (int at = 0; at < values.length; at++) {
            if (!Float.isFinite(values[at])) {
                throw new ModelException(("tensor '%s' has the value %s at index %s, expected finite numbers that "
                                + "float32 can hold; train or export it again")
                        .formatted(tensor, values[at], shape.indexOf(at)));
            }
        }
        return values;
    }
}
