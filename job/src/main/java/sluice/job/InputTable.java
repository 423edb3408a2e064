package sluice.job;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The table to score.
 *
 * @param rows as Spark reads them
 * @param schema of the columns that are kept
 * @param corruptColumn where Spark's JSON reader has put the text of records that it could not read, or -1; not kept
 */
record InputTable(Dataset<Row> rows, StructType schema, int corruptColumn) {
    private static final String CORRUPT_COLUMN_SETTING = "spark.sql.columnNameOfCorruptRecord";
    private static final int LOOKED_AT = 1_000;

    /** @throws RefusedException where the paths don't exist or hold no such table */
    static InputTable read(SparkSession spark, Settings.Input settings) {
        Dataset<Row> rows;
        try {
            rows = spark.read()
                    .format(settings.format().sparkName())
                    .load(settings.paths().toArray(String[]::new));
        } catch (Exception e) {
            throw unreadable(settings, e);
        }
        int corrupt = settings.format() == TableFormat.JSON
                ? Arrays.asList(rows.columns()).indexOf(spark.conf().get(CORRUPT_COLUMN_SETTING))
                : -1;
        StructType schema = without(rows.schema(), corrupt);
        if (schema.isEmpty()) {
            throw holdsNothing(settings);
        }
        return new InputTable(rows, schema, corrupt);
    }

    /**
     * The same table with its sequences read as this form.
     *
     * <p>JSON has no types: Spark guesses a column's from all its values, so that a single one of another kind makes texts of them all.
     * Where it is known what the column has to hold, a row that holds something else is a bad row, and the others are what they are.
     *
     * @return this table, where its sequences have the form already, or none of its first rows has it
     */
    InputTable reading(SequenceForm form, SparkSession spark, Settings.Input settings) {
        int column = column(settings);
        if (settings.format() != TableFormat.JSON || column < 0 || form == looks(settings)) {
            return this;
        }
        StructField[] fields = schema.fields().clone();
        fields[column] = DataTypes.createStructField(settings.tokens(), form.widestType(), true);
        String corrupt = spark.conf().get(CORRUPT_COLUMN_SETTING);
        Dataset<Row> typed = spark.read()
                .format(settings.format().sparkName())
                .schema(new StructType(fields).add(corrupt, DataTypes.StringType))
                .load(settings.paths().toArray(String[]::new));
        boolean any = !typed.limit(LOOKED_AT)
                .filter(typed.col(quoted(settings.tokens())).isNotNull())
                .isEmpty();
        return any ? new InputTable(typed, new StructType(fields), fields.length) : this;
    }

    /** The form of the sequences by their type, or null. */
    SequenceForm looks(Settings.Input settings) {
        int column = column(settings);
        return column < 0 ? null : SequenceForm.of(schema.fields()[column].dataType());
    }

    private int column(Settings.Input settings) {
        return Arrays.asList(schema.fieldNames()).indexOf(settings.tokens());
    }

    /** A name with dots in it is one name. */
    private static String quoted(String name) {
        return "`" + name.replace("`", "``") + "`";
    }

    /** Spark throws checked exceptions that it doesn't declare. */
    private static RuntimeException unreadable(Settings.Input settings, Exception e) {
        String condition = e instanceof AnalysisException analysis ? analysis.getCondition() : "";
        if ("PATH_NOT_FOUND".equals(condition)) {
            String path = ((AnalysisException) e).getMessageParameters().get("path");
            return new RefusedException("%s: no such file or directory; check --input".formatted(path), e);
        }
        if ("UNABLE_TO_INFER_SCHEMA".equals(condition)) {
            return holdsNothing(settings);
        }
        return new RefusedException(
                "%s: not readable as %s: %s; check --input and --input-format"
                        .formatted(paths(settings), settings.format().sparkName(), Failure.firstLine(e.getMessage())),
                e);
    }

    private static RefusedException holdsNothing(Settings.Input settings) {
        String what = settings.format() == TableFormat.JSON ? "lines that are JSON objects" : "Parquet files";
        return new RefusedException(
                "%s: holds no %s; check --input and --input-format".formatted(paths(settings), what));
    }

    private static String paths(Settings.Input settings) {
        return String.join(", ", settings.paths());
    }

    private static StructType without(StructType schema, int column) {
        return new StructType(IntStream.range(0, schema.length())
                .filter(at -> at != column)
                .mapToObj(at -> schema.fields()[at])
                .toArray(StructField[]::new));
    }
}
