package sluice.job.event;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.job.input.EventOrder;
import sluice.job.input.InputTable;
import sluice.job.message.RefusedException;
import sluice.job.row.RowDefect;
import sluice.job.settings.AnswerClasses;
import sluice.job.settings.Settings;
import sluice.job.settings.SortColumn;
import sluice.job.source.ColumnPath;

/**
 * Groups a table of one row an event into a table of one sequence a key. The rows of a key are brought together and sorted by Spark, by
 * the columns of {@code input.order-by}, then by the token and by all other columns, so that the sequences do not depend on the
 * partitioning of the input.
 */
public final class EventTable {
    private static final String ORDER = "sluice order ";

    private final InputTable events;
    private final Settings settings;
    private final StructType schema;
    private final List<ColumnPath> orders;
    private final List<String> collected;
    private final List<String> parts; // names of the model's inputs, if it has several

    private EventTable(InputTable events, Settings settings, LstmModel model) {
        this.events = events;
        this.settings = settings;
        this.schema = events.wholeSchema();
        this.orders = settings.input().events().orderBy().stream()
                .map(column -> EventOrder.path(schema, column.name(), events.names()))
                .toList();
        this.collected = found(settings.input().events().collect(), "input.collect", "set it to columns of the input");
        this.parts = model.parts().stream().map(InputPart::name).toList();
    }

    /** The names of these columns as the table spells them. */
    private List<String> found(List<String> columns, String key, String remedy) {
        return columns.stream()
                .map(name -> ColumnPath.field(schema, name, events.names(), key, remedy))
                .map(StructField::name)
                .toList();
    }

    /**
     * The table of the sequences: the columns that the run needs, the sequence as an array, and {@link InputTable#DEFECT},
     * {@link InputTable#EVENTS} and {@link InputTable#OPEN}. It is not computed before it is used, and again each time that it is used.
     * The sequence of a model with several inputs is a struct of arrays, one for each input.
     *
     * @return the table itself if its rows are sequences, or if it has no column of tokens
     * @throws RefusedException if a column of the settings is missing, or can't be used as they say
     */
    public static InputTable grouped(InputTable events, Settings settings, LstmModel model) {
        boolean groups = settings.input().events().areRows() && events.sequenceColumn() >= 0;
        return groups ? new EventTable(events, settings, model).grouped() : events;
    }

    private InputTable grouped() {
        List<String> names = Arrays.asList(schema.fieldNames());
        List<String> keys = keys();
        List<Integer> selected = selected(keys);
        boolean isNested = events.sequenceColumn() >= schema.length();
        int sequence = isNested ? selected.size() : selected.indexOf(events.sequenceColumn());
        List<Column> columns = new ArrayList<>();
        selected.forEach(column -> columns.add(column(events.rows().columns()[column])));
        if (isNested) {
            columns.add(column(InputTable.SEQUENCE));
        }
        int[] orderPlaces = new int[orders.size()];
        for (int at = 0; at < orders.size(); at++) {
            ColumnPath path = orders.get(at);
            boolean isSelected = path.isTop() && selected.contains(path.top());
            orderPlaces[at] = isSelected ? selected.indexOf(path.top()) : columns.size();
            if (!isSelected) {
                columns.add(col(path.quoted()).as(ORDER + at));
            }
        }
        int corrupt = events.corruptColumn() < 0 ? -1 : columns.size();
        if (corrupt >= 0) {
            columns.add(column(events.rows().columns()[events.corruptColumn()]));
        }
        Dataset<Row> rows = events.rows().select(columns.toArray(Column[]::new));
        EventLayout layout = new EventLayout(
                selected.size(),
                sequence,
                arrays(selected, sequence, keys),
                keys.stream()
                        .mapToInt(key -> selected.indexOf(names.indexOf(key)))
                        .toArray(),
                keys,
                orderPlaces,
                orders.stream().map(ColumnPath::dotted).toList(),
                corrupt);
        StructType type = type(rows.schema(), layout);
        Dataset<Row> sequences = rows.groupBy(keys.stream()
                        .map(key -> column(rows, layout.keys[keys.indexOf(key)]))
                        .toArray(Column[]::new))
                .as(Encoders.row(keyType(rows.schema(), layout)), Encoders.row(rows.schema()))
                .flatMapSortedGroups(
                        order(rows, layout),
                        new EventCollector(layout, settings.input().limits()),
                        Encoders.row(type));
        return new InputTable(
                parts.isEmpty() ? sequences : withColumnsOfParts(sequences),
                kept(selected),
                sequence,
                -1,
                events.notes());
    }

    /** The array of structs of several inputs as a struct of arrays. */
    private Dataset<Row> withColumnsOfParts(Dataset<Row> sequences) {
        Column structs = column(InputTable.SEQUENCE);
        return sequences.withColumn(
                InputTable.SEQUENCE,
                struct(parts.stream()
                        .map(name -> structs.getField(name).as(name))
                        .toArray(Column[]::new)));
    }

    private List<String> keys() {
        List<String> keys = found(
                settings.input().events().groupBy(),
                "input.group-by",
                "set it to the columns that identify a sequence");
        if (Set.copyOf(keys).size() < keys.size()) {
            throw new RefusedException("input.group-by = %s: names a column twice".formatted(String.join(", ", keys)));
        }
        for (String name : keys) {
            DataType type = schema.apply(name).dataType();
            if (EventOrder.isNested(type)) {
                throw new RefusedException(
                        "input.group-by: column '%s' has type %s, expected a text, a number or a date"
                                .formatted(name, type.catalogString()));
            }
            if (schema.fieldIndex(name) == events.sequenceColumn() || collected.contains(name)) {
                throw new RefusedException(
                        "input.group-by: column '%s' is the key of a sequence and can't be %s as well: name different columns"
                                .formatted(name, collected.contains(name) ? "input.collect" : "input.tokens"));
            }
        }
        return keys;
    }

    /** Indexes of the columns that the run needs, in the order of the input. */
    private List<Integer> selected(List<String> keys) {
        SortedSet<Integer> selected = new TreeSet<>(events.keptColumns());
        if (events.sequenceColumn() < schema.length()) {
            selected.add(events.sequenceColumn());
        }
        AnswerClasses classes = settings.output().classes();
        Stream.of(keys, collected, settings.input().key(), settings.state().key(), classes.columns())
                .flatMap(List::stream)
                .flatMap(name ->
                        ColumnPath.find(schema, name, events.names())
                                .stream()) // others are refused where they are used
                .map(ColumnPath::top)
                .forEach(selected::add);
        selected.remove(events.corruptColumn());
        return List.copyOf(selected);
    }

    private boolean[] arrays(List<Integer> selected, int sequence, List<String> keys) {
        boolean[] isArray = new boolean[selected.size()];
        for (int at = 0; at < isArray.length; at++) {
            String name = schema.fieldNames()[selected.get(at)];
            isArray[at] = at == sequence || collected.contains(name) || (isPart(name) && !keys.contains(name));
        }
        return isArray;
    }

    private boolean isPart(String column) {
        return parts.stream()
                .flatMap(name -> ColumnPath.find(schema, name, events.names()).stream())
                .anyMatch(path -> path.isTop() && path.dotted().equals(column));
    }

    /** Places of the kept columns; {@code input.columns} gives their order. */
    private List<Integer> kept(List<Integer> selected) {
        Set<Integer> kept = new LinkedHashSet<>();
        events.keptColumns().forEach(column -> kept.add(selected.indexOf(column)));
        return List.copyOf(kept);
    }

    private static Column column(String name) {
        return col(ColumnPath.quoted(name));
    }

    private static Column column(Dataset<Row> rows, int place) {
        return rows.col(ColumnPath.quoted(rows.columns()[place]));
    }

    /** The columns of the order, then the token, then all others: what is equal in all of them can be exchanged. */
    private Column[] order(Dataset<Row> rows, EventLayout layout) {
        List<Column> keys = new ArrayList<>();
        List<SortColumn> named = settings.input().events().orderBy();
        for (int at = 0; at < named.size(); at++) {
            DataType type = rows.schema().fields()[layout.orders[at]].dataType();
            EventOrder.requireOrdered(named.get(at).name(), type);
            boolean descending = named.get(at).descending();
            EventOrder.keys(column(rows, layout.orders[at]), type)
                    .forEach(key -> keys.add(descending ? key.desc() : key.asc()));
        }
        IntStream.concat(IntStream.of(layout.sequence), IntStream.range(0, rows.columns().length))
                .distinct()
                .mapToObj(place -> {
                    Column value = column(rows, place);
                    DataType type = rows.schema().fields()[place].dataType();
                    return isOrdered(type) ? value : value.cast(DataTypes.StringType);
                })
                .forEach(keys::add);
        return keys.toArray(Column[]::new);
    }

    private static boolean isOrdered(DataType type) {
        if (type instanceof ArrayType array) {
            return isOrdered(array.elementType());
        }
        if (type instanceof StructType struct) {
            return Arrays.stream(struct.fields()).allMatch(field -> isOrdered(field.dataType()));
        }
        return !(type instanceof MapType) && !Set.of("variant", "interval").contains(type.catalogString());
    }

    private static StructType keyType(StructType rows, EventLayout layout) {
        return new StructType(Arrays.stream(layout.keys)
                .mapToObj(place -> rows.fields()[place])
                .toArray(StructField[]::new));
    }

    /** The type of the row of a sequence. */
    private static StructType type(StructType rows, EventLayout layout) {
        StructType type = new StructType();
        for (int column = 0; column < Math.max(layout.width, layout.sequence + 1); column++) {
            StructField field = rows.fields()[column];
            boolean isArray = column == layout.sequence || layout.isArray[column];
            type = type.add(
                    field.name(), isArray ? DataTypes.createArrayType(field.dataType()) : field.dataType(), true);
        }
        return type.add(InputTable.DEFECT, RowDefect.TYPE)
                .add(InputTable.EVENTS, DataTypes.LongType, false)
                .add(InputTable.OPEN, DataTypes.LongType, false);
    }

    /** The names of the key columns of a table that this class grouped; empty for another table. */
    static Optional<List<String>> keysOf(InputTable table, Settings settings) {
        return Arrays.asList(table.rows().columns()).contains(InputTable.EVENTS)
                ? Optional.of(settings.input().events().groupBy())
                : Optional.empty();
    }
}
