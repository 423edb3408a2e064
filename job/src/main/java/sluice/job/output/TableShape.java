package sluice.job.output;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.AtomicType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;
import sluice.job.input.ColumnPath;
import sluice.job.message.RefusedException;

/**
 * The columns of a table and how it is partitioned.
 *
 * @param columns without those of the partitions, where these are known by their names alone
 * @param partitionBy the partitions' columns, outermost first
 */
public record TableShape(StructType columns, List<String> partitionBy) {
    /**
     * What is about to be written, once its columns and partitions are known to fit.
     *
     * @throws RefusedException where it can't be partitioned so
     */
    public static TableShape settle(StructType columns, List<String> partitionBy) {
        for (String name : partitionBy) {
            StructField field =
                    ColumnPath.field(columns, name, "output.partition-by", "scored table", "choose among these");
            if (!(field.dataType() instanceof AtomicType) || field.dataType() instanceof VariantType) {
                throw new RefusedException(
                        "output.partition-by: column '%s' has type %s, expected one with plain values: numbers, texts, dates"
                                .formatted(name, field.dataType().catalogString()));
            }
        }
        if (Set.copyOf(partitionBy).size() < partitionBy.size()) {
            throw new RefusedException(
                    "output.partition-by = %s: names a column twice".formatted(String.join(",", partitionBy)));
        }
        if (partitionBy.size() == columns.length()) {
            throw new RefusedException(
                    "output.partition-by = %s: those are all columns of the scored table, so that none is left for its files; leave one out"
                            .formatted(String.join(",", partitionBy)));
        }
        return new TableShape(columns, partitionBy);
    }

    /**
     * Whether rows of this shape may be put into a table of another.
     *
     * @param there the table's shape
     * @param types how exact its types are
     * @return what differs, or nothing
     */
    Optional<String> difference(TableShape there, Types types) {
        if (!partitionBy.equals(there.partitionBy)) {
            return Optional.of("it is partitioned by %s, and this run's rows by %s (output.partition-by)"
                    .formatted(list(there.partitionBy), list(partitionBy)));
        }
        for (StructField old : there.columns.fields()) {
            Optional<String> difference = difference(old, types);
            if (difference.isPresent()) {
                return difference;
            }
        }
        List<String> known = Arrays.asList(there.columns.fieldNames());
        return Arrays.stream(columns.fields())
                .filter(field ->
                        types == Types.EXACT && !known.contains(field.name()) && !partitionBy.contains(field.name()))
                .findFirst()
                .map(field -> "it has no column '%s' (%s), and this run's rows have one"
                        .formatted(field.name(), field.dataType().catalogString()));
    }

    private Optional<String> difference(StructField old, Types types) {
        Optional<StructField> mine = Arrays.stream(columns.fields())
                .filter(field -> field.name().equals(old.name()))
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

    /** What a table tells of its columns. */
    enum Types {
        /** All columns with their types, be their values null or not. */
        EXACT,
        /** What values look like, and no columns of nulls: JSON. */
        GUESSED;

        private boolean same(DataType there, DataType mine) {
            return this == EXACT
                    ? there.catalogString().equals(mine.catalogString())
                    : kind(there).equals(kind(mine));
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
