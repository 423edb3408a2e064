package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** The index of a {@code GetItem}: {@code h[:, -1, :]}, as Keras 3 and {@code tf.keras} write it. */
final class KerasSlices {
    private static final int AXES = 3; // rows, steps and values

    private KerasSlices() {}

    /**
     * Whether it selects the last step of a sequence, as {@code h[:, -1, :]}, {@code h[:, -1]} and {@code h[..., -1, :]} do.
     *
     * @param index one element for each axis, or fewer
     */
    static boolean isLastStep(List<JsonNode> index) {
        boolean fromEnd = index.size() == AXES && isEllipsis(index.get(0)) && isAll(index.get(2));
        boolean fromStart = index.size() >= 2
                && index.size() <= AXES
                && isAll(index.get(0))
                && (index.size() == 2 || isAll(index.get(2)) || isEllipsis(index.get(2)));
        return (fromEnd || fromStart) && index.get(1).isInt() && index.get(1).intValue() == -1;
    }

    private static boolean isEllipsis(JsonNode element) {
        return element.path("class_name").asText("").equals("__ellipsis__");
    }

    /** Whether it is the slice {@code :}. */
    private static boolean isAll(JsonNode element) {
        JsonNode bounds = element.path("class_name").asText("").equals("__slice__") ? element.path("config") : element;
        JsonNode step = bounds.path("step");
        return bounds.path("start").isNull()
                && bounds.path("stop").isNull()
                && (step.isNull() || (step.isInt() && step.intValue() == 1));
    }
}
