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
import sluice.job.message.RefusedException;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/** The key columns of the carried states ({@code state.key}). Immutable, sent to the executors; not a record, which Kryo can't read. */
final class StateKey implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final List<DataType> TYPES = List.of(
            DataTypes.StringType, DataTypes.ByteType, DataTypes.ShortType, DataTypes.IntegerType, DataTypes.LongType);

    /** The other columns of a state version. */
    private static final Set<String> RESERVED = Set.of(StateCodec.HIDDEN, StateCodec.CELL, StateCodec.SEEN);

    private final StructField[] columns;
    private final int[] places;

    /**
     * @param columns of type string or an integer type
     * @param places index of each column in a row of the input
     */
    private StateKey(StructField[] columns, int[] places) {
        this.columns = columns;
        this.places = places;
    }

    /** @throws RefusedException if the input lacks a column, or a column can't be part of a key */
    static StateKey resolve(StructType input, List<String> names, ColumnNames rule) {
        StructField[] columns = names.stream()
                .map(name -> ColumnPath.field(input, name, rule, "state.key", "set it to columns of the input"))
                .toArray(StructField[]::new);
        if (Arrays.stream(columns).map(StructField::name).distinct().count() < names.size()) {
            throw new RefusedException("state.key = %s: names a column twice".formatted(String.join(",", names)));
        }
        for (StructField column : columns) {
            if (!TYPES.contains(column.dataType())) {
                throw new RefusedException(
                        "state.key: column '%s' has type %s, expected string, tinyint, smallint, int or bigint"
                                .formatted(column.name(), column.dataType().catalogString()));
            }
            if (RESERVED.contains(column.name().toLowerCase(Locale.ROOT))) {
                throw new RefusedException(
                        "state.key: the name '%s' is reserved in a state version; rename the input's column"
                                .formatted(column.name()));
            }
        }
        return new StateKey(
                columns,
                Arrays.stream(columns)
                        .mapToInt(column -> input.fieldIndex(column.name()))
                        .toArray());
    }

    /** Not a copy. */
    StructField[] columns() {
        return columns;
    }

    /** Index of each column in a row of the input; not a copy. */
    int[] places() {
        return places;
    }

    String[] names() {
        return Arrays.stream(columns).map(StructField::name).toArray(String[]::new);
    }

    /** Types by name, in the order of the key. */
    Map<String, String> types() {
        Map<String, String> types = new LinkedHashMap<>();
        for (StructField column : columns) {
            types.put(column.name(), column.dataType().catalogString());
        }
        return types;
    }

    /** Formats a key, for example {@code account (bigint), device (string)}. */
    static String sentence(Map<String, String> types) {
        return types.entrySet().stream()
                .map(column -> "%s (%s)".formatted(column.getKey(), column.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** The name of the first key column that is null in a row, or null. */
    String firstNull(Row row) {
        for (int at = 0; at < places.length; at++) {
            if (row.isNullAt(places[at])) {
                return columns[at].name();
            }
        }
        return null;
    }

    /** The keys of the rows in which no key column is null. The columns are named {@link #aliases}. */
    Dataset<Row> keysOf(Dataset<Row> rows) {
        Column isNotNull = Arrays.stream(columns)
                .map(column -> functions.col(ColumnPath.quoted(column.name())).isNotNull())
                .reduce(Column::and)
                .orElseThrow();
        return rows.filter(isNotNull).select(aliased());
    }

    /** The key columns, renamed to {@link #aliases}. */
    Column[] aliased() {
        return IntStream.range(0, columns.length)
                .mapToObj(at ->
                        functions.col(ColumnPath.quoted(columns[at].name())).as(alias(at)))
                .toArray(Column[]::new);
    }

    /** Names of the key columns that no column of an input has, so that both sides of a join differ. */
    String[] aliases() {
        return IntStream.range(0, columns.length).mapToObj(StateKey::alias).toArray(String[]::new);
    }

    private static String alias(int column) {
        return "sluice key " + column;
    }

    /** Join condition: the key of a row equals the key of a row whose key columns are {@link #aliased}. */
    Column equalsAliased() {
        return IntStream.range(0, columns.length)
                .mapToObj(at -> functions
                        .col(ColumnPath.quoted(columns[at].name()))
                        .equalTo(functions.col(ColumnPath.quoted(alias(at)))))
                .reduce(Column::and)
                .orElseThrow();
    }
}
