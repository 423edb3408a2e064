package sluice.job.run;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import sluice.cell.weights.file.ModelFile;
import sluice.job.input.InputTable;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.message.TwoColumnText;
import sluice.job.message.Version;
import sluice.job.model.BroadcastModel;
import sluice.job.model.ModelSource;
import sluice.job.model.ModelSummary;
import sluice.job.output.OutputSize;
import sluice.job.output.Provenance;
import sluice.job.output.ScoredOutput;
import sluice.job.output.TableShape;
import sluice.job.report.LastRun;
import sluice.job.report.RunCounters;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.Settings;
import sluice.job.state.StateJoin;
import sluice.job.storage.SmallFile;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.CostEstimate;
import sluice.job.task.RowMemoryLimit;
import sluice.job.task.RuntimeEstimate;
import sluice.job.task.ScoringPlan;
import sluice.job.task.SpeedTrial;
import sluice.job.task.TableSample;
import sluice.job.task.TaskLayout;
import sluice.job.task.TaskLayoutPlanner;

/**
 * What a run would do, without doing it: the model is read, the table's schema held against it, its rows are counted, and a sample is
 * scored. Nothing is written but the report, where one is asked for.
 */
public final class DryRun {
    private static final double MODEL_SHARES = 2.6; // the model as it is read, as it travels, and as it is packed
    private static final long BESIDE_THE_MODEL = 400L << 20;

    private final SparkSession spark;
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;

    public DryRun(SparkSession spark, Settings settings, Console console) {
        this.spark = spark;
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
    }

    /**
     * Prints the plan.
     *
     * @return whether the run would be refused since something is where its output would go
     * @throws RefusedException where the run would be refused for its settings, its model or its table
     */
    public ExitCode run() throws IOException {
        Instant started = Instant.now();
        ModelFile file = ModelSource.read(settings.model(), hadoop);
        ScoringPlan plan = ScoringPlan.read(file, settings, spark);
        Optional<StateJoin> states = plan.carried().map(carried -> StateJoin.of(carried, plan.table(), spark));
        try {
            return run(started, file, plan, states);
        } finally {
            states.ifPresent(StateJoin::close);
        }
    }

    private ExitCode run(Instant started, ModelFile file, ScoringPlan plan, Optional<StateJoin> states)
            throws IOException {
        RunCounters counters = new RunCounters(spark.sparkContext());
        Broadcast<BroadcastPlan> broadcast = plan.broadcast(
                settings,
                spark,
                BroadcastModel.broadcast(file.model(), plan.input().kind(), settings, spark));
        InputTable table = states.map(StateJoin::table).orElse(plan.table());
        TableSample survey = TableSample.of(table.rows(), broadcast, counters);
        int cores = spark.sparkContext().defaultParallelism();
        CostEstimate work = CostEstimate.of(survey, plan, settings, cores, RowMemoryLimit.tasksAtOnce());
        TaskLayout layout = TaskLayoutPlanner.plan(survey, work, plan, settings, cores);
        Duration before = Duration.between(started, Instant.now());
        double speed = SpeedTrial.stepsPerSecond(survey.sequences(), broadcast, counters, spark.sparkContext());
        RuntimeEstimate forecast = RuntimeEstimate.of(survey, work, layout, speed, cores, before);
        new ModelSummary(settings.model().path(), file, plan.input().vocabulary())
                .lines()
                .forEach(console.out()::println);
        lines(plan, survey, work, layout, forecast, states).forEach(console.out()::println);
        OutputSize.warning(work.rows() * work.rowBytes(), settings.output().request())
                .ifPresent(warning -> console.say("warning: %s", warning));
        SmallFile.copy(json(plan, work, layout, forecast), settings.report().path(), hadoop)
                .ifPresent(reason -> console.error("%s: the report could not be written: %s"
                        .formatted(settings.report().path().get(), reason)));
        return tellWhetherFits(plan);
    }

    private ExitCode tellWhetherFits(ScoringPlan plan) {
        Instant now = Instant.now();
        Provenance provenance = plan.provenance(settings, now);
        try {
            TableShape shape = TableShape.settle(
                    provenance.appendTo(plan.schema()), settings.output().partitionBy());
            ScoredOutput.at(spark, settings, RunName.of(settings.report().run(), now), hadoop)
                    .requireFits(shape);
            return ExitCode.SCORED;
        } catch (RefusedException e) {
            console.error("the run would be refused: " + e.getMessage());
            return ExitCode.REFUSED;
        }
    }

    private List<String> lines(
            ScoringPlan plan,
            TableSample survey,
            CostEstimate work,
            TaskLayout layout,
            RuntimeEstimate forecast,
            Optional<StateJoin> states)
            throws IOException {
        long model = plan.model().model().parameters() * Float.BYTES;
        Optional<LastRun> last = LastRun.of(settings, hadoop);
        TwoColumnText page = new TwoColumnText()
                .add(
                        "executor",
                        "%s at least: %.1f times the model and %s; a task's batch takes %s of it",
                        TwoColumnText.size(MODEL_SHARES * model + BESIDE_THE_MODEL),
                        MODEL_SHARES,
                        TwoColumnText.size(BESIDE_THE_MODEL),
                        TwoColumnText.size(settings.scoring().batchBytes()))
                .add(
                        "work",
                        "%,d floating-point operations a step, %,d an answer; %s",
                        work.work().step(),
                        work.work().answer(),
                        work.work().answersEachStep() ? "each step is answered" : "the last step is answered")
                .add("tasks", "%s", layout.sentence())
                .add("sample", "%s; %s", HumanText.count(survey.sampledRows(), "row"), clustering(survey, work));
        states.ifPresent(joined -> page.add("states", "%s", joined.sentence()));
        page.add("", "")
                .add(
                        "",
                        "%-28s %s",
                        "estimated",
                        last.map(run -> "last run, " + run.started()).orElse(""));
        compare(page, "rows", "%,d".formatted(work.rows()), last.map(run -> "%,d".formatted(run.rows())));
        compare(page, "tokens", "%,.0f".formatted(work.steps()), last.map(run -> "%,d".formatted(run.tokens())));
        compare(page, "sharing", "%.1f".formatted(work.sharing()), last.map(run -> "%.1f".formatted(run.sharing())));
        compare(
                page,
                "speed",
                "%,.0f tokens/s a core".formatted(forecast.tokensPerSecond()),
                last.map(run -> "%,.0f tokens/s a core".formatted(run.speed())));
        compare(
                page,
                "tasks' time",
                HumanText.duration(forecast.taskSeconds()),
                last.map(run -> HumanText.duration(run.taskSeconds())));
        compare(
                page,
                "in all",
                "%s on %s".formatted(HumanText.duration(forecast.seconds()), HumanText.count(forecast.cores(), "core")),
                last.map(run -> HumanText.duration(run.seconds())));
        page.add("size", "%s before compression", TwoColumnText.size(work.rows() * work.rowBytes()));
        return page.lines();
    }

    private static void compare(TwoColumnText page, String name, String estimated, Optional<String> measured) {
        page.add(
                name,
                "%s",
                measured.map(last -> "%-28s %s".formatted(estimated, last)).orElse(estimated));
    }

    private static String clustering(TableSample survey, CostEstimate work) {
        return "a computed step stands for %.1f tokens as the rows stand, for %.1f if they were sorted: scoring.cluster-prefixes %s"
                .formatted(
                        work.sharing(),
                        work.sharingIfClustered(),
                        TaskLayoutPlanner.clusteringPays(survey, work) ? "would pay" : "would not pay");
    }

    private byte[] json(ScoringPlan plan, CostEstimate work, TaskLayout layout, RuntimeEstimate forecast) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sluice", Version.current());
        report.put("dry-run", true);
        report.put(RunReport.RUN, settings.report().run());
        report.put("model", plan.model().model().fingerprint());
        report.put("input", settings.input().paths());
        report.put("output", settings.output().path());
        report.put(RunReport.ROWS, work.rows());
        report.put(RunReport.TOKENS, Math.round(work.steps()));
        report.put("sharing", work.sharing());
        report.put("sharing-if-clustered", work.sharingIfClustered());
        report.put("flops-per-step", work.work().step());
        report.put("flops-per-answer", work.work().answer());
        report.put("task-layout", layout.sentence());
        report.put(RunReport.SPEED, Math.round(forecast.tokensPerSecond()));
        report.put("core-hours", forecast.taskSeconds() / 3_600);
        report.put(RunReport.SECONDS, forecast.seconds());
        report.put("output-bytes", Math.round(work.rows() * work.rowBytes()));
        return SmallFile.json(report);
    }
}
