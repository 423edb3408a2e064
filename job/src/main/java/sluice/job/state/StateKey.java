package sluice.job.state;

import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.input.ColumnPath;
import sluice.job.message.RefusedException;

/**
 * The columns that tell whose state a row is. Immutable, sent to the executors.
 *
 * @param columns plain ones: texts or whole numbers
 * @param places where they stand in a row of the input
 */
record StateKey(StructField[] columns, int[] places) implements Serializable {
    private static final List<DataType> TYPES = List.of(
            DataTypes.StringType, DataTypes.ByteType, DataTypes.ShortType, DataTypes.IntegerType, DataTypes.LongType);

    /** What else a table of states has columns for. */
    private static final Set<String> TAKEN = Set.of(StateCodec.HIDDEN, StateCodec.CELL, StateCodec.SEEN);

    /** @throws RefusedException where the input has no such columns, or they can't be a key */
    static StateKey settle(StructType input, List<String> names) {
        if (Set.copyOf(names).size() < names.size()) {
            throw new RefusedException("state.key = %s: names a column twice".formatted(String.join(",", names)));
        }
        StructField[] columns = names.stream()
                .map(name -> ColumnPath.field(input, name, "state.key", "set it to columns of the input"))
                .toArray(StructField[]::new);
        for (StructField column : columns) {
            if (!TYPES.contains(column.dataType())) {
                throw new RefusedException(
                        "state.key: column '%s' has type %s, expected string, tinyint, smallint, int or bigint"
                                .formatted(column.name(), column.dataType().catalogString()));
            }
            if (TAKEN.contains(column.name().toLowerCase(Locale.ROOT))) {
                throw new RefusedException(
                        "state.key: a table of states has a column '%s' of its own; give the input's another name"
                                .formatted(column.name()));
            }
        }
        return new StateKey(columns, names.stream().mapToInt(input::fieldIndex).toArray());
    }

    String[] names() {
        return Arrays.stream(columns).map(StructField::name).toArray(String[]::new);
    }

    /** The types by the names, in order. */
    Map<String, String> types() {
        Map<String, String> types = new LinkedHashMap<>();
        for (StructField column : columns) {
            types.put(column.name(), column.dataType().catalogString());
        }
        return types;
    }

    /** {@code account (bigint), device (string)}. */
    static String sentence(Map<String, String> types) {
        return types.entrySet().stream()
                .map(column -> "%s (%s)".formatted(column.getKey(), column.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** The first of a row's key columns that is null, or null where none is. */
    String firstNull(Row row) {
        for (int at = 0; at < places.length; at++) {
            if (row.isNullAt(places[at])) {
                return columns[at].name();
            }
        }
        return null;
    }

    /** The keys of those rows that have one, in columns of names that no input has. */
    Dataset<Row> of(Dataset<Row> rows) {
        Column isThere = Arrays.stream(columns)
                .map(column -> functions.col(ColumnPath.quoted(column.name())).isNotNull())
                .reduce(Column::and)
                .orElseThrow();
        return rows.filter(isThere).select(asKeys());
    }

    /** The key's columns by the names that {@link #of} gives them. */
    Column[] asKeys() {
        return IntStream.range(0, columns.length)
                .mapToObj(at ->
                        functions.col(ColumnPath.quoted(columns[at].name())).as(keyName(at)))
                .toArray(Column[]::new);
    }

    /** The names that {@link #of} gives the columns. */
    String[] keyNames() {
        return IntStream.range(0, columns.length).mapToObj(StateKey::keyName).toArray(String[]::new);
    }

    private static String keyName(int column) {
        return "sluice key " + column;
    }

    /** Whether a row of a table has the key that a row of another, made by {@link #of} or {@link #asKeys}, has. */
    Column joins() {
        return IntStream.range(0, columns.length)
                .mapToObj(at -> functions
                        .col(ColumnPath.quoted(columns[at].name()))
                        .equalTo(functions.col(ColumnPath.quoted(keyName(at)))))
                .reduce(Column::and)
                .orElseThrow();
    }
}
