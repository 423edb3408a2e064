package sluice.cell.weights.file;

import sluice.cell.model.ModelException;

/** What weights are: neither NaN nor infinite. */
public final class FiniteValues {
    private FiniteValues() {}

    /**
     * The same values.
     *
     * @throws ModelException where one isn't finite; the message tells where it stands
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
