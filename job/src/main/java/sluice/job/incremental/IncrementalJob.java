package sluice.job.incremental;

import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.cell.weights.file.ModelFile;
import sluice.job.input.InputTable;
import sluice.job.message.AfterCommit;
import sluice.job.message.Console;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.model.Vocabularies;
import sluice.job.model.VocabularySource;
import sluice.job.output.Places;
import sluice.job.output.StagedOutput;
import sluice.job.output.TableShape;
import sluice.job.output.WrittenTable;
import sluice.job.report.RunHistory;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.run.ReportPrinter;
import sluice.job.run.ScoringJob;
import sluice.job.settings.InputFormat;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.RunSession;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.source.TableSource;
import sluice.job.storage.Publication;
import sluice.job.storage.Storage;
import sluice.job.task.ScoringPlan;

/**
 * A run that scores the files that have arrived since the last run. The rows of each file are in the output once.
 *
 * <p>Spark decides which files are new (Structured Streaming over a directory, {@code Trigger.AvailableNow}). {@link MicroBatches} scores
 * each batch of them as {@link ScoringJob} scores any table. Spark records the files of batch N before it passes them to us, and commits N
 * after we return. A run can therefore be killed at any point:
 *
 * <ul>
 *   <li>before Spark has recorded the files of N: they are new files to the next run;
 *   <li>before the journal of N is in place: the output is unchanged, and the next run gets the same files as batch N;
 *   <li>while the steps of the journal are executed: the next run, or {@code --status}, finishes them first;
 *   <li>before Spark has committed N: the next run gets batch N again, finds it in the output, and skips it;
 *   <li>between two batches: Spark continues with the next one.
 * </ul>
 *
 * <p>If the output holds batch N with other files, because someone edited the checkpoint, N is scored again and replaces its partition.
 */
public final class IncrementalJob {
    private final SparkSession spark;
    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;
    private final ReportPrinter printer;

    /** @param user its session; the run has one of its own */
    public IncrementalJob(SparkSession user, Settings settings, Console console) {
        this.spark = RunSession.of(user);
        this.settings = settings;
        this.console = console;
        this.hadoop = spark.sessionState().newHadoopConf();
        this.printer = new ReportPrinter(settings, console, hadoop);
    }

    /** @throws RefusedException if these settings do not allow an incremental run */
    public static void requirePossible(Settings settings, boolean isDryRun) {
        if (isDryRun) {
            throw new RefusedException(
                    "--dry-run: estimates cover all files of the input, because the new ones are not known before the run; leave out --incremental (input.checkpoint)");
        }
        if (settings.output().mode() != OutputMode.APPEND) {
            throw new RefusedException(
                    "output.mode = %s: with --incremental (input.checkpoint) the rows of new files are added to the existing ones; leave out --mode, or set it to append"
                            .formatted(SettingValues.name(settings.output().mode())));
        }
        if (settings.input().format() == InputFormat.TABLE) {
            throw new RefusedException(
                    "input.format = table: --incremental (input.checkpoint) reads new files of a directory, not a catalog table; choose another --input-format");
        }
        if (settings.output().format() == OutputFormat.TABLE) {
            throw new RefusedException(
                    "output.format = table: --incremental (input.checkpoint) writes to a directory, whose batches it can replace; choose another --output-format");
        }
        if (settings.input().paths().size() > 1) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "input.path: %s are %d paths, expected one with --incremental (input.checkpoint); a pattern can name several, for example 'events/{web,app}'",
                    String.join(", ", settings.input().paths()),
                    settings.input().paths().size()));
        }
    }

    /**
     * Scores the new files.
     *
     * @return empty if there are none
     * @throws RefusedException if settings, model, files, checkpoint and output do not fit together
     * @throws RuntimeException if a batch failed; the batches before it are in the output, and the next run gets the others
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
        requirePossible(settings, false);
        RunName name = RunName.of(settings.report().run(), started);
        Places.requireApart(settings, spark, hadoop);
        Publication.finishAll(settings.output().path(), "--output", hadoop)
                .forEach(sentence -> console.say("%s", sentence));
        Optional<Checkpoint> known = Checkpoint.find(settings, hadoop);
        Optional<BatchProgress> before =
                BatchProgress.requireTogether(settings, known, CheckpointLog.of(settings, hadoop), hadoop);
        TableSource source = new TableSource(spark, settings.input());
        if (before.isEmpty() && !source.hasFiles()) {
            console.say("no new files: %s has no files yet", inputPath());
            return Optional.empty();
        }
        CachedModel cached = ModelCache.ofOneRun().get(settings.model(), "--model", hadoop);
        ModelFile model = cached.file();
        printer.print(model);
        Vocabularies vocabularies = VocabularySource.find(settings.input(), model, hadoop);
        Optional<StructType> fixed = known.isPresent() ? known.get().schema(hadoop) : Optional.empty();
        StructType schema = fixed.orElseGet(() -> ScoringPlan.readTable(model.model(), settings, vocabularies, spark)
                .lastingSchema(spark, settings.input().format()));
        ScoringPlan plan = ScoringPlan.resolve(
                model,
                settings,
                vocabularies,
                InputTable.of(spark, source.none(schema), settings.input(), model.model()),
                hadoop);
        printer.print(plan);
        TableShape shape = requireFits(plan, started);
        before.ifPresent(last -> printChanges(last, model));
        Checkpoint checkpoint = known.isPresent() ? known.get() : begin();
        MicroBatches batches =
                new MicroBatches(spark, settings, console, cached, vocabularies, checkpoint, schema, plan);
        batches.score(source.stream(schema));
        return finish(name, batches, batches.report(started, shape), before);
    }

    /** What is left to do when the rows of all batches are published. */
    private Optional<RunReport> finish(
            RunName name, MicroBatches batches, RunReport report, Optional<BatchProgress> before) {
        AfterCommit after = new AfterCommit(console);
        byte[] json = report.json(batches.identity(before));
        // A run without new files writes a report only if the run is named and the output exists.
        if (!batches.isEmpty() || (before.isPresent() && name.given())) {
            after.attempt("the report of the run could not be written", () -> publish(name, json));
            after.attempt(
                    "the reports of old runs could not be removed", () -> RunHistory.retain(name, settings, hadoop));
        }
        after.attempt("the report could not be copied", () -> printer.copyPublished(json));
        if (batches.isEmpty()) {
            console.say("no new files in %s", inputPath());
            return Optional.empty();
        }
        after.attempt("the report could not be printed", () -> printer.print(report));
        return Optional.of(report);
    }

    private Checkpoint begin() throws IOException {
        Checkpoint checkpoint = Checkpoint.first(settings, hadoop);
        checkpoint.write(hadoop);
        return checkpoint;
    }

    private String inputPath() {
        return settings.input().paths().get(0);
    }

    private Path qualified(String path, String option) {
        return Storage.qualified(path, option, hadoop);
    }

    /** Checks the shape of the output before the first batch is scored. */
    private TableShape requireFits(ScoringPlan plan, Instant started) throws IOException {
        Settings.Output output = settings.output();
        Path target = qualified(output.path(), "--output");
        TableShape shape =
                BatchOutput.shape(ScoringJob.shape(plan, plan.provenance(settings, started), settings), output);
        WrittenTable.find(Storage.of(target, hadoop), target, output, spark)
                .ifPresent(written -> written.requireSame(shape, output.path()));
        return shape;
    }

    private void printChanges(BatchProgress last, ModelFile model) {
        if (!model.model().fingerprint().equals(last.model())) {
            console.say(
                    "note: batches up to %,d were scored with another model, of SHA-256 %s; later ones are scored with this model",
                    last.batch(), last.model());
        }
        if (!settings.sha256().equals(last.settings())) {
            console.say(
                    "note: batches up to %,d were scored with other settings; later ones are scored with these",
                    last.batch());
        }
    }

    /** Publishes the report of the run; the rows were published by its batches. */
    private void publish(RunName name, byte[] report) throws IOException {
        StagedOutput staged = StagedOutput.at(settings.output(), Optional.empty(), name, hadoop);
        staged.writeReport(report);
        staged.publish(changed -> true);
    }
}
