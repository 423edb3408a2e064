package sluice.job.input;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.UserDefinedType;

/** The features of one step, in each form that a row may hold them: an array, a struct, a part of a flat array, a {@code spark.ml} vector. */
final class StepFeatures {
    private static final String VECTOR = "vector";

    private StepFeatures() {}

    static int width(Object step) {
        if (step instanceof scala.collection.Seq<?> array) {
            return array.length();
        }
        if (step instanceof Row struct) {
            return struct.length();
        }
        return step instanceof double[] vector ? vector.length : ((List<?>) step).size();
    }

    static Number get(Object step, int feature) {
        if (step instanceof scala.collection.Seq<?> array) {
            return (Number) array.apply(feature);
        }
        if (step instanceof Row struct) {
            return (Number) struct.get(feature);
        }
        return step instanceof double[] vector ? Double.valueOf(vector[feature]) : (Number) ((List<?>) step).get(feature);
    }

    /** Whether a column's type is the vector of Spark's ML library, which need not be on the class path. */
    static boolean isVector(DataType type) {
        return type instanceof UserDefinedType<?> && type.typeName().equals(VECTOR);
    }

    /** The values of a dense or sparse vector. */
    static double[] ofVector(Object vector) {
        try {
            return (double[]) vector.getClass().getMethod("toArray").invoke(vector);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "%s is no vector of Spark's ML library".formatted(vector.getClass().getName()), e);
        }
    }
}
