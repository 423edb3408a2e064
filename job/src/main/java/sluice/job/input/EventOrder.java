package sluice.job.input;

import static org.apache.spark.sql.functions.exists;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.transform;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;
import sluice.job.message.RefusedException;
import sluice.job.row.RowDefect;
import sluice.job.settings.SortColumn;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/** The order of events, {@code input.order-by}: of the rows of a key, or of the elements of an array of structs. */
public final class EventOrder {
    private static final String KEY = "input.order-by";
    private static final String POSITION = "position";
    private static final Set<String> WITHOUT_ORDER = Set.of("variant", "interval");

    private EventOrder() {}

    /**
     * Resolves a column of the order.
     *
     * @throws RefusedException if there is no such column, or its values have no order
     */
    public static ColumnPath path(StructType schema, String name, ColumnNames names) {
        return ColumnPath.find(schema, name, names)
                .orElseThrow(() -> new RefusedException("%s: no column '%s' in the input, which has %s"
                        .formatted(KEY, name, ColumnPath.columns(schema))));
    }

    /** @throws RefusedException if the values of this type have no order */
    public static void requireOrdered(String name, DataType type) {
        if (isNested(type) || WITHOUT_ORDER.contains(type.catalogString())) {
            throw new RefusedException("%s: column '%s' has type %s, expected a number, text, a date or a time"
                    .formatted(KEY, name, type.catalogString()));
        }
    }

    /** Whether its values consist of several, so that they are neither a key nor ordered. */
    public static boolean isNested(DataType type) {
        return type instanceof ArrayType
                || type instanceof MapType
                || type instanceof StructType
                || type instanceof UserDefinedType<?>;
    }

    /** What a value is compared by, in this order: text as the number that it may be, then as it is. */
    public static List<Column> keys(Column value, DataType type) {
        return type.equals(DataTypes.StringType)
                ? List.of(value.try_cast(DataTypes.DoubleType), value)
                : List.of(value);
    }

    /** The values of a field of an array of structs, in the order of other fields of the structs. */
    record OfArray(Column values, Column defect) {
        /**
         * @param field within an array of structs
         * @throws RefusedException if a column of the order is not a field of the same array
         */
        static OfArray resolve(Dataset<Row> rows, ColumnNames names, ColumnPath field, List<SortColumn> order) {
            StructType schema = rows.schema();
            ColumnPath array = field.array(schema, "input.tokens")
                    .orElseThrow(() -> new RefusedException(
                            "%s = %s: '%s' is not a field of an array of structs, so its order is that of the column itself: leave %s empty,"
                                            .formatted(KEY, order, field.dotted(), KEY)
                                    + " or set input.group-by if a row of the table is an event"));
            boolean descending = order.get(0).descending();
            if (order.stream().anyMatch(column -> column.descending() != descending)) {
                throw new RefusedException(
                        "%s = %s: the elements of an array are sorted in one direction: make all of them desc, or none"
                                .formatted(KEY, order));
            }
            List<ColumnPath> fields = new ArrayList<>();
            List<DataType> types = new ArrayList<>();
            for (SortColumn column : order) {
                ColumnPath path = path(schema, column.name(), names);
                if (!path.array(schema, KEY).equals(Optional.of(array))) {
                    throw new RefusedException("%s: '%s' is not a field of '%s', the array of '%s'"
                            .formatted(KEY, column.name(), array.dotted(), field.dotted()));
                }
                DataType type = ((ArrayType) rows.select(rows.col(path.quoted()))
                                .schema()
                                .fields()[0]
                                .dataType())
                        .elementType();
                requireOrdered(column.name(), type);
                fields.add(path.after(array));
                types.add(type);
            }
            return of(rows.col(array.quoted()), field.after(array), fields, types, order);
        }

        private static OfArray of(
                Column array, ColumnPath value, List<ColumnPath> fields, List<DataType> types, List<SortColumn> order) {
            boolean descending = order.get(0).descending();
            Column keyed = transform(array, (event, at) -> {
                List<Column> keys = new ArrayList<>();
                for (int key = 0; key < fields.size(); key++) {
                    for (Column part : keys(get(event, fields.get(key)), types.get(key))) {
                        keys.add(part.as("key " + keys.size()));
                    }
                }
                // The position is the last key, so that events with equal values keep the order of the array.
                keys.add((descending ? at.unary_$minus() : at).as(POSITION));
                return struct(keys.toArray(Column[]::new));
            });
            Column values = transform(sort_array(keyed, !descending), key -> {
                Column at = key.getField(POSITION);
                return get(array.getItem(descending ? at.unary_$minus() : at), value);
            });
            Column defect = lit(null).cast(RowDefect.TYPE);
            for (int key = fields.size() - 1; key >= 0; key--) {
                ColumnPath path = fields.get(key);
                defect = when(
                                exists(array, event -> get(event, path).isNull()),
                                RowDefect.column(
                                        RowDefect.NULL_ORDER,
                                        "%s of an event is null, so its place is unknown"
                                                .formatted(order.get(key).name())))
                        .otherwise(defect);
            }
            return new OfArray(values, defect);
        }

        private static Column get(Column struct, ColumnPath path) {
            Column value = struct;
            for (String name : path.names()) {
                value = value.getField(name);
            }
            return value;
        }
    }
}
