package sluice.job.input;

import java.util.LinkedHashMap;
import java.util.List;
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

/** Where the table to score comes from: files of a format, or a catalog. */
public final class TableSource {
    /**
     * What Spark's reader of new files does otherwise: it passes over files that are a week older than the newest, and takes the columns of CSV
     * by their place, whatever the header says.
     */
    private static final Map<String, String> STREAM_OPTIONS = Map.of("maxFileAge", "36500d", "enforceSchema", "false");

    private final SparkSession spark;
    private final Settings.Input settings;

    public TableSource(SparkSession spark, Settings.Input settings) {
        this.spark = spark;
        this.settings = settings;
    }

    /** @throws RefusedException where there is no such table */
    Dataset<Row> read() {
        return read((StructType) null);
    }

    /**
     * @param schema what the columns are to be read as, or null: as they are, or seem
     * @throws RefusedException where there is no such table
     */
    Dataset<Row> read(StructType schema) {
        Dataset<Row> rows;
        try {
            DataFrameReader reader = spark.read().options(options());
            rows = load(schema == null ? reader : reader.schema(schema));
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw unreadable(e);
        }
        return rows;
    }

    private Dataset<Row> load(DataFrameReader reader) {
        if (settings.format() == InputFormat.TABLE) {
            if (settings.paths().size() > 1) {
                throw new RefusedException("input.path: %s are %d tables, expected the name of one"
                        .formatted(paths(), settings.paths().size()));
            }
            return reader.table(settings.paths().get(0));
        }
        return named(reader.format(settings.format().sparkName())
                .load(settings.paths().toArray(String[]::new)));
    }

    /**
     * The files as they come. An empty place has none yet.
     *
     * @param schema what the columns are to be read as
     * @throws RefusedException where there is no such place
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

    /** Rows of this schema, of which there are none. */
    public Dataset<Row> none(StructType schema) {
        return named(spark.createDataFrame(List.of(), schema));
    }

    /**
     * Whether there is a file to read, whatever is in it.
     *
     * @throws RefusedException where there is no such place
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

    /** The user's own over what a format needs to be read as a table. */
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

    /** Spark's own condition of it is a number from before there were names. */
    private static boolean isMissing(Exception e) {
        return String.valueOf(e.getMessage()).contains("Failed to find data source");
    }

    /** The refusal of a table without columns. */
    RefusedException holdsNothing() {
        return new RefusedException("%s: holds no %s; check --input and --input-format"
                .formatted(paths(), settings.format().content()));
    }

    private String paths() {
        return String.join(", ", settings.paths());
    }
}
