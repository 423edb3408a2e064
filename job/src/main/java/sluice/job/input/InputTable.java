package sluice.job.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.InputFormat;
import sluice.job.settings.Settings;

/**
 * The table to score.
 *
 * @param rows as Spark reads them; where the sequence stands within a struct, it is the last column once more
 * @param keptColumns where the columns stand that go into the output
 * @param sequenceColumn where the sequence stands, or -1: there is no such column
 * @param corruptColumn where Spark has put the text of lines that it could not read, or -1
 */
public record InputTable(Dataset<Row> rows, List<Integer> keptColumns, int sequenceColumn, int corruptColumn) {
    private static final String CORRUPT_COLUMN_SETTING = "spark.sql.columnNameOfCorruptRecord";

    /** Of a sequence that stands within a struct; a column of the input can't be called so by accident. */
    private static final String SEQUENCE = "sluice sequence";

    /** The column of carried states in a table that they are joined to; a column of the input can't be called so by accident. */
    public static final String STATE = "sluice state";

    private static final int LOOKED_AT = 1_000;

    /** @throws RefusedException where the paths don't exist or hold no such table, or filter or columns make no sense in it */
    public static InputTable read(SparkSession spark, Settings.Input settings) {
        TableSource source = new TableSource(spark, settings);
        Dataset<Row> rows = source.read();
        if (settings.format() == InputFormat.CSV) { // one token alone would be read as a number
            rows = source.read(withSequence(rows.schema(), spark, settings, DataTypes.StringType));
        }
        InputTable table = of(spark, rows, settings);
        if (table.readableSchema().isEmpty()) {
            throw source.holdsNothing();
        }
        return table;
    }

    /**
     * The table that these rows are.
     *
     * @throws RefusedException where filter or columns make no sense in it
     */
    public static InputTable of(SparkSession spark, Dataset<Row> read, Settings.Input settings) {
        Dataset<Row> rows = filtered(read, settings);
        String corruptName = spark.conf().get(CORRUPT_COLUMN_SETTING);
        int corrupt = settings.format().hasLooseLines()
                ? Arrays.asList(rows.columns()).indexOf(corruptName)
                : -1;
        List<Integer> kept = kept(rows.schema(), corrupt, settings);
        ColumnPath path = ColumnPath.find(rows.schema(), settings.tokens());
        if (path == null || path.isTop()) {
            return new InputTable(rows, kept, path == null ? -1 : path.top(), corrupt);
        }
        Dataset<Row> withSequence = rows.withColumn(SEQUENCE, rows.col(path.quoted()));
        return new InputTable(withSequence, kept, rows.columns().length, corrupt);
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

    private static List<Integer> kept(StructType schema, int corrupt, Settings.Input settings) {
        List<String> names = Arrays.asList(schema.fieldNames());
        Set<Integer> kept = new LinkedHashSet<>();
        for (String name : settings.columns()) {
            if (!names.contains(name)) {
                throw new RefusedException("input.columns: no column '%s' in the input, which has %s"
                        .formatted(name, ColumnPath.columns(schema)));
            }
            kept.add(names.indexOf(name));
        }
        for (int column = 0; column < names.size() && settings.columns().isEmpty(); column++) {
            if (column != corrupt) {
                kept.add(column);
            }
        }
        return List.copyOf(kept);
    }

    /** The same table with more columns behind its own. */
    public InputTable with(Dataset<Row> wider) {
        return new InputTable(wider, keptColumns, sequenceColumn, corruptColumn);
    }

    /** Of the columns that go into the output. */
    public StructType schema() {
        StructType schema = rows.schema();
        return new StructType(
                keptColumns.stream().map(column -> schema.fields()[column]).toArray(StructField[]::new));
    }

    /** Of the columns that have values where a line can be read. */
    StructType readableSchema() {
        StructType whole = wholeSchema();
        return new StructType(IntStream.range(0, whole.length())
                .filter(column -> column != corruptColumn)
                .mapToObj(column -> whole.fields()[column])
                .toArray(StructField[]::new));
    }

    /** Of all columns of the input. */
    public StructType wholeSchema() {
        List<StructField> fields = new ArrayList<>(Arrays.asList(rows.schema().fields()));
        fields.removeIf(field -> field.name().equals(SEQUENCE) || field.name().equals(STATE));
        return new StructType(fields.toArray(StructField[]::new));
    }

    /**
     * The same table with its sequences read as this form.
     *
     * <p>JSON has no types: Spark guesses a column's from all its values, so that a single one of another kind makes texts of them all.
     * Where it is known what the column has to hold, a row that holds something else is a bad row, and the others are what they are.
     *
     * @return this table, where its sequences have the form already, or none of its first rows has it
     */
    public InputTable reading(SequenceForm form, SparkSession spark, Settings.Input settings) {
        if (settings.format() != InputFormat.JSON || sequenceColumn < 0 || form == looks()) {
            return this;
        }
        StructType schema = withSequence(wholeSchema(), spark, settings, form.widestType());
        InputTable typed = of(spark, new TableSource(spark, settings).read(schema), settings);
        Column sequence = typed.rows.col(ColumnPath.quoted(typed.rows.columns()[typed.sequenceColumn]));
        boolean any = !typed.rows.limit(LOOKED_AT).filter(sequence.isNotNull()).isEmpty();
        return any ? typed : this;
    }

    /** The schema with another type for the sequence, and with a column for lines that can't be read so. */
    private static StructType withSequence(
            StructType schema, SparkSession spark, Settings.Input settings, DataType type) {
        ColumnPath path = ColumnPath.find(schema, settings.tokens());
        StructType typed = path == null ? schema : path.retyped(schema, type);
        return withCorruptColumn(typed, spark);
    }

    private static StructType withCorruptColumn(StructType schema, SparkSession spark) {
        String corrupt = spark.conf().get(CORRUPT_COLUMN_SETTING);
        return Arrays.asList(schema.fieldNames()).contains(corrupt)
                ? schema
                : schema.add(corrupt, DataTypes.StringType);
    }

    /**
     * What the source is to be read as, so that files which come later are read as these were: a line that doesn't fit is told, and changes
     * no type.
     */
    public StructType lastingSchema(SparkSession spark, InputFormat format) {
        if (format == InputFormat.TEXT) {
            return new StructType().add("value", DataTypes.StringType);
        }
        return format.hasLooseLines() ? withCorruptColumn(wholeSchema(), spark) : wholeSchema();
    }

    /** The form of the sequences by their type, or null. */
    public SequenceForm looks() {
        return sequenceColumn < 0
                ? null
                : SequenceForm.of(rows.schema().fields()[sequenceColumn].dataType());
    }
}
