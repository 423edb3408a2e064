package sluice.job.source;

import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The type that holds every value of two types, and that Spark's reader of Parquet can read both as. */
final class TypeWidening {
    /** Integer types from narrow to wide. */
    private static final List<DataType> WHOLE =
            List.of(DataTypes.ByteType, DataTypes.ShortType, DataTypes.IntegerType, DataTypes.LongType);

    private static final List<Integer> DIGITS = List.of(3, 5, 10, 20); // of each of these, as Spark counts them

    private TypeWidening() {}

    /** The wider type; empty if there is none. Elements and fields are nullable, as in all that Spark reads from files. */
    static Optional<DataType> widest(DataType one, DataType other) {
        if (one.equals(other)) {
            return Optional.of(one);
        }
        if (one instanceof ArrayType list && other instanceof ArrayType otherList) {
            return widest(list.elementType(), otherList.elementType()).map(DataTypes::createArrayType);
        }
        if (one instanceof MapType map && other instanceof MapType otherMap) {
            return widest(map.keyType(), otherMap.keyType())
                    .flatMap(key -> widest(map.valueType(), otherMap.valueType())
                            .map(value -> DataTypes.createMapType(key, value)));
        }
        if (one instanceof StructType struct && other instanceof StructType otherStruct) {
            return widestStruct(struct, otherStruct);
        }
        return widestNumber(one, other);
    }

    /** The first struct with the types of its fields widened. A field that the other one lacks is read as null. */
    private static Optional<DataType> widestStruct(StructType one, StructType other) {
        StructType widened = new StructType();
        for (StructField field : one.fields()) {
            Optional<DataType> type = Optional.of(field.dataType());
            for (StructField otherField : other.fields()) {
                if (otherField.name().equals(field.name())) {
                    type = widest(field.dataType(), otherField.dataType());
                }
            }
            if (type.isEmpty()) {
                return Optional.empty();
            }
            widened = widened.add(field.name(), type.get(), true, field.metadata());
        }
        return Optional.of(widened);
    }

    private static Optional<DataType> widestNumber(DataType one, DataType other) {
        int rank = WHOLE.indexOf(one);
        int otherRank = WHOLE.indexOf(other);
        if (rank >= 0 && otherRank >= 0) {
            return Optional.of(WHOLE.get(Math.max(rank, otherRank)));
        }
        if (isExactInDouble(one) && isExactInDouble(other)) {
            return Optional.of(DataTypes.DoubleType);
        }
        return decimal(one).flatMap(left -> decimal(other).flatMap(right -> widestDecimal(left, right)));
    }

    /** Whether every value is a double. A whole number of 64 bits may not be. */
    private static boolean isExactInDouble(DataType type) {
        int rank = WHOLE.indexOf(type);
        return type.equals(DataTypes.FloatType)
                || type.equals(DataTypes.DoubleType)
                || (rank >= 0 && rank < WHOLE.indexOf(DataTypes.LongType));
    }

    private static Optional<DecimalType> decimal(DataType type) {
        if (type instanceof DecimalType decimal) {
            return Optional.of(decimal);
        }
        int rank = WHOLE.indexOf(type);
        return rank < 0 ? Optional.empty() : Optional.of(DataTypes.createDecimalType(DIGITS.get(rank), 0));
    }

    private static Optional<DataType> widestDecimal(DecimalType one, DecimalType other) {
        int scale = Math.max(one.scale(), other.scale());
        int digits = Math.max(one.precision() - one.scale(), other.precision() - other.scale()) + scale;
        return digits > DecimalType.MAX_PRECISION()
                ? Optional.empty()
                : Optional.of(DataTypes.createDecimalType(digits, scale));
    }
}
