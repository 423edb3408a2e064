package sluice.job.incremental;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.StructType;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.input.InputTable;
import sluice.job.message.Console;
import sluice.job.message.HumanText;
import sluice.job.message.UnfinishedException;
import sluice.job.model.CachedModel;
import sluice.job.model.Vocabularies;
import sluice.job.output.TableShape;
import sluice.job.report.BadRowCounts;
import sluice.job.report.RunHistory;
import sluice.job.report.RunMetrics;
import sluice.job.report.RunReport;
import sluice.job.run.ScoringJob;
import sluice.job.settings.Settings;
import sluice.job.source.TableSource;
import sluice.job.storage.Storage;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.ScoringPlan;

/** Runs the streaming query of an incremental run and scores its micro-batches, one after the other. */
final class MicroBatches {
    private static final String ADAPTIVE = "spark.sql.adaptive.enabled";
    private static final String REQUIRES_EMPTY = "spark.sql.streaming.verifyCheckpointDirectoryEmptyOnStart";

    private final SparkSession spark;
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;
    private final Checkpoint checkpoint;
    private final CheckpointLog log;
    private final StructType schema;
    private final ScoringPlan plan;
    private final Vocabularies vocabularies;
    private final Broadcast<BroadcastPlan> broadcast;
    private final String adaptive; // the user's value of ADAPTIVE
    private final List<Long> numbers = new ArrayList<>();
    private final List<RunReport> reports = new ArrayList<>();
    private final Set<String> notes = new HashSet<>(); // on columns, as they were printed
    private long files;
    private volatile Throwable failure; // of the batch that failed; null if none did

    /**
     * Broadcasts the plan. All batches share the broadcast.
     *
     * @param schema that the files are read with
     * @param plan of a table of that schema
     */
    MicroBatches(
            SparkSession spark,
            Settings settings,
            Console console,
            CachedModel model,
            Vocabularies vocabularies,
            Checkpoint checkpoint,
            StructType schema,
            ScoringPlan plan) {
        this.spark = spark;
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
        this.checkpoint = checkpoint;
        this.log = CheckpointLog.of(settings, hadoop);
        this.schema = schema;
        this.plan = plan;
        this.vocabularies = vocabularies;
        this.broadcast =
                plan.broadcast(settings, spark, model.engine(plan.input().kind(), settings, spark));
        this.adaptive = spark.conf().get(ADAPTIVE);
    }

    /** Scores all files that are new now. Returns when the last batch is committed. */
    void score(Dataset<Row> stream) throws IOException {
        // A killed run may leave a temporary file of the first log entry. Spark 4.2 then rejects the checkpoint as
        // another query's. This check is therefore disabled until a batch has started. Spark reads the setting while
        // the query runs, not when it starts.
        spark.conf().set(REQUIRES_EMPTY, log.hasBatches());
        try {
            start(stream).awaitTermination();
        } catch (StreamingQueryException e) {
            throw unchecked(failure == null ? e : failure);
        }
    }

    private StreamingQuery start(Dataset<Row> stream) {
        spark.conf().set(ADAPTIVE, false); // Spark disables it for streams anyway, with a warning in its log.
        try {
            VoidFunction2<Dataset<Row>, Long> batch = this::scoreBatch;
            return stream.writeStream()
                    .trigger(Trigger.AvailableNow())
                    .option("checkpointLocation", checkpoint.path())
                    .foreachBatch(batch)
                    .start();
        } catch (TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    private void scoreBatch(Dataset<Row> rows, Long number) throws IOException {
        SparkSession session = rows.sparkSession(); // the query's own, a copy of the run's
        // foreachBatch passes a static Dataset; streaming restrictions do not apply.
        session.conf().set(ADAPTIVE, adaptive);
        try {
            scoreBatch(session, rows, number);
        } catch (Throwable e) {
            failure = e;
            if (!(e instanceof UnfinishedException)) {
                console.say(
                        "batch %,d: is not in %s%s; the next run scores its files again",
                        number, settings.output().path(), numbers.isEmpty() ? "" : ", the batches before it are");
            }
            throw e;
        } finally {
            session.conf().set(ADAPTIVE, false);
        }
    }

    private void scoreBatch(SparkSession session, Dataset<Row> rows, long number) throws IOException {
        Instant started = Instant.now();
        BatchOutput.Batch batch = new BatchOutput.Batch(checkpoint, schema, number, log.files(number));
        if (isPublished(batch)) {
            sayPublished(number);
            return;
        }
        new FileColumns(session, settings.input(), schema)
                .requireAllIn(batch.files())
                .forEach(name -> console.say(
                        "note: files of batch %,d have a column '%s', which the first files do not have; it is not read",
                        number, name));
        TableSource.Found found = new TableSource(session, settings.input()).later(rows, batch.files(), schema);
        found.notes().stream().filter(notes::add).forEach(note -> console.say("note: batch %,d: %s", number, note));
        ScoringPlan batchPlan = ScoringPlan.resolve(
                plan.model(),
                settings,
                vocabularies,
                InputTable.of(
                                session,
                                found.rows(),
                                settings.input(),
                                plan.model().model())
                        .withNotes(found.notes()),
                hadoop);
        Optional<RunReport> scored = ScoringJob.ofBatch(session, settings, console)
                .score(batchPlan, () -> broadcast, BatchOutput.at(session, settings, batch, hadoop), started);
        if (scored.isEmpty()) {
            sayPublished(number);
            return;
        }
        RunReport report = scored.get();
        numbers.add(number);
        reports.add(report);
        files += batch.files().size();
        console.say(
                "batch %,d: %s, %s",
                number,
                HumanText.count(batch.files().size(), "file"),
                HumanText.count(report.measured().rows(), "sequence"));
    }

    private void sayPublished(long number) {
        console.say("batch %,d: is in %s already", number, settings.output().path());
    }

    /** Whether the batch was published before, by a run that was killed before Spark committed the batch. */
    private boolean isPublished(BatchOutput.Batch batch) throws IOException {
        Path output = Storage.qualified(settings.output().path(), "--output", hadoop);
        return new RunHistory(Storage.of(output, hadoop), output, hadoop).holds(batch.identity());
    }

    /** Whether this run has scored no batch. */
    boolean isEmpty() {
        return numbers.isEmpty();
    }

    /** The report of all batches as one run. */
    RunReport report(Instant started, TableShape shape) {
        RunMetrics sum = RunMetrics.NOTHING;
        TableFingerprint fingerprint = TableFingerprint.NONE;
        for (RunReport report : reports) {
            sum = sum.plus(report.measured());
            fingerprint = fingerprint.plus(report.fingerprint());
        }
        return new RunReport(
                spark.sparkContext().applicationId(),
                started,
                Duration.between(started, Instant.now()),
                settings,
                plan.model(),
                Arrays.asList(shape.columns().fieldNames()),
                Optional.empty(),
                sum,
                BadRowCounts.sum(reports.stream().map(RunReport::badRows).toList()),
                settings.badRows().path().orElse(RunReport.BAD_ROWS),
                fingerprint,
                Optional.empty(),
                Optional.empty());
    }

    /**
     * The batches as the report of the run lists them.
     *
     * @param before progress of the output before this run
     */
    RunReport.Batches identity(Optional<BatchProgress> before) {
        String fingerprint = plan.model().model().fingerprint();
        return new RunReport.Batches(
                checkpoint.path(),
                numbers,
                files,
                before.map(BatchProgress::model).filter(model -> !model.equals(fingerprint)),
                before.map(BatchProgress::settings).filter(hash -> !hash.equals(settings.sha256())));
    }

    private static RuntimeException unchecked(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failure);
    }
}
