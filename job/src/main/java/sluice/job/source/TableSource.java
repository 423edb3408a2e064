package sluice.job.source;

import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.internal.StaticSQLConf;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.InputFormat;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.storage.Storage;
import sluice.job.vector.VectorType;

/** Reads the table to score from files or from a catalog. */
public final class TableSource {
    /**
     * Options that turn off two defaults of Spark's file stream: it ignores files that are a week older than the newest one, and it takes
     * CSV columns by position without checking the header.
     */
    private static final Map<String, String> STREAM_OPTIONS = Map.of("maxFileAge", "36500d", "enforceSchema", "false");

    /** The value of {@code spark.sql.catalogImplementation} with which Spark's own catalog is that of Hive. */
    private static final String HIVE = "hive";

    private final SparkSession spark;
    private final Settings.Input settings;

    public TableSource(SparkSession spark, Settings.Input settings) {
        this.spark = spark;
        this.settings = settings;
    }

    /**
     * A table as it was read.
     *
     * @param notes what the user should know about its columns, as sentences
     */
    public record Found(Dataset<Row> rows, List<String> notes) {}

    /**
     * Reads the table with the schema of its files, or one that Spark infers. Values of partition columns keep their text.
     *
     * @throws RefusedException if there is no such table, or a column that is needed can't be read
     */
    public Found read() {
        return switch (settings.format()) {
            case TABLE, TEXT -> // a table's catalog states the types, and text has no partition columns
                new Found(load(spark.read().options(options())), List.of());
            case PARQUET, ORC, AVRO -> readStored();
            case JSON, CSV -> new Found(withPartitionTexts(load(spark.read().options(options()))), List.of());
        };
    }

    private Dataset<Row> withPartitionTexts(Dataset<Row> rows) {
        StructType kept = PartitionTexts.kept(rows);
        return kept.equals(rows.schema()) ? rows : read(kept);
    }

    /** Reads files that state their schemas. */
    private Found readStored() {
        Dataset<Row> rows = null;
        RefusedException refusal = null;
        try {
            rows = load(spark.read().options(options()));
        } catch (RefusedException e) { // perhaps because of one column
            refusal = e;
        }
        StoredColumns columns = columns(rows == null ? read(new StructType()) : rows);
        boolean isOtherwiseReadable = !columns.isEmpty() && (!columns.problems().isEmpty() || isMerged());
        if (rows == null && !isOtherwiseReadable) {
            throw refusal;
        }
        if (rows == null) {
            columns.problems().forEach(this::requireUnused);
            rows = read(columns.readable(isMerged()));
            if (rows.schema().isEmpty()) {
                throw refusal;
            }
        } else {
            StructType widened = columns.widened(rows.schema());
            rows = widened.equals(rows.schema()) ? rows : read(widened);
        }
        return new Found(withPartitionTexts(rows), notes(columns, rows.schema()));
    }

    private List<String> notes(StoredColumns columns, StructType schema) {
        List<String> notes = new ArrayList<>();
        columns.nanoseconds(schema).stream()
                .filter(this::isKept)
                .map(
                        "column '%s' holds Parquet times of nanoseconds, which Spark has no type for: it is read and written as a whole number (bigint), the nanoseconds since 1970-01-01"
                                ::formatted)
                .forEach(notes::add);
        VectorType.storedWithoutLibrary(schema).stream()
                .filter(this::isKept)
                .map(name ->
                        "column '%s' holds vectors of Spark's ML library, which is not on the class path: it is read and written as the struct that Spark stores a vector as; to keep its type, pass --packages org.apache.spark:spark-mllib_2.13:%s"
                                .formatted(name, spark.version()))
                .forEach(notes::add);
        return notes;
    }

    /**
     * The rows of later files with the types of the first ones.
     *
     * @param rows of these files as Spark reads them
     * @param files that state their schemas
     * @param schema of the first files
     * @throws RefusedException if a column has a wider type, and a value does not fit into the first one
     */
    public Found later(Dataset<Row> rows, List<Path> files, StructType schema) {
        if (!settings.format().statesColumns()) {
            return new Found(rows, List.of());
        }
        StoredColumns columns = columns(files.stream().map(Path::toString).toList());
        List<String> notes = new ArrayList<>(notes(columns, schema));
        LaterFiles later = new LaterFiles(columns, schema);
        List<StructField> wider = later.wider();
        if (wider.isEmpty()) {
            return new Found(rows, notes);
        }
        wider.forEach(column ->
                notes.add("column '%s' has type %s in new files; it is read as %s, as in the files before"
                        .formatted(
                                column.name(),
                                column.dataType().catalogString(),
                                schema.apply(column.name()).dataType().catalogString())));
        DataFrameReader reader = spark.read().options(options()).schema(later.with(wider));
        if (!isPattern()) {
            reader = reader.option(
                    "basePath", settings.paths().get(0)); // of partition columns, as Spark's file stream sets it
        }
        Dataset<Row> read = reader.format(settings.format().sparkName())
                .load(files.stream().map(Storage::literal).toArray(String[]::new));
        return new Found(later.narrowed(read, wider), notes);
    }

    private boolean isPattern() {
        return SparkHadoopUtil.get().isGlobPath(Storage.path(settings.paths().get(0), "--input"));
    }

    private StoredColumns columns(Dataset<Row> rows) {
        return columns(Arrays.stream(rows.inputFiles())
                .map(uri -> new Path(URI.create(uri)).toString())
                .toList());
    }

    private StoredColumns columns(List<String> paths) {
        Map<String, String> options = new HashMap<>(options());
        Configuration hadoop = spark.sessionState().newHadoopConf();
        options.forEach(hadoop::set);
        List<FileSchema> schemas = FileSchema.of(paths, settings.format(), spark, hadoop);
        try {
            return StoredColumns.of(schemas, settings, spark, hadoop);
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw unreadable(e);
        }
    }

    /** Whether Spark takes the columns of all files together. */
    private boolean isMerged() {
        if (settings.format() == InputFormat.AVRO) {
            return false;
        }
        SQLConf conf = spark.sessionState().conf();
        boolean isDefault = settings.format() == InputFormat.ORC
                ? conf.isOrcSchemaMergingEnabled()
                : conf.isParquetSchemaMergingEnabled();
        return settings.options().entrySet().stream()
                .filter(option -> option.getKey().equalsIgnoreCase("mergeSchema"))
                .map(option -> Boolean.parseBoolean(option.getValue()))
                .findFirst()
                .orElse(isDefault);
    }

    private boolean isKept(String column) {
        ColumnNames names = ColumnNames.of(spark);
        return settings.columns().isEmpty() || names.contains(settings.columns(), column);
    }

    /** @throws RefusedException if the settings name the column, or all columns are kept */
    private void requireUnused(String column, String problem) {
        ColumnNames names = ColumnNames.of(spark);
        Stream<String> named = Stream.of(
                        List.of(settings.tokens()), settings.state().stream().toList(), settings.key())
                .flatMap(List::stream);
        boolean isNamed =
                named.anyMatch(name -> names.same(name, column) || names.same(name.split("\\.", 2)[0], column));
        if (isNamed) {
            throw new RefusedException(
                    "%s: column '%s' can't be read by Spark: %s; write it again as another type, for example float32, int64 or text"
                            .formatted(paths(), column, problem));
        }
        if (isKept(column)) {
            throw new RefusedException(
                    "%s: column '%s' can't be read by Spark: %s; leave it out by listing the columns to keep in input.columns, or write it again as another type, for example float32, int64 or text"
                            .formatted(paths(), column, problem));
        }
    }

    /**
     * Reads the table with this schema.
     *
     * @throws RefusedException if there is no such table
     */
    public Dataset<Row> read(StructType schema) {
        return load(spark.read().options(options()).schema(schema));
    }

    private Dataset<Row> load(DataFrameReader reader) {
        try {
            return table(reader);
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw unreadable(e);
        } catch (LinkageError e) {
            if (settings.format() != InputFormat.TABLE) {
                throw e;
            }
            throw Failure.ofCatalog(paths(), e, spark.version());
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
            Dataset<Row> rows = reader.table(settings.paths().get(0));
            HiveTransactions.requireNone(rows, "--input");
            return rows;
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
        if ("COLUMN_ALREADY_EXISTS".equals(condition)) {
            return new RefusedException(
                    "%s: %s; if two columns differ only in case, set spark.sql.caseSensitive to true (--conf)"
                            .formatted(paths(), Failure.firstLine(e.getMessage())),
                    e);
        }
        if ("UNABLE_TO_INFER_SCHEMA".equals(condition)) {
            return holdsNothing();
        }
        if ("TABLE_OR_VIEW_NOT_FOUND".equals(condition)) {
            return new RefusedException(
                    "%s: no such table in this session's catalogs; check --input and the spark.sql.catalog settings%s"
                            .formatted(
                                    paths(),
                                    HIVE.equals(catalog())
                                            ? ""
                                            : "; tables of Hive need --conf spark.sql.catalogImplementation=hive"),
                    e);
        }
        return new RefusedException(
                "%s: not readable as %s: %s; check --input and --input-format"
                        .formatted(paths(), SettingValues.name(settings.format()), Failure.unreadable(e)),
                e);
    }

    private String catalog() {
        return spark.conf().get(StaticSQLConf.CATALOG_IMPLEMENTATION().key());
    }

    /** The exception for a table without columns. */
    public RefusedException holdsNothing() {
        return new RefusedException("%s: holds no %s; check --input and --input-format"
                .formatted(paths(), settings.format().content()));
    }

    private String paths() {
        return String.join(", ", settings.paths());
    }
}
