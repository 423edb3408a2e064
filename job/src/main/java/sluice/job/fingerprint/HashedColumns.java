package sluice.job.fingerprint;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** The columns of a table that its fingerprint covers, in the order in which they are hashed. */
public final class HashedColumns implements Serializable {
    private static final long serialVersionUID = 1L;

    private final StructType columns;

    private HashedColumns(StructType columns) {
        this.columns = columns;
    }

    /** All columns, for a format that returns every value as it was written: Parquet with Spark's types in the footer. */
    public static HashedColumns all(StructType written) {
        return new HashedColumns(written);
    }

    /**
     * The columns that every format returns as they were written: numbers, texts, dates, truth values and binary values, and lists and
     * structs of these. Not times, maps and other types: JSON writes a time in milliseconds. Sorted by name, because a catalog has an
     * order of its own.
     */
    public static HashedColumns exact(StructType written) {
        return new HashedColumns(new StructType(Arrays.stream(written.fields())
                .filter(field -> isExact(field.dataType()))
                .sorted(Comparator.comparing(StructField::name))
                .toArray(StructField[]::new)));
    }

    private static boolean isExact(DataType type) {
        if (type instanceof ArrayType list) {
            return isExact(list.elementType());
        }
        if (type instanceof StructType struct) {
            return Arrays.stream(struct.fields()).allMatch(field -> isExact(field.dataType()));
        }
        return type instanceof NumericType
                || type instanceof StringType
                || type instanceof DateType
                || type instanceof BooleanType
                || type instanceof BinaryType;
    }

    /** The columns that {@link #ddl()} states. */
    public static HashedColumns of(String ddl) {
        return new HashedColumns(StructType.fromDDL(ddl));
    }

    /** Names and types in Spark's DDL. */
    public String ddl() {
        return columns.toDDL();
    }

    public StructType schema() {
        return columns;
    }

    public List<String> names() {
        return List.of(columns.fieldNames());
    }

    /** Whether a schema has all these columns. */
    public boolean areIn(StructType schema) {
        return Set.of(schema.fieldNames()).containsAll(names());
    }

    /** Whether the rows of this schema are hashed as they are. */
    boolean areAllOf(StructType schema) {
        return Arrays.equals(schema.fieldNames(), columns.fieldNames());
    }

    /** Copies these columns out of rows of a schema that has them. */
    UnsafeProjection projection(StructType schema) {
        Stream<Expression> ordinals = IntStream.range(0, columns.length()).mapToObj(at -> {
            int ordinal = schema.fieldIndex(columns.apply(at).name());
            return new BoundReference(ordinal, schema.apply(ordinal).dataType(), true);
        });
        return UnsafeProjection.create(
                CollectionConverters.asScala(ordinals.toList()).toIndexedSeq());
    }
}
