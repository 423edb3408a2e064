package sluice.job.output;

import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;

/** An output directory: the files that Spark writes, the run's report, and its bad rows. */
public final class DirectoryOutput implements ScoredOutput {
    /**
     * Number of rows after which Parquet first checks the size of its buffers. The default of 100 rows can be gigabytes of answers for each
     * step.
     */
    private static final String FIRST_SIZE_CHECK = "parquet.page.size.row.check.min";

    private final SparkSession spark;
    private final Settings.Output settings;
    private final StagedOutput staged;
    private TableShape shape; // null until it is checked

    public DirectoryOutput(SparkSession spark, Settings.Output settings, StagedOutput staged) {
        this.spark = spark;
        this.settings = settings;
        this.staged = staged;
    }

    /** @throws RefusedException if the settings don't fit the directory, or it can't be written */
    static DirectoryOutput at(SparkSession spark, Settings settings, RunName run, Configuration hadoop) {
        Settings.Output output = settings.output();
        if (output.mode() == OutputMode.PARTITIONS && output.partitionBy().isEmpty()) {
            throw new RefusedException("output.mode = partitions needs partition columns; set output.partition-by");
        }
        return new DirectoryOutput(
                spark, output, StagedOutput.at(output, settings.badRows().path(), run, hadoop));
    }

    @Override
    public void requireFits(TableShape rows) {
        shape = rows;
        if (!settings.mode().keepsOthers()) {
            return;
        }
        try {
            Path target = staged.target();
            FileSystem files = target.getFileSystem(spark.sessionState().newHadoopConf());
            WrittenTable.find(files, target, settings, spark)
                    .ifPresent(written -> written.requireSame(rows, settings.path()));
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be listed: %s; check --output"
                            .formatted(settings.path(), Failure.firstLine(e.getMessage())),
                    e);
        }
    }

    @Override
    public void stage(Dataset<Row> rows, long fileRows) {
        write(rows, fileRows, settings.partitionBy(), staged.path());
    }

    @Override
    public void stageBadRows(Dataset<Row> rows) {
        write(rows, 0, List.of(), staged.stagedBadRows());
    }

    private void write(Dataset<Row> rows, long fileRows, List<String> partitionBy, String path) {
        rows.write()
                .mode(SaveMode.ErrorIfExists)
                .format(settings.format().writer())
                .option("maxRecordsPerFile", fileRows)
                .option("compression", settings.format().compression())
                .option(FIRST_SIZE_CHECK, 1)
                .options(settings.options())
                .partitionBy(partitionBy.toArray(String[]::new))
                .save(path);
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
        return staged.publish(() -> {
            if (staged.holdsRun()) {
                return false;
            }
            requireFits(shape);
            return true;
        });
    }

    @Override
    public void abandon() throws IOException {
        staged.abandon();
    }
}
