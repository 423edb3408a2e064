package sluice.job.row;

import java.util.List;
import org.apache.spark.sql.Row;

/** The features of one step, in each form that a row may hold them: an array, a struct or a part of a flat array. */
public final class StepFeatures {
    private StepFeatures() {}

    public static int width(Object step) {
        if (step instanceof scala.collection.Seq<?> array) {
            return array.length();
        }
        if (step instanceof Row struct) {
            return struct.length();
        }
        return ((List<?>) step).size();
    }

    /** A feature that is a number. */
    public static Number get(Object step, int feature) {
        return (Number) value(step, feature);
    }

    /** A number, a text that has not been read as a number yet, or null. */
    static Object value(Object step, int feature) {
        if (step instanceof scala.collection.Seq<?> array) {
            return array.apply(feature);
        }
        if (step instanceof Row struct) {
            return struct.get(feature);
        }
        return ((List<?>) step).get(feature);
    }
}
