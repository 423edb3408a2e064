package sluice.job.incremental;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import sluice.cell.weights.file.ModelFile;
import sluice.job.input.InputTable;
import sluice.job.input.TableSource;
import sluice.job.message.Console;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;
import sluice.job.model.BroadcastModel;
import sluice.job.model.ModelSource;
import sluice.job.model.Vocabulary;
import sluice.job.model.VocabularySource;
import sluice.job.output.StagedOutput;
import sluice.job.output.TableShape;
import sluice.job.output.WrittenTable;
import sluice.job.report.BadRowCounts;
import sluice.job.report.KeptRuns;
import sluice.job.report.RunMetrics;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.run.ScoringJob;
import sluice.job.settings.InputFormat;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.SessionSetting;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.storage.Publication;
import sluice.job.storage.Storage;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.ScoringPlan;

/**
 * A run that scores the files that have come since the last one, each file's rows once.
 *
 * <p>Which files are new is Spark's affair (Structured Streaming over a directory, {@code Trigger.AvailableNow}); a batch of them is scored as
 * any table is, by {@link ScoringJob}. Spark writes down which files batch N has before it hands them over, and that N is done after
 * we return. So whatever ends the process, and wherever:
 *
 * <ul>
 *   <li>before the files of N are written down: they are new to the next run;
 *   <li>from then on until the batch's journal is in its place: the output is as it was, and the next run is given the same files as batch N;
 *   <li>while the journal's steps are done: the next run finishes them first, or {@code --status};
 *   <li>after that, and before Spark has written that N is done: the next run is given batch N again, finds it in the output, and leaves it
 *       alone;
 *   <li>between two batches: Spark goes on with the next one.
 * </ul>
 *
 * <p>A batch that is found in the output but of other files, as where a checkpoint was tampered with, is scored again and replaces
 * its partition.
 */
public final class IncrementalJob {
    private static final String ADAPTIVE = "spark.sql.adaptive.enabled";
    private static final String REQUIRES_EMPTY = "spark.sql.streaming.verifyCheckpointDirectoryEmptyOnStart";

    private final SparkSession spark;
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;

    public IncrementalJob(SparkSession spark, Settings settings, Console console) {
        this.spark = spark;
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
    }

    /** @throws RefusedException where such a run can't be had with these settings */
    public static void requirePossible(Settings settings, boolean isDryRun) {
        if (isDryRun) {
            throw new RefusedException(
                    "--dry-run: tells of all files of the input, and can't tell which of them are new; leave out --incremental (input.checkpoint)");
        }
        if (settings.output().mode() != OutputMode.APPEND) {
            throw new RefusedException(
                    "output.mode = %s: with --incremental (input.checkpoint) the rows of new files are added to those before; leave out --mode, or say append"
                            .formatted(SettingValues.name(settings.output().mode())));
        }
        if (settings.input().format() == InputFormat.TABLE) {
            throw new RefusedException(
                    "input.format = table: --incremental (input.checkpoint) takes new files of a directory; a catalog's table has none that come");
        }
        if (settings.output().format() == OutputFormat.TABLE) {
            throw new RefusedException(
                    "output.format = table: --incremental (input.checkpoint) writes to a directory, whose batches it can replace; choose another --output-format");
        }
        if (settings.input().paths().size() > 1) {
            throw new RefusedException(
                    "input.path: %s are %d places, expected one with --incremental (input.checkpoint); several can be given as a pattern, for example 'events/{web,app}'"
                            .formatted(
                                    String.join(", ", settings.input().paths()),
                                    settings.input().paths().size()));
        }
    }

    /**
     * Scores what has come.
     *
     * @return nothing where nothing had
     * @throws RefusedException where settings, model, files, checkpoint and output don't fit together
     * @throws RuntimeException where it failed; the batches before are in the output, and the next run is given the others
     */
    public Optional<RunReport> run() throws IOException {
        requirePossible(settings, false);
        Instant started = Instant.now();
        RunName name = RunName.of(settings.report().run(), started);
        Publication.finishAll(settings.output().path(), "--output", hadoop)
                .forEach(sentence -> console.say("%s", sentence));
        requireApart();
        Optional<Checkpoint> known = Checkpoint.find(settings, hadoop);
        Optional<BatchProgress> before = BatchProgress.requireTogether(settings, known, ledger(), hadoop);
        TableSource source = new TableSource(spark, settings.input());
        if (before.isEmpty() && !source.hasFiles()) {
            console.say("no new files: there are none yet in %s", place());
            return Optional.empty();
        }
        ModelFile model = ModelSource.read(settings.model(), hadoop);
        console.say(
                "model %s: %s; %,d parameters",
                settings.model().path(), model.model(), model.model().parameters());
        model.notes().forEach(note -> console.say("note: %s", note));
        Optional<Vocabulary> vocabulary =
                VocabularySource.find(settings.input().vocabulary(), model.metadata(), hadoop);
        Optional<StructType> settled = known.isPresent() ? known.get().schema(hadoop) : Optional.empty();
        StructType schema = settled.orElseGet(() -> ScoringPlan.readTable(model.model(), settings, vocabulary, spark)
                .lastingSchema(spark, settings.input().format()));
        ScoringPlan plan = ScoringPlan.resolve(
                model, settings, vocabulary, InputTable.of(spark, source.none(schema), settings.input()), hadoop);
        TableShape shape = requireFits(plan, started);
        before.ifPresent(last -> tellChanges(last, model));
        Checkpoint checkpoint = known.isPresent() ? known.get() : begun();
        Batches batches = new Batches(checkpoint, schema, plan, vocabulary);
        batches.take(source.stream(schema));
        RunReport report = batches.report(started, shape);
        return tell(name, report, report.json(batches.more(before)), batches.numbers.isEmpty(), before.isPresent());
    }

    private Checkpoint begun() throws IOException {
        Checkpoint checkpoint = Checkpoint.first(settings, hadoop);
        checkpoint.write(hadoop);
        return checkpoint;
    }

    private CheckpointLog ledger() {
        String path = settings.input().checkpoint().orElseThrow();
        return new CheckpointLog(Storage.of(path, "--incremental", hadoop), new Path(path));
    }

    private String place() {
        return settings.input().paths().get(0);
    }

    /** A run without new files leaves a report where it has a name, under which somebody may ask after it, and there is a place for it. */
    private Optional<RunReport> tell(RunName name, RunReport report, byte[] json, boolean isIdle, boolean hadBatches)
            throws IOException {
        if (!isIdle || (hadBatches && name.given())) {
            keep(name, json);
            KeptRuns.retain(name, settings, hadoop);
        }
        ScoringJob job = new ScoringJob(spark, settings, console);
        job.copyReport(json);
        if (isIdle) {
            console.say("no new files in %s", place());
            return Optional.empty();
        }
        job.tell(report);
        return Optional.of(report);
    }

    /** Spark would take a checkpoint's files for new ones, and what lies in an output is replaced or not seen. */
    private void requireApart() {
        Path checkpoint = qualified(settings.input().checkpoint().orElseThrow(), "--incremental");
        for (String other : List.of(place(), settings.output().path())) {
            if (Storage.isWithin(checkpoint, qualified(other, "--input"))) {
                throw new RefusedException("--incremental %s: lies in %s; choose a place beside it"
                        .formatted(settings.input().checkpoint().get(), other));
            }
        }
    }

    private Path qualified(String path, String option) {
        return Storage.qualified(path, option, hadoop);
    }

    /** Better now than after the first batch. */
    private TableShape requireFits(ScoringPlan plan, Instant started) throws IOException {
        Settings.Output output = settings.output();
        Path target = qualified(output.path(), "--output");
        TableShape shape = BatchOutput.shape(
                TableShape.settle(plan.provenance(settings, started).appendTo(plan.schema()), output.partitionBy()),
                output);
        WrittenTable.find(target.getFileSystem(hadoop), target, output, spark)
                .ifPresent(written -> written.requireSame(shape, output.path()));
        return shape;
    }

    private void tellChanges(BatchProgress last, ModelFile model) {
        if (!last.model().equals(model.model().fingerprint())) {
            console.say(
                    "note: batches to %,d were scored with another model, of SHA-256 %s; from the next on it is this one",
                    last.batch(), last.model());
        }
        if (!last.settings().equals(settings.sha256())) {
            console.say(
                    "note: batches to %,d were scored with other settings; from the next on it is these", last.batch());
        }
    }

    /** Puts the run's report into the output, whose batches have brought all the rest. */
    private void keep(RunName name, byte[] report) throws IOException {
        StagedOutput staged = StagedOutput.at(settings.output(), Optional.empty(), name, hadoop);
        staged.writeReport(report);
        staged.publish();
    }

    /** The batches of this run, one after the other. */
    private final class Batches {
        private final Checkpoint checkpoint;
        private final StructType schema;
        private final CheckpointLog ledger = ledger();
        private final ScoringPlan plan;
        private final Optional<Vocabulary> vocabulary;
        private final Broadcast<BroadcastPlan> broadcast;
        private final String adaptive = spark.conf().get(ADAPTIVE);
        private final List<Long> numbers = new ArrayList<>();
        private final List<RunReport> reports = new ArrayList<>();
        private long files;
        private volatile Throwable failure; // null where there is none

        Batches(Checkpoint checkpoint, StructType schema, ScoringPlan plan, Optional<Vocabulary> vocabulary) {
            this.checkpoint = checkpoint;
            this.schema = schema;
            this.plan = plan;
            this.vocabulary = vocabulary;
            this.broadcast = plan.broadcast(
                    settings,
                    spark,
                    BroadcastModel.broadcast(plan.model().model(), plan.input().kind(), settings, spark));
        }

        /** Takes all that has come until now. */
        void take(Dataset<Row> stream) throws IOException {
            // Spark 4.2 takes the draft of a first line, which a run that was killed has left, for another query's
            // checkpoint. It reads this while the query runs, not when it is started.
            try (SessionSetting strict =
                    new SessionSetting(spark, REQUIRES_EMPTY, Boolean.toString(ledger.hasBatches()))) {
                start(stream).awaitTermination();
            } catch (StreamingQueryException e) {
                throw failure == null ? unchecked(e) : unchecked(failure);
            }
        }

        private StreamingQuery start(Dataset<Row> stream) {
            // Spark would do so itself, and warn of it.
            try (SessionSetting off = new SessionSetting(spark, ADAPTIVE, "false")) {
                VoidFunction2<Dataset<Row>, Long> batch = this::score;
                return stream.writeStream()
                        .trigger(Trigger.AvailableNow())
                        .option("checkpointLocation", checkpoint.path())
                        .foreachBatch(batch)
                        .start();
            } catch (TimeoutException e) {
                throw new IllegalStateException(e);
            }
        }

        private void score(Dataset<Row> rows, Long number) throws IOException {
            SparkSession own = rows.sparkSession();
            // A batch is a table like any other: what a stream must not do doesn't hold in it.
            try (SessionSetting on = new SessionSetting(own, ADAPTIVE, adaptive)) {
                score(own, rows, number);
            } catch (Throwable e) {
                failure = e;
                if (!(e instanceof UnfinishedException)) {
                    console.say(
                            "batch %,d: is not in %s%s; the next run is given its files again",
                            number, settings.output().path(), numbers.isEmpty() ? "" : ", those before it are");
                }
                throw e;
            }
        }

        private void score(SparkSession own, Dataset<Row> rows, long number) throws IOException {
            Instant began = Instant.now();
            List<Path> taken = ledger.files(number);
            BatchOutput.Batch batch = new BatchOutput.Batch(checkpoint, schema, number, taken);
            Path target = qualified(settings.output().path(), "--output");
            if (BatchOutput.isIn(target.getFileSystem(hadoop), target, batch)) {
                console.say(
                        "batch %,d: is in %s already", number, settings.output().path());
                return;
            }
            new FileColumns(own, settings.input(), schema)
                    .requireAllIn(taken)
                    .forEach(name -> console.say(
                            "note: files of batch %,d have a column '%s', which the first files had not; it is not read",
                            number, name));
            ScoringPlan same = ScoringPlan.resolve(
                    plan.model(), settings, vocabulary, InputTable.of(own, rows, settings.input()), hadoop);
            RunReport report = new ScoringJob(own, settings, console)
                    .score(same, () -> broadcast, BatchOutput.at(own, settings, batch, hadoop), began);
            numbers.add(number);
            reports.add(report);
            files += taken.size();
            console.say(
                    "batch %,d: %s, %s",
                    number,
                    HumanText.count(taken.size(), "file"),
                    HumanText.count(report.measured().rows(), "sequence"));
        }

        /** All batches as one run. */
        RunReport report(Instant started, TableShape shape) {
            RunMetrics sum = RunMetrics.NOTHING;
            BadRowCounts bad = new BadRowCounts();
            for (RunReport report : reports) {
                sum = sum.plus(report.measured());
                bad.merge(report.badRows());
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
                    bad,
                    settings.badRows().path().orElse(RunReport.BAD_ROWS),
                    Optional.empty());
        }

        /** What there is to tell beside what every run tells. */
        Map<String, Object> more(Optional<BatchProgress> before) {
            Map<String, Object> more = new LinkedHashMap<>();
            more.put("checkpoint", checkpoint.path());
            more.put("batches", numbers);
            more.put(RunReport.FILES, files);
            before.filter(last -> !last.model().equals(plan.model().model().fingerprint()))
                    .ifPresent(last -> more.put("model-before", last.model()));
            before.filter(last -> !last.settings().equals(settings.sha256()))
                    .ifPresent(last -> more.put("settings-sha256-before", last.settings()));
            return more;
        }
    }

    private static RuntimeException unchecked(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failure);
    }
}
