package sluice.job.incremental;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;
import sluice.job.output.DirectoryOutput;
import sluice.job.output.ScoredOutput;
import sluice.job.output.StagedOutput;
import sluice.job.output.TableShape;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;

/**
 * Where a batch of new files goes: the partition {@code batch=N} of the output, with a report of its own. One journal shows rows, bad rows
 * and report together, so that whoever finds the report finds the rows; and a batch that is published again replaces its partition as a whole.
 */
final class BatchOutput implements ScoredOutput {
    private static final String COLUMN = "batch";
    private static final String HASH = "files-sha256";
    private static final String CHECKPOINT = "checkpoint-id";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Batch batch;
    private final String column;
    private final StagedOutput staged;
    private final DirectoryOutput directory;
    private final Settings settings;
    private final Configuration hadoop;

    /**
     * A batch of new files.
     *
     * @param checkpoint that it is a batch of
     * @param schema that its files are read as
     * @param number in Spark's counting, from 0
     * @param files that Spark has written down for it
     */
    record Batch(Checkpoint checkpoint, StructType schema, long number, List<Path> files) {
        /** Of their paths: a number may come to stand for others where a checkpoint was tampered with. */
        String filesSha256() {
            String paths = files.stream().map(Path::toString).sorted().collect(Collectors.joining("\n"));
            return DigestUtils.sha256Hex(paths);
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
                Optional.of("%s=%d".formatted(column, batch.number())),
                hadoop);
        return new BatchOutput(batch, column, staged, new DirectoryOutput(spark, output, staged), settings, hadoop);
    }

    private static String column(Settings.Output settings) {
        return settings.prefix() + COLUMN;
    }

    /** Whether it is in an output already: then Spark has been killed before it wrote that down. */
    static boolean isIn(FileSystem files, Path output, Batch batch) throws IOException {
        Optional<byte[]> found = SmallFile.read(
                files, new Path(output, RunName.ofBatch(batch.number()).report()));
        if (found.isEmpty()) {
            return false;
        }
        JsonNode report = JSON.readTree(found.get());
        return report.path(CHECKPOINT).asText().equals(batch.checkpoint().id())
                && report.path(HASH).asText().equals(batch.filesSha256());
    }

    /**
     * The scored rows with the number of their batch.
     *
     * @throws RefusedException where there is such a column already
     */
    static TableShape shape(TableShape scored, Settings.Output settings) {
        String column = column(settings);
        StructType columns = scored.columns();
        for (String name : columns.fieldNames()) {
            if (name.equalsIgnoreCase(column)) {
                throw new RefusedException(
                        "--incremental: the input has a column '%s' already; set output.prefix to name the new one otherwise, or leave it out of input.columns"
                                .formatted(name));
            }
        }
        return new TableShape(
                columns.add(column, DataTypes.LongType, false),
                settings.inPartitions(column).partitionBy());
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
    public void stage(Dataset<Row> rows, long fileRows) {
        directory.stage(rows.withColumn(column, functions.lit(batch.number())), fileRows);
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
    public void publish(RunReport report) throws IOException {
        Map<String, Object> own = new LinkedHashMap<>();
        own.put(COLUMN, batch.number());
        own.put(RunReport.FILES, batch.files().size());
        own.put(CHECKPOINT, batch.checkpoint().id());
        own.put(HASH, batch.filesSha256());
        BatchProgress increments = new BatchProgress(
                batch.checkpoint().path(),
                batch.checkpoint().id(),
                batch.number(),
                report.model().model().fingerprint(),
                settings.sha256());
        batch.checkpoint().settle(batch.schema(), hadoop);
        staged.writeText(RunName.ofBatch(batch.number()).report(), report.json(own));
        staged.writeText(BatchProgress.FILE, increments.json());
        staged.publish();
    }

    @Override
    public void abandon() throws IOException {
        staged.abandon();
    }
}
