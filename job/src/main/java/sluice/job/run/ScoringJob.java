package sluice.job.run;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.weights.file.ModelFile;
import sluice.job.column.VectorMetadata;
import sluice.job.event.CachedSequences;
import sluice.job.event.EventCounts;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.input.InputTable;
import sluice.job.message.AfterCommit;
import sluice.job.message.BadRowException;
import sluice.job.message.Console;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.output.Places;
import sluice.job.output.Provenance;
import sluice.job.output.ScoredOutput;
import sluice.job.output.TableShape;
import sluice.job.report.Progress;
import sluice.job.report.RunCounters;
import sluice.job.report.RunHistory;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.RunSession;
import sluice.job.settings.Settings;
import sluice.job.state.StateUpdate;
import sluice.job.storage.Publication;
import sluice.job.storage.Storage;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.PartitionScorer;
import sluice.job.task.ScoringPlan;
import sluice.job.task.TaskLayout;

/** A run that scores a whole table: read the table, broadcast the model, score the partitions, publish the output and the report. */
public final class ScoringJob {
    private static final Logger LOG = LoggerFactory.getLogger(ScoringJob.class);
    private static final Duration PROGRESS_INTERVAL = Duration.ofMinutes(1);

    private final SparkSession user;
    private final SparkSession spark; // of this run
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;
    private final ModelCache models;
    private final ReportPrinter printer;
    private final AfterCommit after;

    private ScoringJob(SparkSession user, SparkSession spark, Settings settings, Console console, ModelCache models) {
        this.user = user;
        this.models = models;
        this.spark = spark;
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
        this.printer = new ReportPrinter(settings, console, hadoop);
        this.after = new AfterCommit(console);
    }

    /** @param user its session; the run has one of its own */
    public ScoringJob(SparkSession user, Settings settings, Console console) {
        this(user, settings, console, ModelCache.ofOneRun());
    }

    /**
     * @param user its session; the run has one of its own
     * @param models cache that the run takes its model from
     */
    public ScoringJob(SparkSession user, Settings settings, Console console, ModelCache models) {
        this(user, RunSession.of(user), settings, console, models);
    }

    /** The job of a batch, in the session of its run. */
    public static ScoringJob ofBatch(SparkSession run, Settings settings, Console console) {
        return new ScoringJob(run, run, settings, console, ModelCache.ofOneRun());
    }

    /**
     * Scores the table.
     *
     * @return empty if the output already holds the rows of the run of this name
     * @throws RefusedException before any task starts, if settings, model and table do not fit together
     * @throws RuntimeException if the run failed; nothing was published, unless it is an {@code UnfinishedException}
     */
    public Optional<RunReport> run() throws IOException {
        return run(Instant.now());
    }

    /**
     * The same for a run that has begun already.
     *
     * @param started the time that the report gives
     */
    public Optional<RunReport> run(Instant started) throws IOException {
        RunName name = RunName.of(settings.report().run(), started);
        Places.requireApart(settings, spark, hadoop);
        if (settings.output().format() != OutputFormat.TABLE) {
            Publication.finishAll(settings.output().path(), "--output", hadoop)
                    .forEach(sentence -> console.say("%s", sentence));
            finishStates();
            if (isDone(name)) {
                return Optional.empty();
            }
        }
        CachedModel model = models.get(settings.model(), "--model", hadoop);
        ModelFile file = model.file();
        printer.print(file);
        ScoredOutput output = ScoredOutput.at(spark, settings, name, hadoop);
        if (output.holdsRun()) {
            sayDone();
            refreshTable();
            return Optional.empty();
        }
        ScoringPlan plan = ScoringPlan.read(file, settings, spark);
        printer.print(plan);
        Optional<RunReport> scored = score(
                plan,
                () -> plan.broadcast(settings, spark, model.engine(plan.input().kind(), settings, spark)),
                output,
                started);
        if (scored.isEmpty()) {
            if (settings.output().format() == OutputFormat.TABLE) {
                sayDone();
                refreshTable();
            } else {
                isDone(name);
            }
            return Optional.empty();
        }
        RunReport report = scored.get();
        if (settings.output().format() == OutputFormat.TABLE) {
            refreshTable();
        }
        after.attempt("the reports of old runs could not be removed", () -> RunHistory.retain(name, settings, hadoop));
        after.attempt("the report could not be copied", () -> printer.copyPublished(report.json()));
        after.attempt("the report could not be printed", () -> printer.print(report));
        return Optional.of(report);
    }

    /** The schema and partitioning of the scored table. */
    public static TableShape shape(ScoringPlan plan, Provenance provenance, Settings settings) {
        return TableShape.resolve(
                provenance.appendTo(plan.schema()),
                settings.output().partitionBy(),
                plan.table().names());
    }

    /**
     * Scores one table into one output.
     *
     * @param plan resolved; this method joins the carried states that it names to its table
     * @param broadcasts creates the broadcast of the plan for the executors
     * @return empty if another process has published the rows of this run meanwhile
     * @throws RefusedException before any task starts, if the rows do not fit into the output
     * @throws RuntimeException if scoring failed; nothing was published, unless it is an {@code UnfinishedException}
     */
    public Optional<RunReport> score(
            ScoringPlan plan, Supplier<Broadcast<BroadcastPlan>> broadcasts, ScoredOutput output, Instant started)
            throws IOException {
        TableShape shape = output.shape(shape(plan, plan.provenance(settings, started), settings));
        output.requireFits(shape);
        try (CachedSequences sequences = CachedSequences.of(plan.table(), settings)) {
            sequences.counts().ifPresent(printer::print);
            return score(plan, sequences, broadcasts, output, shape, started);
        }
    }

    private Optional<RunReport> score(
            ScoringPlan plan,
            CachedSequences sequences,
            Supplier<Broadcast<BroadcastPlan>> broadcasts,
            ScoredOutput output,
            TableShape shape,
            Instant started)
            throws IOException {
        Provenance provenance = plan.provenance(settings, started);
        Optional<StateUpdate> carry = plan.carried()
                .map(states -> StateUpdate.begin(states, sequences.table(), output, settings, started, spark));
        carry.ifPresent(states -> console.say("%s", states.sentence()));
        InputTable table = carry.map(StateUpdate::table).orElse(sequences.table());
        RunCounters counters = new RunCounters(spark.sparkContext());
        Broadcast<BroadcastPlan> broadcast = broadcasts.get();
        RunReport report;
        try {
            Optional<PlannedTasks> planned = settings.needsSample()
                    ? Optional.of(PlannedTasks.of(plan, table, broadcast, counters, settings, spark))
                    : Optional.empty();
            Optional<TaskLayout> layout = planned.map(PlannedTasks::layout);
            layout.filter(TaskLayout::changesPartitions).ifPresent(how -> console.say("%s", how.sentence()));
            Dataset<Row> scored = provenance.stamp(scored(
                    plan, table, layout, new PartitionScorer(broadcast, counters, carry.map(StateUpdate::files))));
            TableFingerprint fingerprint;
            try (Progress progress = progress(planned)) {
                layout.ifPresent(how -> how.set(spark));
                fingerprint =
                        output.stage(scored, layout.map(TaskLayout::fileRows).orElse(0L));
            }
            requireFewBadRows(counters);
            quarantine(plan, table, broadcast, counters, output);
            carry.ifPresent(StateUpdate::stage);
            report = report(
                    started,
                    plan,
                    layout,
                    shape,
                    counters,
                    output.badRowsPath(),
                    fingerprint,
                    carry.map(StateUpdate::report),
                    sequences.counts());
            if (!output.publish(report)) {
                abandon(output, carry);
                return Optional.empty();
            }
        } catch (Throwable failure) {
            abandon(output, carry, failure);
            throw failure;
        }
        after.attempt("what the rows replaced could not be removed", output::removeReplaced);
        carry.ifPresent(states -> {
            after.attempt("old versions of the states could not be removed", states::retain);
            after.attempt("the cached states could not be removed", states::release);
        });
        return Optional.of(report);
    }

    /**
     * Finishes publications of states that a killed run left incomplete. The journal of such a run may be beside another output, so
     * finishing this run's output does not find it.
     */
    private void finishStates() throws IOException {
        Optional<String> path = settings.state().path();
        if (path.isPresent()) {
            StateUpdate.finishInterrupted(path.get(), hadoop).forEach(sentence -> console.say("%s", sentence));
        }
    }

    private Progress progress(Optional<PlannedTasks> planned) {
        OptionalLong rows =
                planned.map(tasks -> OptionalLong.of(tasks.sample().rows())).orElse(OptionalLong.empty());
        return Progress.start(spark.sparkContext(), rows, PROGRESS_INTERVAL, LOG::info);
    }

    /** Whether the output holds the rows of this run. A named run is appended once, so that it can be repeated safely. */
    private boolean isDone(RunName name) throws IOException {
        if (settings.output().mode() != OutputMode.APPEND || !name.given()) {
            return false;
        }
        String path = settings.output().path();
        FileSystem files = Storage.of(path, "--output", hadoop);
        Optional<byte[]> report = new RunHistory(files, Storage.qualified(path, "--output", hadoop), hadoop)
                .of(settings.report().run());
        if (report.isEmpty()) {
            return false;
        }
        sayDone();
        printer.copyPublished(report.get());
        return true;
    }

    /** The user's session may have a cached table without the rows of this run. Another process may have added them. */
    private void refreshTable() {
        after.attempt(
                "the session could not be refreshed",
                () -> RunSession.refresh(user, settings.output().path()));
    }

    private void sayDone() {
        console.say(
                "%s: holds the rows of the run '%s' already; nothing to do",
                settings.output().path(), settings.report().run());
    }

    /** @throws BadRowException if more rows are bad than the settings allow */
    private void requireFewBadRows(RunCounters counters) {
        long bad = counters.badRows().rows();
        long rows = counters.rows() + bad;
        double allowed = settings.badRows().maxFraction();
        if (bad > allowed * rows) {
            throw new BadRowException(String.format(
                    Locale.ROOT,
                    "%,d of %,d rows can't be scored, more than bad-rows.max-fraction = %s allows, so nothing was written: %s",
                    bad,
                    rows,
                    allowed,
                    counters.badRows().sentence()));
        }
    }

    /**
     * Writes the bad rows beside the table, if there are any. This reads the input again, which is cheap because nothing is scored.
     * Writing both tables in one pass is not possible in Spark without caching or scoring all rows twice.
     */
    private void quarantine(
            ScoringPlan plan,
            InputTable table,
            Broadcast<BroadcastPlan> broadcast,
            RunCounters counters,
            ScoredOutput output) {
        long bad = counters.badRows().rows();
        if (settings.badRows().rule() != BadRowRule.QUARANTINE || bad == 0) {
            return;
        }
        Dataset<Row> rows = table.rows();
        StructType schema = plan.quarantine().appendTo(plan.table().wholeSchema());
        output.stageBadRows(
                rows.mapPartitions(PartitionScorer.ofQuarantine(broadcast, counters), Encoders.row(schema)));
        if (counters.quarantinedRows() != bad) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT,
                    "the input changed during the run: %,d rows couldn't be scored in the first pass, and %,d in the second; repeat the run",
                    bad,
                    counters.quarantinedRows()));
        }
    }

    /** Deletes what a failed run has left. The failure is what the user sees, whatever fails here. */
    private void abandon(ScoredOutput output, Optional<StateUpdate> carry, Throwable failure) {
        try {
            RunningTasks.await(spark.sparkContext());
            abandon(output, carry);
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private static void abandon(ScoredOutput output, Optional<StateUpdate> carry) throws IOException {
        try (Closeable cached = () -> carry.ifPresent(StateUpdate::release)) {
            output.abandon();
        }
    }

    private Dataset<Row> scored(
            ScoringPlan plan, InputTable table, Optional<TaskLayout> layout, PartitionScorer scorer) {
        Dataset<Row> rows = layout.map(how -> how.lay(table, settings.output().partitionBy()))
                .orElse(table.rows());
        Dataset<Row> scored = rows.mapPartitions(scorer, Encoders.row(plan.schema()));
        return VectorMetadata.attach(scored, plan.schema());
    }

    private RunReport report(
            Instant started,
            ScoringPlan plan,
            Optional<TaskLayout> layout,
            TableShape shape,
            RunCounters counters,
            String badRowsPath,
            TableFingerprint fingerprint,
            Optional<RunReport.States> states,
            Optional<EventCounts> events) {
        return new RunReport(
                spark.sparkContext().applicationId(),
                started,
                Duration.between(started, Instant.now()),
                settings,
                plan.model(),
                Arrays.asList(shape.columns().fieldNames()),
                layout.map(TaskLayout::sentence),
                counters.measured(),
                counters.badRows(),
                badRowsPath,
                fingerprint,
                states,
                events);
    }
}
