package sluice.job.input;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.InputFormat;
import sluice.job.settings.Settings;

/** Reads the table to score from files or from a catalog. */
public final class TableSource {
    /**
     * Options that turn off two defaults of Spark's file stream: it ignores files that are a week older than the newest one, and it takes
     * CSV columns by position without checking the header.
     */
    private static final Map<String, String> STREAM_OPTIONS = Map.of("maxFileAge", "36500d", "enforceSchema", "false");

    private final SparkSession spark;
    private final Settings.Input settings;

    public TableSource(SparkSession spark, Settings.Input settings) {
        this.spark = spark;
        this.settings = settings;
    }

    /**
     * Reads the table with the schema of its files, or one that Spark infers. Values of partition columns keep their text.
     *
     * @throws RefusedException if there is no such table
     */
    Dataset<Row> read() {
        Dataset<Row> rows = load(spark.read().options(options()));
        if (settings.format() == InputFormat.TABLE || settings.format() == InputFormat.TEXT) {
            return rows; // a table's catalog states the types, and text has no partition columns
        }
        StructType kept = PartitionTexts.kept(rows);
        return kept.equals(rows.schema()) ? rows : read(kept);
    }

    /**
     * Reads the table with this schema.
     *
     * @throws RefusedException if there is no such table
     */
    Dataset<Row> read(StructType schema) {
        return load(spark.read().options(options()).schema(schema));
    }

    private Dataset<Row> load(DataFrameReader reader) {
        try {
            return table(reader);
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw unreadable(e);
        }
    }

    private Dataset<Row> table(DataFrameReader reader) {
        if (settings.format() == InputFormat.TABLE) {
            if (settings.paths().size() > 1) {
                throw new RefusedException(String.format(
                        Locale.ROOT,
                        "input.path: %s are %d tables, expected the name of one",
                        paths(),
                        settings.paths().size()));
            }
            return reader.table(settings.paths().get(0));
        }
        return named(reader.format(settings.format().sparkName())
                .load(settings.paths().toArray(String[]::new)));
    }

    /**
     * A stream of the files; the directory may be empty.
     *
     * @param schema to read the files with
     * @throws RefusedException if there is no such directory
     */
    public Dataset<Row> stream(StructType schema) {
        try {
            Dataset<Row> rows = spark.readStream()
                    .options(STREAM_OPTIONS)
                    .options(options())
                    .schema(schema)
                    .format(settings.format().sparkName())
                    .load(settings.paths().get(0));
            return named(rows);
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw unreadable(e);
        }
    }

    /** An empty table of this schema. */
    public Dataset<Row> none(StructType schema) {
        return named(spark.createDataFrame(List.of(), schema));
    }

    /**
     * Whether there is any file to read; its content is not checked.
     *
     * @throws RefusedException if there is no such directory
     */
    public boolean hasFiles() {
        try {
            return spark.read()
                            .options(settings.options())
                            .text(settings.paths().toArray(String[]::new))
                            .inputFiles()
                            .length
                    > 0;
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw unreadable(e);
        }
    }

    private Dataset<Row> named(Dataset<Row> rows) {
        return settings.format() == InputFormat.TEXT ? rows.toDF(settings.tokens()) : rows;
    }

    /** The defaults of the format, overridden by {@code input.options}. */
    private Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        if (settings.format() == InputFormat.CSV) {
            options.put("header", "true");
            options.put("inferSchema", "true");
        }
        options.putAll(settings.options());
        return options;
    }

    private RuntimeException unreadable(Exception e) {
        if (e instanceof RefusedException refused) {
            return refused;
        }
        if (Failure.isOfCluster(e)) { // while the schema was inferred
            return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
        }
        String condition = e instanceof AnalysisException analysis ? analysis.getCondition() : "";
        if ("PATH_NOT_FOUND".equals(condition)) {
            String path = ((AnalysisException) e).getMessageParameters().get("path");
            return new RefusedException("%s: no such file or directory; check --input".formatted(path), e);
        }
        if ("UNABLE_TO_INFER_SCHEMA".equals(condition)) {
            return holdsNothing();
        }
        if ("TABLE_OR_VIEW_NOT_FOUND".equals(condition)) {
            return new RefusedException(
                    "%s: no such table in this session's catalogs; check --input and the spark.sql.catalog settings"
                            .formatted(paths()),
                    e);
        }
        if (settings.format() == InputFormat.AVRO && isMissing(e)) {
            return new RefusedException(
                    "%s: this Spark reads no Avro by itself; pass --packages org.apache.spark:spark-avro_2.13:%s"
                            .formatted(paths(), spark.version()),
                    e);
        }
        return new RefusedException(
                "%s: not readable as %s: %s; check --input and --input-format"
                        .formatted(paths(), settings.format().sparkName(), Failure.firstLine(e.getMessage())),
                e);
    }

    /** Spark's error condition for this has only a number for a name, so the message is compared. */
    private static boolean isMissing(Exception e) {
        return String.valueOf(e.getMessage()).contains("Failed to find data source");
    }

    /** The exception for a table without columns. */
    RefusedException holdsNothing() {
        return new RefusedException("%s: holds no %s; check --input and --input-format"
                .formatted(paths(), settings.format().content()));
    }

    private String paths() {
        return String.join(", ", settings.paths());
    }
}
