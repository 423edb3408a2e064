package sluice.job.sql;

import java.util.Arrays;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;

/** Converts values of a row to Spark's internal ones. Spark's own converter boxes every number of a vector. */
final class SparkValues {
    private SparkValues() {}

    static Object of(Object value) {
        if (value instanceof String text) {
            return UTF8String.fromString(text);
        }
        if (value instanceof float[] numbers) {
            return UnsafeArrayData.fromPrimitiveArray(numbers);
        }
        if (value instanceof int[] numbers) {
            return UnsafeArrayData.fromPrimitiveArray(numbers);
        }
        if (value instanceof Object[] values) {
            return list(values);
        }
        if (value instanceof Row row) {
            return row(row);
        }
        return value; // null, a number or bytes
    }

    static InternalRow row(Row row) {
        Object[] values = new Object[row.length()];
        Arrays.setAll(values, at -> of(row.get(at)));
        return new GenericInternalRow(values);
    }

    private static ArrayData list(Object[] values) {
        return new GenericArrayData(Arrays.stream(values).map(SparkValues::of).toArray());
    }
}
