package sluice.job.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.file.NameList;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabularies;
import sluice.job.row.RowDefect;
import sluice.job.row.SequenceForm;
import sluice.job.settings.InputFormat;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;
import sluice.job.source.TableSource;
import sluice.job.vector.VectorType;

/**
 * The table to score.
 *
 * @param rows as Spark reads them; a sequence within a struct, or the struct of several inputs, is appended as a top-level column
 * @param keptColumns indexes of the columns that go into the output
 * @param sequenceColumn index of the sequence's column; -1 if the table has no column of that name
 * @param corruptColumn index of the column in which Spark puts the text of unparsable lines; -1 if there is none
 * @param notes what the user should know about the columns, as sentences
 */
public record InputTable(
        Dataset<Row> rows, List<Integer> keptColumns, int sequenceColumn, int corruptColumn, List<String> notes) {
    private static final String CORRUPT_COLUMN_SETTING = "spark.sql.columnNameOfCorruptRecord";

    /** Name of the appended column of a sequence within a struct, or of several inputs. Reserved name, chosen to avoid collisions. */
    public static final String SEQUENCE = "sluice sequence";

    /** Name of the column of a defect that was found before the sequence is read, of type {@link RowDefect#TYPE}. Reserved. */
    public static final String DEFECT = "sluice defect";

    /** Name of the column of the number of events of a sequence. Reserved. */
    public static final String EVENTS = "sluice events";

    /** Name of the column of the number of events of a sequence whose place is open. Reserved. */
    public static final String OPEN = "sluice open";

    /** Name of the column of carried states that are joined to the table. Reserved name, chosen to avoid collisions. */
    public static final String STATE = "sluice state";

    private static final Set<String> RESERVED = Set.of(SEQUENCE, STATE, DEFECT, EVENTS, OPEN);

    private static final int SAMPLED_ROWS = 1_000;

    /** A table without notes. */
    public InputTable(Dataset<Row> rows, List<Integer> keptColumns, int sequenceColumn, int corruptColumn) {
        this(rows, keptColumns, sequenceColumn, corruptColumn, List.of());
    }

    /** @throws RefusedException if the paths hold no such table, or filter or columns do not fit it */
    public static InputTable read(SparkSession spark, Settings.Input settings, LstmModel model) {
        if (!model.parts().isEmpty() && settings.format() == InputFormat.TEXT) {
            throw new RefusedException(
                    "input.format = text has one column, and the model has several inputs, each in a column of its own: write the table as CSV, JSON or Parquet");
        }
        TableSource source = new TableSource(spark, settings);
        TableSource.Found found = source.read();
        Dataset<Row> rows = found.rows();
        if (settings.format() == InputFormat.CSV) { // Spark would infer a number from sequences of one token
            rows = source.read(
                    model.parts().isEmpty()
                            ? withSequence(rows.schema(), spark, settings, DataTypes.StringType)
                            : withCorruptColumn(PartsPlan.asText(rows.schema(), ColumnNames.of(spark), model), spark));
        }
        InputTable table = of(spark, rows, settings, model);
        if (table.readableSchema().isEmpty()) {
            throw source.holdsNothing();
        }
        return new InputTable(table.rows, table.keptColumns, table.sequenceColumn, table.corruptColumn, found.notes());
    }

    /**
     * The table of these rows.
     *
     * @throws RefusedException if filter or columns do not fit it
     */
    public static InputTable of(SparkSession spark, Dataset<Row> read, Settings.Input settings, LstmModel model) {
        Dataset<Row> rows = filtered(read, settings);
        String corruptName = spark.conf().get(CORRUPT_COLUMN_SETTING);
        int corrupt = settings.format().hasLooseLines()
                ? Arrays.asList(rows.columns()).indexOf(corruptName)
                : -1;
        ColumnNames names = ColumnNames.of(spark);
        List<Integer> kept = kept(rows.schema(), corrupt, names, settings);
        if (!model.parts().isEmpty()) {
            return new InputTable(withParts(rows, names, settings, model), kept, rows.columns().length, corrupt);
        }
        Optional<ColumnPath> path = sequence(rows.schema(), names, settings);
        if (path.isPresent() && settings.events().ordersArrays()) {
            EventOrder.OfArray sorted = EventOrder.OfArray.resolve(
                    rows, names, path.get(), settings.events().orderBy());
            return new InputTable(
                    rows.withColumn(SEQUENCE, sorted.values()).withColumn(DEFECT, sorted.defect()),
                    kept,
                    rows.columns().length,
                    corrupt);
        }
        if (path.isEmpty() || path.get().isTop()) {
            return new InputTable(rows, kept, path.map(ColumnPath::top).orElse(-1), corrupt);
        }
        Dataset<Row> withSequence =
                rows.withColumn(SEQUENCE, rows.col(path.get().quoted()));
        return new InputTable(withSequence, kept, rows.columns().length, corrupt);
    }

    /** The rows with the struct of several inputs. */
    private static Dataset<Row> withParts(
            Dataset<Row> rows, ColumnNames names, Settings.Input settings, LstmModel model) {
        StructType schema = rows.schema();
        if (!settings.events().ordersArrays()) {
            return rows.withColumn(SEQUENCE, PartsPlan.struct(schema, names, model, path -> rows.col(path.quoted())));
        }
        List<EventOrder.OfArray> sorted =
                new ArrayList<>(); // all of one array, which is that of the columns of the order
        Column struct = PartsPlan.struct(schema, names, model, path -> {
            sorted.add(EventOrder.OfArray.resolve(
                    rows, names, path, settings.events().orderBy()));
            return sorted.get(sorted.size() - 1).values();
        });
        return rows.withColumn(SEQUENCE, struct)
                .withColumn(DEFECT, sorted.get(0).defect());
    }

    private static Optional<ColumnPath> sequence(StructType schema, ColumnNames names, Settings.Input settings) {
        try {
            return ColumnPath.find(schema, settings.tokens(), names);
        } catch (RefusedException e) {
            throw new RefusedException("input.tokens: " + e.getMessage(), e);
        }
    }

    /** How the columns of the table are found by their names. */
    public ColumnNames names() {
        return ColumnNames.of(rows.sparkSession());
    }

    private static Dataset<Row> filtered(Dataset<Row> rows, Settings.Input settings) {
        if (settings.filter().isEmpty()) {
            return rows;
        }
        try {
            return rows.filter(settings.filter().get());
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw new RefusedException(
                    "input.filter = '%s': %s; the input has %s"
                            .formatted(
                                    settings.filter().get(),
                                    Failure.firstLine(e.getMessage()),
                                    ColumnPath.columns(rows.schema())),
                    e);
        }
    }

    private static List<Integer> kept(StructType schema, int corrupt, ColumnNames names, Settings.Input settings) {
        Set<Integer> kept = new LinkedHashSet<>();
        for (String name : settings.columns()) {
            StructField field =
                    ColumnPath.field(schema, name, names, "input.columns", "set it to columns of the input");
            kept.add(schema.fieldIndex(field.name()));
        }
        for (int column = 0; column < schema.length() && settings.columns().isEmpty(); column++) {
            if (column != corrupt) {
                kept.add(column);
            }
        }
        return List.copyOf(kept);
    }

    /** The same table with other notes. */
    public InputTable withNotes(List<String> others) {
        return new InputTable(rows, keptColumns, sequenceColumn, corruptColumn, List.copyOf(others));
    }

    /** The same table with columns added after its own. */
    public InputTable with(Dataset<Row> wider) {
        return new InputTable(wider, keptColumns, sequenceColumn, corruptColumn, notes);
    }

    /** Index of the column {@link #DEFECT}; -1 if there is none. */
    int defectColumn() {
        return Arrays.asList(rows.columns()).indexOf(DEFECT);
    }

    /** The type of the sequence's column; null if there is no such column. */
    public DataType sequenceType() {
        return sequenceColumn < 0
                ? null
                : rows.schema().fields()[sequenceColumn].dataType();
    }

    /** The schema of the columns that go into the output. */
    public StructType schema() {
        StructType schema = rows.schema();
        return new StructType(
                keptColumns.stream().map(column -> schema.fields()[column]).toArray(StructField[]::new));
    }

    /** The schema without the column of unparsable lines. */
    StructType readableSchema() {
        StructType whole = wholeSchema();
        return new StructType(IntStream.range(0, whole.length())
                .filter(column -> column != corruptColumn)
                .mapToObj(column -> whole.fields()[column])
                .toArray(StructField[]::new));
    }

    /** The schema of all input columns, without those that Sluice added. */
    public StructType wholeSchema() {
        List<StructField> fields = new ArrayList<>(Arrays.asList(rows.schema().fields()));
        fields.removeIf(field -> RESERVED.contains(field.name()));
        return new StructType(fields.toArray(StructField[]::new));
    }

    /**
     * The same table with its sequences read in this form. Only JSON needs it: Spark infers a column's type from all values, so a
     * single value of another kind turns the whole column into text. With a given type, only the row of that value is a bad row.
     *
     * @return this table if its sequences have the form already, or if none of the first rows can be read in it
     */
    public InputTable reading(SequenceForm form, SparkSession spark, Settings.Input settings, LstmModel model) {
        if (settings.format() != InputFormat.JSON || sequenceColumn < 0 || form == looks(settings)) {
            return this;
        }
        DataType type = form.widestType();
        boolean ofEvent = settings.events().areRows() && type instanceof ArrayType;
        StructType schema =
                withSequence(wholeSchema(), spark, settings, ofEvent ? ((ArrayType) type).elementType() : type);
        InputTable typed = of(spark, new TableSource(spark, settings).read(schema), settings, model);
        Column sequence = typed.rows.col(ColumnPath.quoted(typed.rows.columns()[typed.sequenceColumn]));
        boolean any =
                !typed.rows.limit(SAMPLED_ROWS).filter(sequence.isNotNull()).isEmpty();
        return any ? typed : this;
    }

    /** The same for the columns of a model with several inputs. */
    public InputTable readingParts(LstmModel model, Settings settings, Vocabularies vocabularies, SparkSession spark) {
        if (settings.input().format() != InputFormat.JSON) {
            return this;
        }
        StructType typed =
                withCorruptColumn(PartsPlan.typed(wholeSchema(), names(), model, settings, vocabularies), spark);
        return of(spark, new TableSource(spark, settings.input()).read(typed), settings.input(), model);
    }

    /** The schema with another type for the sequence, and with a column for unparsable lines. */
    private static StructType withSequence(
            StructType schema, SparkSession spark, Settings.Input settings, DataType type) {
        StructType typed = sequence(schema, ColumnNames.of(spark), settings)
                .map(path -> path.retyped(schema, type))
                .orElse(schema);
        return withCorruptColumn(typed, spark);
    }

    private static StructType withCorruptColumn(StructType schema, SparkSession spark) {
        String corrupt = spark.conf().get(CORRUPT_COLUMN_SETTING);
        return Arrays.asList(schema.fieldNames()).contains(corrupt)
                ? schema
                : schema.add(corrupt, DataTypes.StringType);
    }

    /**
     * The schema to read later files of the source with, so that they have the same types as these. Lines that do not fit become bad
     * rows.
     */
    public StructType lastingSchema(SparkSession spark, InputFormat format) {
        if (format == InputFormat.TEXT) {
            return new StructType().add("value", DataTypes.StringType);
        }
        return format.hasLooseLines() ? withCorruptColumn(wholeSchema(), spark) : wholeSchema();
    }

    /** The columns that hold a sequence: one, or one for each input of a model with several. */
    List<String> sequenceNames(Settings.Input settings) {
        return sequenceType() instanceof StructType several && !VectorType.is(several)
                ? List.of(several.fieldNames())
                : List.of(settings.tokens());
    }

    /** The same for messages. */
    String sequencePlace(Settings.Input settings) {
        List<String> names = sequenceNames(settings);
        return (names.size() == 1 ? "column " : "columns ") + NameList.quoted(names);
    }

    /** The form of the sequences by their column's type; null if there is no such column or its type holds no sequence. */
    public SequenceForm looks(Settings.Input settings) {
        if (sequenceColumn < 0) {
            return null;
        }
        return SequenceForm.of(
                settings.events().areRows() ? DataTypes.createArrayType(sequenceType()) : sequenceType());
    }
}
