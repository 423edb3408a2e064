package sluice.job.run;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import sluice.cell.ScoreRequest;
import sluice.job.column.FlaggedRanks;
import sluice.job.column.OutputSize;
import sluice.job.input.InputTable;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.message.TwoColumnText;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.model.ModelSummary;
import sluice.job.output.Places;
import sluice.job.output.ScoredOutput;
import sluice.job.output.TableShape;
import sluice.job.report.DryRunReport;
import sluice.job.report.RunCounters;
import sluice.job.report.RunHistory;
import sluice.job.report.RunName;
import sluice.job.settings.RunSession;
import sluice.job.settings.Settings;
import sluice.job.state.StateJoin;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.CostEstimate;
import sluice.job.task.RuntimeEstimate;
import sluice.job.task.ScoringPlan;
import sluice.job.task.SpeedTrial;
import sluice.job.task.TableSample;
import sluice.job.task.TaskLayoutPlanner;

/**
 * Estimates what a run would do and cost: {@code --dry-run}. Reads the model, checks the table's schema, counts the rows and scores a
 * sample. Writes nothing but the report, if {@code report.path} is set.
 */
public final class DryRun {
    private static final long FIXED_BYTES = 400L << 20; // executor memory that does not depend on the model

    private final SparkSession spark;
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;

    /** @param user its session; the run has one of its own */
    public DryRun(SparkSession user, Settings settings, Console console) {
        this.spark = RunSession.of(user);
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
    }

    /**
     * Prints the estimates.
     *
     * @return {@link ExitCode#REFUSED} if the run would be refused because its output already exists or does not match
     * @throws RefusedException if the run would be refused because of its settings, model or table
     */
    public ExitCode run() throws IOException {
        Instant started = Instant.now();
        Places.requireApart(settings, spark, hadoop);
        CachedModel model = ModelCache.ofOneRun().get(settings.model(), "--model", hadoop);
        ScoringPlan plan = ScoringPlan.read(model.file(), settings, spark);
        Optional<StateJoin> states = plan.carried().map(carried -> StateJoin.of(carried, plan.table(), spark));
        try {
            return run(started, model, plan, states);
        } finally {
            states.ifPresent(StateJoin::close);
        }
    }

    private ExitCode run(Instant started, CachedModel model, ScoringPlan plan, Optional<StateJoin> states)
            throws IOException {
        RunCounters counters = new RunCounters(spark.sparkContext());
        Broadcast<BroadcastPlan> broadcast =
                plan.broadcast(settings, spark, model.engine(plan.input().kind(), settings, spark));
        InputTable table = states.map(StateJoin::table).orElse(plan.table());
        PlannedTasks tasks = PlannedTasks.of(plan, table, broadcast, counters, settings, spark);
        Duration before = Duration.between(started, Instant.now());
        SpeedTrial trial = SpeedTrial.of(tasks.sample().sequences(), broadcast, counters, spark.sparkContext());
        CostEstimate cost = tasks.cost();
        DryRunReport report = report(
                plan,
                tasks,
                RuntimeEstimate.of(tasks.sample(), cost, tasks.layout(), trial.stepsPerSecond(), tasks.cores(), before),
                trial.ranks());
        new ModelSummary(settings.model().path(), plan.model(), plan.input().vocabulary())
                .lines()
                .forEach(console.out()::println);
        TwoColumnText page = page(plan, tasks, states);
        report.addTo(page, RunHistory.lastRun(settings, hadoop));
        page.lines().forEach(console.out()::println);
        OutputSize.warning(report.outputBytes(), settings.output().request())
                .ifPresent(warning -> console.say("warning: %s", warning));
        new ReportPrinter(settings, console, hadoop).copy(report.json());
        return checkOutput(plan);
    }

    private ExitCode checkOutput(ScoringPlan plan) {
        Instant now = Instant.now();
        try {
            TableShape shape = ScoringJob.shape(plan, plan.provenance(settings, now), settings);
            ScoredOutput.at(spark, settings, RunName.of(settings.report().run(), now), hadoop)
                    .requireFits(shape);
            return ExitCode.SCORED;
        } catch (RefusedException e) {
            console.error("the run would be refused: " + e.getMessage());
            return ExitCode.REFUSED;
        }
    }

    private DryRunReport report(
            ScoringPlan plan, PlannedTasks tasks, RuntimeEstimate runtime, Optional<FlaggedRanks> ranks) {
        CostEstimate cost = tasks.cost();
        return new DryRunReport(
                settings,
                plan.model().model().fingerprint(),
                cost.rows(),
                cost.steps(),
                cost.sharing(),
                cost.sharingIfClustered(),
                cost.work().step(),
                cost.work().answer(),
                tasks.layout().sentence(),
                runtime.tokensPerSecond(),
                runtime.taskSeconds(),
                runtime.seconds(),
                runtime.cores(),
                cost.rows() * cost.rowBytes(),
                ranks);
    }

    private TwoColumnText page(ScoringPlan plan, PlannedTasks tasks, Optional<StateJoin> states) {
        long modelBytes = plan.model().model().parameters() * Float.BYTES;
        CostEstimate cost = tasks.cost();
        TwoColumnText page = new TwoColumnText()
                .add(
                        "executor",
                        "at least %s: %.1f times the model and %s, of which a task's batch takes %s",
                        HumanText.size(CachedModel.MODEL_COPIES * modelBytes + FIXED_BYTES),
                        CachedModel.MODEL_COPIES,
                        HumanText.size(FIXED_BYTES),
                        HumanText.size(settings.scoring().batchBytes()))
                .add(
                        "work",
                        "%,d floating-point operations a step, %,d an answer; %s",
                        cost.work().step(),
                        cost.work().answer(),
                        answered(plan.request(), cost))
                .add("tasks", "%s", tasks.layout().sentence())
                .add(
                        "sample",
                        "%s; %s",
                        HumanText.count(tasks.sample().sampledRows(), "row"),
                        clustering(tasks.sample(), cost));
        states.ifPresent(joined -> page.add("states", "%s", joined.sentence()));
        return page;
    }

    private static String answered(ScoreRequest request, CostEstimate cost) {
        String steps = cost.work().answersEachStep() ? "each step is answered" : "the last step is answered";
        return request.windows()
                .map(windows -> String.format(Locale.ROOT, "%s from a window of %,d", steps, windows.length()))
                .orElse(steps);
    }

    private static String clustering(TableSample sample, CostEstimate cost) {
        return String.format(
                Locale.ROOT,
                "%.1f tokens per computed step in the table's order, %.1f if the rows were sorted: scoring.cluster-prefixes %s",
                cost.sharing(),
                cost.sharingIfClustered(),
                TaskLayoutPlanner.clusteringPays(sample, cost) ? "would pay" : "would not pay");
    }
}
