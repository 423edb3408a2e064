package sluice.job.output;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import sluice.job.fingerprint.FileSums;
import sluice.job.fingerprint.HashedColumns;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.storage.Storage;

/** An output directory: the files that Spark writes, the run's report, and its bad rows. */
public final class DirectoryOutput implements ScoredOutput {
    /**
     * Number of rows after which Parquet first checks the size of its buffers. The default of 100 rows can be gigabytes of answers for each
     * step.
     */
    private static final String FIRST_SIZE_CHECK = "parquet.page.size.row.check.min";

    private static final String ZONE = "spark.sql.session.timeZone";
    /** The value of {@code spark.sql.parquet.outputTimestampType} with which Spark does not write times as they are. */
    private static final String MILLISECONDS = "TIMESTAMP_MILLIS";

    private final SparkSession spark;
    private final Settings.Output settings;
    private final StagedOutput staged;
    private final boolean replacesInput; // whether the run's own input is the table that it replaces
    private TableShape shape; // of the rows; null until it is checked

    public DirectoryOutput(SparkSession spark, Settings.Output settings, StagedOutput staged) {
        this(spark, settings, staged, false);
    }

    private DirectoryOutput(SparkSession spark, Settings.Output settings, StagedOutput staged, boolean replacesInput) {
        this.spark = spark;
        this.settings = settings;
        this.staged = staged;
        this.replacesInput = replacesInput;
    }

    /** @throws RefusedException if the settings don't fit the directory, or it can't be written */
    static DirectoryOutput at(SparkSession spark, Settings settings, RunName run, Configuration hadoop) {
        Settings.Output output = settings.output();
        if (output.mode() == OutputMode.PARTITIONS && output.partitionBy().isEmpty()) {
            throw new RefusedException("output.mode = partitions needs partition columns; set output.partition-by");
        }
        StagedOutput staged = StagedOutput.at(output, settings.badRows().path(), run, hadoop);
        DirectoryOutput directory = new DirectoryOutput(spark, output, staged, Places.replacesInput(settings, hadoop));
        try {
            directory.requireOurs(hadoop);
        } catch (IOException e) {
            throw notListed(output, e);
        }
        return directory;
    }

    private void requireOurs(Configuration hadoop) throws IOException {
        OwnedDirectory.requireOutput(staged.target(), hadoop, settings.mode(), replacesInput, settings.path());
    }

    private static RefusedException notListed(Settings.Output output, IOException e) {
        return new RefusedException(
                "%s: can't be listed: %s; check --output".formatted(output.path(), Failure.firstLine(e.getMessage())),
                e);
    }

    @Override
    public void requireFits(TableShape rows) {
        shape = rows;
        if (settings.format() == OutputFormat.AVRO) {
            AvroColumns.requirePossible(rows);
        }
        if (!settings.mode().keepsOthers()) {
            return;
        }
        try {
            Path target = staged.target();
            FileSystem files = Storage.of(target, spark.sessionState().newHadoopConf());
            WrittenTable.find(files, target, settings, spark)
                    .ifPresent(written -> written.requireSame(rows, settings.path()));
        } catch (IOException e) {
            throw notListed(settings, e);
        }
    }

    @Override
    public TableFingerprint stage(Dataset<Row> scored, long fileRows) {
        Dataset<Row> rows = settings.format() == OutputFormat.AVRO ? AvroColumns.stored(scored) : scored;
        FileSums sums =
                FileSums.begin(spark, hashed(rows), settings.partitionBy().size());
        ColumnNames names = ColumnNames.of(spark);
        List<String> partitionBy = settings.partitionBy().stream()
                .map(name -> rows.columns()[names.index(rows.schema(), name)])
                .toList();
        write(rows, fileRows, partitionBy, staged.target(), staged.path().toString(), sums.options());
        return sums.total();
    }

    /** The columns of the files. Those of the partitions are in the names of directories. */
    private HashedColumns hashed(Dataset<Row> rows) {
        StructType files =
                rows.drop(settings.partitionBy().toArray(String[]::new)).schema();
        boolean isExact = settings.format() == OutputFormat.PARQUET
                && !spark.conf()
                        .get(SQLConf.PARQUET_OUTPUT_TIMESTAMP_TYPE().key())
                        .equals(MILLISECONDS);
        return isExact ? HashedColumns.all(files) : HashedColumns.exact(files);
    }

    @Override
    public void stageBadRows(Dataset<Row> rows) {
        if (settings.format() == OutputFormat.AVRO) { // they have columns that input.columns leaves out
            AvroColumns.requirePossible(new TableShape(rows.schema(), List.of()));
        }
        write(rows, 0, List.of(), staged.publishedBadRows(), staged.stagedBadRows(), Map.of());
        try {
            staged.markBadRows();
        } catch (IOException e) {
            throw new UncheckedIOException("the mark of the bad rows could not be written", e);
        }
    }

    private void write(
            Dataset<Row> rows,
            long fileRows,
            List<String> partitionBy,
            Path published,
            String staging,
            Map<String, String> fingerprint) {
        DataFrameWriter<Row> writer = rows.write()
                .format(settings.format().writer())
                .option("maxRecordsPerFile", fileRows)
                .option("compression", settings.format().compression())
                .options(settings.format().options())
                .option(FIRST_SIZE_CHECK, 1)
                .options(settings.options())
                .options(fingerprint)
                .partitionBy(partitionBy.toArray(String[]::new));
        StagingCommitProtocol.save(writer, rows.sparkSession().conf(), published, staging);
    }

    @Override
    public <T extends PublishedTogether> T publishTogether(Function<String, T> stage) {
        return staged.publishTogether(stage);
    }

    @Override
    public String badRowsPath() {
        return staged.badRowsPath();
    }

    @Override
    public boolean publish(RunReport report) throws IOException {
        staged.writeReport(report.json());
        return staged.publish(this::isWanted);
    }

    /** @param changed whether another run has published since this run began */
    private boolean isWanted(boolean changed) throws IOException {
        if (changed) {
            if (staged.holdsRun()) {
                return false;
            }
            requireFits(shape);
        }
        Configuration hadoop = spark.sessionState().newHadoopConf();
        requireOurs(hadoop); // others may have put files there during the run
        if (settings.mode() == OutputMode.PARTITIONS) {
            Path target = staged.target();
            FileSystem files = Storage.of(target, hadoop);
            staged.supersede(new SupersededPartitions(files, shape, spark.conf().get(ZONE))
                    .in(target, staged.path(), settings.path()));
        }
        return true;
    }

    /** Spark may have cached the replaced rows, and remembers their files. */
    @Override
    public void removeReplaced() {
        spark.catalog().refreshByPath(staged.target().toString());
    }

    @Override
    public void abandon() throws IOException {
        staged.abandon();
    }
}
