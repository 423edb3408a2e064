package sluice.job;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
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
