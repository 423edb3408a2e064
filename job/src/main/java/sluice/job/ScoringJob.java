package sluice.job;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.weights.file.ModelFile;

/** One run: table in, broadcast, partitions, table out, report. */
final class ScoringJob {
    private static final Logger LOG = LoggerFactory.getLogger(ScoringJob.class);
    private static final Duration BETWEEN_LINES = Duration.ofMinutes(1);
    private static final int PAUSE_MILLIS = 100;
    private static final int MOST_PAUSES = 100;

    private final SparkSession spark;
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;

    ScoringJob(SparkSession spark, Settings settings, Console console) {
        this.spark = spark;
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
    }

    /**
     * Scores the table.
     *
     * @throws RefusedException before any task has started, where settings, model and table don't fit
     * @throws RuntimeException where the run failed; then nothing was written
     */
    RunReport run() throws IOException {
        Instant started = Instant.now();
        ModelFile file = ModelSource.read(settings.model(), hadoop);
        console.say(
                "model %s: %s; %,d parameters",
                settings.model().path(), file.model(), file.model().parameters());
        file.notes().forEach(note -> console.say("note: %s", note));
        StagedOutput output =
                StagedOutput.at(settings.output().path(), settings.output().mode(), hadoop);
        ScoringPlan plan = ScoringPlan.settle(file, settings, spark);
        RunCounters counters = new RunCounters(spark.sparkContext());
        Broadcast<BroadcastPlan> broadcast = plan.broadcast(settings, spark);
        try {
            Optional<InputSurvey> survey = settings.asksForSurvey()
                    ? Optional.of(InputSurvey.of(plan.table().rows(), broadcast, counters))
                    : Optional.empty();
            Optional<TaskLayout> layout = survey.map(seen -> layout(seen, plan));
            layout.ifPresent(how -> console.say("%s", how.sentence()));
            try (Progress progress = progress(survey)) {
                write(scored(plan, layout, broadcast, counters), layout, output.path());
            }
            requireFewBadRows(counters);
            quarantine(plan, broadcast, counters, output);
            RunReport report = report(started, plan, layout, counters);
            output.write(RunReport.FILE, report.json());
            output.publish();
            copyReport(report);
            tell(report);
            return report;
        } catch (Throwable failure) {
            abandon(output, failure);
            throw failure;
        }
    }

    private TaskLayout layout(InputSurvey survey, ScoringPlan plan) {
        WorkEstimate work = WorkEstimate.of(survey, plan, settings);
        return TaskLayout.settle(
                survey,
                work,
                plan.input().kind().takesTokens(),
                settings,
                spark.sparkContext().defaultParallelism());
    }

    private Progress progress(Optional<InputSurvey> survey) {
        OptionalLong rows = survey.map(seen -> OptionalLong.of(seen.rows())).orElse(OptionalLong.empty());
        return Progress.start(spark.sparkContext(), rows, BETWEEN_LINES, LOG::info);
    }

    private void write(Dataset<Row> rows, Optional<TaskLayout> layout, String path) {
        rows.write()
                .mode(SaveMode.ErrorIfExists)
                .format(settings.output().format().sparkName())
                .option("maxRecordsPerFile", layout.map(TaskLayout::fileRows).orElse(0L))
                .option("compression", settings.output().format().compression())
                .save(path);
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
            ScoringPlan plan, Broadcast<BroadcastPlan> broadcast, RunCounters counters, StagedOutput output) {
        long bad = counters.badRows().rows();
        if (settings.badRows().rule() != BadRowRule.QUARANTINE || bad == 0) {
            return;
        }
        Dataset<Row> rows = plan.table().rows();
        StructType schema = plan.quarantine().appendTo(plan.table().wholeSchema());
        write(
                rows.mapPartitions(PartitionScorer.ofQuarantine(broadcast, counters), Encoders.row(schema)),
                Optional.empty(),
                output.path(RunReport.BAD_ROWS));
        if (counters.quarantinedRows() != bad) {
            throw new IllegalStateException(
                    "the input changed while it was read: %,d rows couldn't be scored, and %,d when it was read again; run it once more"
                            .formatted(bad, counters.quarantinedRows()));
        }
    }

    private void abandon(StagedOutput output, Throwable failure) {
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
            ScoringPlan plan, Optional<TaskLayout> layout, Broadcast<BroadcastPlan> broadcast, RunCounters counters) {
        Dataset<Row> rows =
                layout.map(how -> how.lay(plan.table())).orElse(plan.table().rows());
        Dataset<Row> scored = rows.mapPartitions(new PartitionScorer(broadcast, counters), Encoders.row(plan.schema()));
        return VectorMetadata.attach(scored, plan.schema());
    }

    private RunReport report(Instant started, ScoringPlan plan, Optional<TaskLayout> layout, RunCounters counters) {
        return new RunReport(
                spark.sparkContext().applicationId(),
                started,
                Duration.between(started, Instant.now()),
                settings,
                plan.model(),
                Arrays.asList(plan.schema().fieldNames()),
                layout,
                counters.measured(),
                counters.badRows());
    }

    /** The table is complete and in its place: a copy that can't be made doesn't take that back. */
    private void copyReport(RunReport report) {
        ReportFile.copy(report.json(), settings.report(), hadoop)
                .ifPresent(reason ->
                        console.error("%s: the report's copy could not be written: %s; the report itself is %s/%s"
                                .formatted(
                                        settings.report().path().get(),
                                        reason,
                                        settings.output().path(),
                                        RunReport.FILE)));
    }

    private void tellBadRows(BadRowTally bad) {
        if (bad.rows() > 0) {
            String where = settings.badRows().rule() == BadRowRule.NULL
                    ? "their answers are null"
                    : "they are in %s/%s".formatted(settings.output().path(), RunReport.BAD_ROWS);
            console.say("%s can't be scored, %s: %s", Words.count(bad.rows(), "row"), where, bad.sentence());
        }
    }

    private void tell(RunReport report) {
        console.say(
                "scored %s, %s in %s",
                Words.count(report.measured().rows(), "sequence"),
                Words.count(report.measured().tokens(), "token"),
                Words.duration(Measured.seconds(report.duration())));
        report.lines().forEach(console.out()::println);
        tellBadRows(report.badRows());
        console.say("wrote %s: %s", settings.output().path(), String.join(", ", report.columns()));
    }
}
