package sluice.job.run;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.weights.file.ModelFile;
import sluice.job.input.InputTable;
import sluice.job.message.BadRowException;
import sluice.job.message.Console;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.output.Provenance;
import sluice.job.output.ScoredOutput;
import sluice.job.output.TableShape;
import sluice.job.output.VectorMetadata;
import sluice.job.report.BadRowCounts;
import sluice.job.report.CarryReport;
import sluice.job.report.KeptReports;
import sluice.job.report.KeptRuns;
import sluice.job.report.Progress;
import sluice.job.report.RunCounters;
import sluice.job.report.RunMetrics;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.state.StateUpdate;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.CostEstimate;
import sluice.job.task.PartitionScorer;
import sluice.job.task.RowMemoryLimit;
import sluice.job.task.ScoringPlan;
import sluice.job.task.TableSample;
import sluice.job.task.TaskLayout;
import sluice.job.task.TaskLayoutPlanner;

/** One run: table in, broadcast, partitions, table out, report. */
public final class ScoringJob {
    private static final Logger LOG = LoggerFactory.getLogger(ScoringJob.class);
    private static final Duration BETWEEN_LINES = Duration.ofMinutes(1);
    private static final int PAUSE_MILLIS = 100;
    private static final int MOST_PAUSES = 100;

    private final SparkSession spark;
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;
    private final ModelCache models;

    public ScoringJob(SparkSession spark, Settings settings, Console console) {
        this(spark, settings, console, ModelCache.ofOneRun());
    }

    /** @param models that others use too */
    public ScoringJob(SparkSession spark, Settings settings, Console console, ModelCache models) {
        this.models = models;
        this.spark = spark;
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
    }

    /**
     * Scores the table.
     *
     * @return nothing where there was nothing to do: this run is in the output already
     * @throws RefusedException before any task has started, where settings, model and table don't fit
     * @throws RuntimeException where the run failed; then nothing was written
     */
    public Optional<RunReport> run() throws IOException {
        Instant started = Instant.now();
        RunName name = RunName.of(settings.report().run(), started);
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
        console.say(
                "model %s: %s; %,d parameters",
                settings.model().path(), file.model(), file.model().parameters());
        file.notes().forEach(note -> console.say("note: %s", note));
        ScoredOutput output = ScoredOutput.at(spark, settings, name, hadoop);
        ScoringPlan plan = ScoringPlan.read(file, settings, spark);
        RunReport report = score(
                plan,
                () -> plan.broadcast(settings, spark, model.engine(plan.input().kind(), settings, spark)),
                output,
                started);
        KeptRuns.retain(name, settings, hadoop);
        copyReport(report.json());
        tell(report);
        return Optional.of(report);
    }

    /**
     * Scores one table into one output.
     *
     * @param plan resolved; this method joins the carried states that it names to its table
     * @param sent what the executors need of the plan
     * @throws RefusedException before any task has started, where the rows don't fit into the output
     * @throws RuntimeException where it failed; then nothing was written
     */
    public RunReport score(
            ScoringPlan plan, Supplier<Broadcast<BroadcastPlan>> sent, ScoredOutput output, Instant started)
            throws IOException {
        Provenance provenance = plan.provenance(settings, started);
        TableShape shape = output.shape(TableShape.settle(
                provenance.appendTo(plan.schema()), settings.output().partitionBy()));
        output.requireFits(shape);
        Optional<StateUpdate> carry =
                plan.carried().map(states -> StateUpdate.begin(states, plan.table(), output, settings, started, spark));
        carry.ifPresent(states -> console.say("%s", states.sentence()));
        InputTable table = carry.map(StateUpdate::table).orElse(plan.table());
        RunCounters counters = new RunCounters(spark.sparkContext());
        Broadcast<BroadcastPlan> broadcast = sent.get();
        try {
            Optional<TableSample> survey = settings.asksForSurvey()
                    ? Optional.of(TableSample.of(table.rows(), broadcast, counters))
                    : Optional.empty();
            Optional<TaskLayout> layout = survey.map(seen -> layout(seen, plan));
            layout.filter(TaskLayout::changesPartitions).ifPresent(how -> console.say("%s", how.sentence()));
            Dataset<Row> scored = provenance.stamp(scored(
                    plan, table, layout, new PartitionScorer(broadcast, counters, carry.map(StateUpdate::files))));
            try (Progress progress = progress(survey)) {
                layout.ifPresentOrElse(
                        how -> how.runWithSettings(spark, () -> output.stage(scored, how.fileRows())),
                        () -> output.stage(scored, 0));
            }
            requireFewBadRows(counters);
            quarantine(plan, table, broadcast, counters, output);
            carry.ifPresent(StateUpdate::stage);
            RunReport report = report(
                    started, plan, layout, shape, counters, output.badRowsPath(), carry.map(StateUpdate::report));
            output.publish(report);
            carry.ifPresent(StateUpdate::retain);
            return report;
        } catch (Throwable failure) {
            abandon(output, failure);
            throw failure;
        } finally {
            carry.ifPresent(StateUpdate::release);
        }
    }

    /** What a run has left that was ended while it showed scores and states may lie beside another output than this run's. */
    private void finishStates() throws IOException {
        Optional<String> path = settings.state().path();
        if (path.isPresent()) {
            StateUpdate.finishInterrupted(path.get(), hadoop).forEach(sentence -> console.say("%s", sentence));
        }
    }

    private TaskLayout layout(TableSample survey, ScoringPlan plan) {
        int cores = spark.sparkContext().defaultParallelism();
        CostEstimate work = CostEstimate.of(survey, plan, settings, cores, RowMemoryLimit.tasksAtOnce());
        return TaskLayoutPlanner.plan(survey, work, plan, settings, cores);
    }

    private Progress progress(Optional<TableSample> survey) {
        OptionalLong rows = survey.map(seen -> OptionalLong.of(seen.rows())).orElse(OptionalLong.empty());
        return Progress.start(spark.sparkContext(), rows, BETWEEN_LINES, LOG::info);
    }

    /** A run that has a name is added once: whoever repeats it, not knowing how it ended, has it done. */
    private boolean isDone(RunName name) throws IOException {
        if (settings.output().mode() != OutputMode.APPEND || !name.given()) {
            return false;
        }
        String path = settings.output().path();
        FileSystem files = Storage.of(path, "--output", hadoop);
        Optional<byte[]> report =
                new KeptReports(files, new Path(path)).of(settings.report().run());
        if (report.isEmpty()) {
            return false;
        }
        console.say(
                "%s: the run '%s' is in it already, and nothing is left to do",
                path, settings.report().run());
        copyReport(report.get());
        return true;
    }

    /** @throws BadRowException where more rows couldn't be scored than the settings allow */
    private void requireFewBadRows(RunCounters counters) {
        long bad = counters.badRows().rows();
        long rows = counters.rows() + bad;
        double allowed = settings.badRows().maxFraction();
        if (bad > allowed * rows) {
            throw new BadRowException(
                    "%,d of %,d rows can't be scored, more than bad-rows.max-fraction = %s allows, so nothing was written: %s"
                            .formatted(bad, rows, allowed, counters.badRows().sentence()));
        }
    }

    /**
     * Writes the rows that couldn't be scored beside the table, if there are any: the input is read once more, which costs little, as
     * nothing is scored. What Spark writes twice in one go it would have to keep or to score twice.
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
            throw new IllegalStateException(
                    "the input changed while it was read: %,d rows couldn't be scored, and %,d when it was read again; run it once more"
                            .formatted(bad, counters.quarantinedRows()));
        }
    }

    private void abandon(ScoredOutput output, Throwable failure) {
        awaitTasks();
        try {
            output.abandon();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * The tasks beside the one that failed are told to stop, but until they do they write, and would make again what was deleted.
     * What Spark knows of running tasks lags behind by some milliseconds, so it is asked after a pause.
     */
    private void awaitTasks() {
        SparkContext context = spark.sparkContext();
        int running = 1;
        for (int pause = 0; pause < MOST_PAUSES && running > 0 && !context.isStopped(); pause++) {
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            running = Arrays.stream(context.statusTracker().getExecutorInfos())
                    .mapToInt(SparkExecutorInfo::numRunningTasks)
                    .sum();
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
            Optional<CarryReport> states) {
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
                states);
    }

    /** The table is complete and in its place: a copy that can't be made doesn't take that back. */
    public void copyReport(byte[] report) {
        String own = settings.output().format() == OutputFormat.TABLE
                ? ""
                : "; the report itself is %s/%s".formatted(settings.output().path(), RunReport.FILE);
        SmallFile.copy(report, settings.report().path(), hadoop)
                .ifPresent(reason -> console.error("%s: the report's copy could not be written: %s%s"
                        .formatted(settings.report().path().get(), reason, own)));
    }

    private void tellBadRows(RunReport report) {
        BadRowCounts bad = report.badRows();
        if (bad.rows() > 0) {
            String where = settings.badRows().rule() == BadRowRule.NULL
                    ? "their answers are null"
                    : "they are in "
                            + (settings.badRows().path().isPresent()
                                    ? report.badRowsPath()
                                    : settings.output().path() + "/" + report.badRowsPath());
            console.say("%s can't be scored, %s: %s", HumanText.count(bad.rows(), "row"), where, bad.sentence());
        }
    }

    public void tell(RunReport report) {
        console.say(
                "scored %s, %s in %s",
                HumanText.count(report.measured().rows(), "sequence"),
                HumanText.count(report.measured().tokens(), "token"),
                HumanText.duration(RunMetrics.seconds(report.duration())));
        report.lines().forEach(console.out()::println);
        tellBadRows(report);
        console.say("wrote %s: %s", settings.output().path(), String.join(", ", report.columns()));
    }
}
