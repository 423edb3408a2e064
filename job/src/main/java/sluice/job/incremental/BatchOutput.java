package sluice.job.incremental;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.message.RefusedException;
import sluice.job.output.DirectoryOutput;
import sluice.job.output.ScoredOutput;
import sluice.job.output.StagedOutput;
import sluice.job.output.TableShape;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.Settings;
import sluice.job.storage.PartitionName;

/**
 * The output of one batch: the partition {@code batch=N} of the output, with a report of its own. One journal publishes the rows, the bad
 * rows and the report together, so the report is in the output exactly if the rows are. A batch that is published again replaces its
 * whole partition.
 */
final class BatchOutput implements ScoredOutput {
    private static final String COLUMN = "batch";

    private final Batch batch;
    private final String column;
    private final StagedOutput staged;
    private final DirectoryOutput directory;
    private final Settings settings;
    private final Configuration hadoop;

    /**
     * A batch of new files.
     *
     * @param checkpoint that numbers the batch
     * @param schema that the files are read with
     * @param number Spark's number of the batch, from 0
     * @param files that Spark recorded for the batch
     */
    record Batch(Checkpoint checkpoint, StructType schema, long number, List<Path> files) {
        Batch {
            files = List.copyOf(files);
        }

        /** Identifies the batch in its report. The hash of the paths distinguishes batches if a checkpoint was edited. */
        RunReport.Batch identity() {
            String paths = files.stream().map(Path::toString).sorted().collect(Collectors.joining("\n"));
            return new RunReport.Batch(number, files.size(), checkpoint.id(), DigestUtils.sha256Hex(paths));
        }
    }

    private BatchOutput(
            Batch batch,
            String column,
            StagedOutput staged,
            DirectoryOutput directory,
            Settings settings,
            Configuration hadoop) {
        this.batch = batch;
        this.column = column;
        this.staged = staged;
        this.directory = directory;
        this.settings = settings;
        this.hadoop = hadoop;
    }

    static BatchOutput at(SparkSession spark, Settings settings, Batch batch, Configuration hadoop) {
        String column = column(settings.output());
        Settings.Output output = settings.output().inPartitions(column);
        StagedOutput staged = StagedOutput.at(
                output,
                settings.badRows().path(),
                RunName.ofBatch(batch.number()),
                Optional.of(new PartitionName(column, Long.toString(batch.number())).toString()),
                hadoop);
        return new BatchOutput(batch, column, staged, new DirectoryOutput(spark, output, staged), settings, hadoop);
    }

    private static String column(Settings.Output settings) {
        return settings.prefix() + COLUMN;
    }

    /**
     * The shape of the scored rows with the batch column added.
     *
     * @throws RefusedException if the rows have a column of that name already
     */
    static TableShape shape(TableShape scored, Settings.Output settings) {
        String column = column(settings);
        StructType columns = scored.columns();
        for (String name : columns.fieldNames()) {
            if (name.equalsIgnoreCase(column)) {
                throw new RefusedException(
                        "--incremental: the input has a column '%s' already; set output.prefix to give the new column another name, or leave it out of input.columns"
                                .formatted(name));
            }
        }
        List<String> partitionBy = new ArrayList<>(List.of(column));
        partitionBy.addAll(scored.partitionBy());
        return new TableShape(columns.add(column, DataTypes.LongType, false), List.copyOf(partitionBy));
    }

    @Override
    public TableShape shape(TableShape scored) {
        return shape(scored, settings.output());
    }

    @Override
    public void requireFits(TableShape shape) {
        directory.requireFits(shape);
    }

    @Override
    public TableFingerprint stage(Dataset<Row> rows, long fileRows) {
        return directory.stage(rows.withColumn(column, functions.lit(batch.number())), fileRows);
    }

    @Override
    public void stageBadRows(Dataset<Row> rows) {
        directory.stageBadRows(rows);
    }

    @Override
    public String badRowsPath() {
        return directory.badRowsPath();
    }

    @Override
    public boolean publish(RunReport report) throws IOException {
        BatchProgress progress = new BatchProgress(
                batch.checkpoint().path(),
                batch.checkpoint().id(),
                batch.number(),
                report.model().model().fingerprint(),
                settings.sha256());
        batch.checkpoint().fixSchema(batch.schema(), hadoop);
        staged.writeReport(RunName.ofBatch(batch.number()).report(), report.json(batch.identity()));
        staged.writeText(BatchProgress.FILE, progress.json());
        return staged.publish(changed -> !changed || !staged.history().holds(batch.identity()));
    }

    @Override
    public void removeReplaced() {
        directory.removeReplaced();
    }

    @Override
    public void abandon() throws IOException {
        staged.abandon();
    }
}
