package sluice.job;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.cell.CompiledModel;
import sluice.cell.ScoreRequest;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.ModelFile;

/** One run: table in, broadcast, partitions, table out, report. */
final class ScoringJob {
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
        Plan plan = plan(file);
        RunCounters counters = new RunCounters(spark.sparkContext());
        Dataset<Row> scored = scored(plan, file.model(), counters);
        try {
            scored.write()
                    .mode(SaveMode.ErrorIfExists)
                    .format(settings.output().format().sparkName())
                    .option("compression", settings.output().format().compression())
                    .save(output.path());
            RunReport report = report(started, file, plan, counters);
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

    private static void abandon(StagedOutput output, Throwable failure) {
        try {
            output.abandon();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** What is settled before any task starts. */
    private record Plan(InputTable table, InputPlan input, OutputColumns columns, StructType schema) {}

    private Plan plan(ModelFile file) {
        InputTable table = InputTable.read(spark, settings.input());
        Optional<Vocabulary> vocabulary = VocabularySource.find(settings.input(), file.metadata(), hadoop);
        InputPlan input = InputPlan.settle(table.rows().schema(), file.model(), settings, vocabulary);
        ScoreRequest request = settings.output().request();
        try {
            CompiledModel.requireScorable(file.model(), input.kind(), request);
        } catch (IllegalArgumentException | ModelException e) {
            throw new RefusedException("%s: %s".formatted(settings.model().path(), e.getMessage()), e);
        }
        OutputColumns columns = new OutputColumns(request, settings.output().prefix(), vocabulary);
        return new Plan(table, input, columns, columns.appendTo(table.schema()));
    }

    private Dataset<Row> scored(Plan plan, LstmModel model, RunCounters counters) {
        SequenceReader reader = new SequenceReader(plan.input(), settings.input(), model.inputWidth());
        Broadcast<BroadcastPlan> broadcast = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new BroadcastPlan(
                        new BroadcastModel(
                                model, plan.input().kind(), settings.scoring().kernel()),
                        settings.output().request(),
                        new InputRow(reader, plan.table(), settings.input()),
                        plan.columns(),
                        settings.scoring().batchBytes()));
        return plan.table().rows().mapPartitions(new PartitionScorer(broadcast, counters), Encoders.row(plan.schema()));
    }

    private RunReport report(Instant started, ModelFile file, Plan plan, RunCounters counters) {
        return new RunReport(
                spark.sparkContext().applicationId(),
                started,
                Duration.between(started, Instant.now()),
                settings,
                file,
                Arrays.asList(plan.schema().fieldNames()),
                counters.rows(),
                counters.tokens(),
                Duration.ofNanos(counters.scoringNanos()),
                counters.engines());
    }

    private void copyReport(RunReport report) throws IOException {
        if (settings.report().isPresent()) {
            Path path = new Path(settings.report().get());
            try (OutputStream stream = path.getFileSystem(hadoop).create(path, true)) {
                stream.write(report.json());
            }
        }
    }

    private void tell(RunReport report) {
        console.say(
                "scored %,d sequences, %,d tokens in %.1f s; scoring took %.1f s of the tasks' time",
                report.rows(),
                report.tokens(),
                report.duration().toMillis() / 1000.0,
                report.scoring().toMillis() / 1000.0);
        console.say("wrote %s: %s", settings.output().path(), String.join(", ", report.columns()));
    }
}
