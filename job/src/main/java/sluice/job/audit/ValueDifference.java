package sluice.job.audit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.HumanText;

/**
 * The first place in which two values of an answer column differ by a bit.
 *
 * @param place for example {@code [3].probability}; empty for the value itself
 * @param found text of the value there
 * @param expected text of the value there
 */
record ValueDifference(String place, String found, String expected) {
    /** Null if the values have the same bits. */
    static ValueDifference of(
            SpecializedGetters found, int foundAt, SpecializedGetters expected, int expectedAt, DataType type) {
        if (found.isNullAt(foundAt) || expected.isNullAt(expectedAt)) {
            return found.isNullAt(foundAt) == expected.isNullAt(expectedAt)
                    ? null
                    : texts("", value(found, foundAt, type), value(expected, expectedAt, type), type);
        }
        if (type instanceof ArrayType list) {
            return ofLists(found.getArray(foundAt), expected.getArray(expectedAt), list);
        }
        if (type instanceof StructType struct) {
            InternalRow one = found.getStruct(foundAt, struct.length());
            InternalRow other = expected.getStruct(expectedAt, struct.length());
            for (int at = 0; at < struct.length(); at++) {
                StructField field = struct.apply(at);
                ValueDifference within = of(one, at, other, at, field.dataType());
                if (within != null) {
                    return within.in("." + field.name());
                }
            }
            return null;
        }
        if (type instanceof BinaryType) {
            return ofNumbers(found.getBinary(foundAt), expected.getBinary(expectedAt));
        }
        Object one = found.get(foundAt, type);
        Object other = expected.get(expectedAt, type);
        return one.equals(other) ? null : texts("", one, other, type); // boxed floats are equal if their bits are
    }

    private static ValueDifference ofLists(ArrayData found, ArrayData expected, ArrayType type) {
        if (found.numElements() != expected.numElements()) {
            return lengths(found.numElements(), expected.numElements());
        }
        for (int at = 0; at < found.numElements(); at++) {
            ValueDifference within = of(found, at, expected, at, type.elementType());
            if (within != null) {
                return within.in("[" + at + "]");
            }
        }
        return null;
    }

    /** Vectors of float32 in a binary value. */
    private static ValueDifference ofNumbers(byte[] found, byte[] expected) {
        if (found.length != expected.length || found.length % Float.BYTES != 0) {
            return found.length == expected.length ? null : lengths(found.length, expected.length);
        }
        ByteBuffer one = ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer other = ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < found.length; at += Float.BYTES) {
            if (one.getInt(at) != other.getInt(at)) {
                return new ValueDifference(
                        "[" + at / Float.BYTES + "]",
                        Float.toString(one.getFloat(at)),
                        Float.toString(other.getFloat(at)));
            }
        }
        return null;
    }

    private static ValueDifference lengths(int found, int expected) {
        return new ValueDifference("", length(found), length(expected));
    }

    private static String length(int size) {
        return HumanText.count(size, "value");
    }

    private static Object value(SpecializedGetters row, int at, DataType type) {
        return row.isNullAt(at) ? null : row.get(at, type);
    }

    private static ValueDifference texts(String place, Object found, Object expected, DataType type) {
        return new ValueDifference(place, text(found, type), text(expected, type));
    }

    /** A value of Spark's internal form as a user would write it. */
    static String text(Object value, DataType type) {
        return String.valueOf(CatalystTypeConverters.convertToScala(value, type));
    }

    private ValueDifference in(String outer) {
        return new ValueDifference(outer + place, found, expected);
    }
}
