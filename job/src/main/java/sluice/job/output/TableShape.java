package sluice.job.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.AtomicType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;
import sluice.job.message.RefusedException;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/**
 * The columns of a table and its partitioning.
 *
 * @param columns of an existing directory: without the partition columns, because directory names state no types
 * @param partitionBy names of the partition columns, outermost first
 */
public record TableShape(StructType columns, List<String> partitionBy) {
    /**
     * The shape of the table to write.
     *
     * @param names of the partition columns, as the settings spell them
     * @throws RefusedException if it can't be partitioned by these columns
     */
    public static TableShape resolve(StructType columns, List<String> names, ColumnNames rule) {
        List<String> partitionBy = new ArrayList<>();
        for (String name : names) {
            StructField field =
                    ColumnPath.field(columns, name, rule, "output.partition-by", "scored table", "choose among these");
            if (!(field.dataType() instanceof AtomicType) || field.dataType() instanceof VariantType) {
                throw new RefusedException(
                        "output.partition-by: column '%s' has type %s, expected a number, string, date, timestamp or boolean"
                                .formatted(name, field.dataType().catalogString()));
            }
            partitionBy.add(field.name());
        }
        if (Set.copyOf(partitionBy).size() < partitionBy.size()) {
            throw new RefusedException(
                    "output.partition-by = %s: names a column twice".formatted(String.join(",", partitionBy)));
        }
        if (partitionBy.size() == columns.length()) {
            throw new RefusedException(
                    "output.partition-by = %s: these are all columns of the scored table, but its files need at least one; leave one out"
                            .formatted(String.join(",", partitionBy)));
        }
        return new TableShape(columns, List.copyOf(partitionBy));
    }

    /**
     * Compares the rows to write with an existing table.
     *
     * @param types whether the table's types are exact or inferred
     * @param names whether columns are the same if they differ in case
     * @return the first difference as a clause about the table, empty if the rows fit
     */
    Optional<String> difference(TableShape there, Types types, ColumnNames names) {
        if (!same(partitionBy, there.partitionBy, names)) {
            return Optional.of("it is partitioned by %s, and this run's rows by %s (output.partition-by)"
                    .formatted(list(there.partitionBy), list(partitionBy)));
        }
        for (StructField old : there.columns.fields()) {
            Optional<String> difference = difference(old, types, names);
            if (difference.isPresent()) {
                return difference;
            }
        }
        List<String> known = new ArrayList<>(Arrays.asList(there.columns.fieldNames()));
        known.addAll(partitionBy);
        return Arrays.stream(columns.fields())
                .filter(field -> types != Types.INFERRED && !names.contains(known, field.name()))
                .findFirst()
                .map(field -> "it has no column '%s' (%s), and this run's rows have one"
                        .formatted(field.name(), field.dataType().catalogString()));
    }

    private static boolean same(List<String> one, List<String> other, ColumnNames names) {
        return one.size() == other.size()
                && IntStream.range(0, one.size()).allMatch(at -> names.same(one.get(at), other.get(at)));
    }

    private Optional<String> difference(StructField old, Types types, ColumnNames names) {
        Optional<StructField> mine = Arrays.stream(columns.fields())
                .filter(field -> names.same(field.name(), old.name()))
                .findFirst();
        if (mine.isEmpty()) {
            return Optional.of("it has a column '%s' (%s), and this run's rows have none"
                    .formatted(old.name(), old.dataType().catalogString()));
        }
        DataType type = mine.get().dataType();
        return types.same(old.dataType(), type)
                ? Optional.empty()
                : Optional.of("its column '%s' has type %s, and this run's has %s"
                        .formatted(old.name(), old.dataType().catalogString(), type.catalogString()));
    }

    private static String list(List<String> names) {
        return names.isEmpty() ? "nothing" : String.join(", ", names);
    }

    /** How exactly an existing table's types are known. */
    enum Types {
        /** All columns are known with their types. */
        EXACT,
        /** The same, of a table that may have wider integers, because its format has no smaller ones: Iceberg. */
        WIDER,
        /** All columns are known with the types that Avro has for them. */
        AVRO,
        /** Types are inferred from values, and columns with only nulls are unknown: JSON. */
        INFERRED;

        private boolean same(DataType there, DataType mine) {
            return switch (this) {
                case EXACT -> there.catalogString().equals(mine.catalogString());
                case WIDER -> holds(there, mine);
                case AVRO ->
                    there.catalogString().equals(AvroColumns.stored(mine).catalogString());
                case INFERRED -> kind(there).equals(kind(mine));
            };
        }

        private static boolean holds(DataType there, DataType mine) {
            if (there instanceof ArrayType list && mine instanceof ArrayType other) {
                return holds(list.elementType(), other.elementType());
            }
            if (there instanceof MapType map && mine instanceof MapType other) {
                return holds(map.keyType(), other.keyType()) && holds(map.valueType(), other.valueType());
            }
            if (there instanceof StructType struct && mine instanceof StructType other) {
                return Arrays.equals(struct.fieldNames(), other.fieldNames())
                        && IntStream.range(0, struct.length())
                                .allMatch(field ->
                                        holds(struct.fields()[field].dataType(), other.fields()[field].dataType()));
            }
            return there instanceof IntegralType && mine instanceof IntegralType
                    ? there.defaultSize() >= mine.defaultSize()
                    : there.catalogString().equals(mine.catalogString());
        }

        private static String kind(DataType type) {
            if (type instanceof ArrayType) {
                return "list";
            }
            if (type instanceof StructType || type instanceof MapType) {
                return "object";
            }
            if (type instanceof NumericType) {
                return "number";
            }
            return type instanceof BooleanType ? "boolean" : "text";
        }
    }
}
