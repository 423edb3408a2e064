package sluice.job;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import sluice.cell.weights.file.ModelFile;
import sluice.job.incremental.IncrementalJob;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.Version;
import sluice.job.model.ModelCache;
import sluice.job.model.ModelSummary;
import sluice.job.model.SavedModel;
import sluice.job.model.Vocabulary;
import sluice.job.model.VocabularySource;
import sluice.job.report.RunReport;
import sluice.job.report.RunStatus;
import sluice.job.run.DryRun;
import sluice.job.run.ReportPrinter;
import sluice.job.run.ScoringJob;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;
import sluice.job.storage.Publication;
import sluice.job.storage.Storage;

/** The command line: names for the common settings, {@code --set} for the rest. */
@Command(
        name = "submit/score",
        sortOptions = false,
        usageHelpWidth = 110,
        description = {
            "Scores the token sequences of a table with a trained LSTM, as a Spark job.",
            "Every row comes back with all its columns and the asked ones beside them, in the same bits whatever it is scored with."
        },
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Example:",
            "  submit/score --model clicks.safetensors --input events/ --output scores/ --emit topk,loglik",
            "  submit/score --describe clicks.onnx",
            "  submit/score --model clicks.onnx --save-model clicks.safetensors",
            "",
            "All settings, their units and defaults: conf/scoring.conf. Options of spark-submit (--master, --driver-memory,",
            "--executor-memory, --conf, --packages, ...) are handed to it.",
            "Exit codes: 0 done; 1 the run failed, nothing was written; 2 settings, model or table are wrong, nothing was",
            "started; 3 more rows can't be scored than bad-rows allows, nothing was written."
        })
public final class ScoreCommand {
    @Option(
            names = "--model",
            paramLabel = "FILE",
            description =
                    "The trained model: safetensors (a file, or the index of several), a PyTorch checkpoint, ONNX, or Keras.")
    private String model;

    @Option(names = "--input", paramLabel = "PATH", description = "The table to score: a file or a directory.")
    private String input;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Where the scored table goes: a directory that the run makes, or the name of a table.")
    private String output;

    @Option(
            names = "--tokens",
            paramLabel = "COLUMN",
            description = "The column of sequences: ids, words, text, or rows of features. Default: tokens.")
    private String tokens;

    @Option(
            names = "--emit",
            paramLabel = "WHAT,...",
            description =
                    "Any of softmax, prediction, topk, loglik, logprob, rank, hidden, cell, state, gates. Default: softmax.")
    private String emit;

    @Option(
            names = "--at",
            paramLabel = "last|each",
            description = "One answer a sequence, or one at each step. Default: last.")
    private String at;

    @Option(names = "--top-k", paramLabel = "K", description = "How many classes topk lists. Default: 5.")
    private String topK;

    @Option(
            names = "--input-format",
            paramLabel = "FORMAT",
            description =
                    "parquet, orc, json, csv, avro, text, or table: a name in Spark's catalogs. Default: parquet.")
    private String inputFormat;

    @Option(
            names = "--output-format",
            paramLabel = "parquet|orc|json|table",
            description = "table: the output is a table of Spark's catalogs by its name. Default: parquet.")
    private String outputFormat;

    @Option(
            names = "--mode",
            paramLabel = "error|overwrite|append|partitions",
            description =
                    "What to do where the output exists: refuse, replace it, add to it, or replace those of its partitions (output.partition-by) that the new rows fall into. Default: error.")
    private String mode;

    @Option(
            names = "--incremental",
            paramLabel = "CHECKPOINT",
            description =
                    "Score the files that have come since the last run with this checkpoint, a directory in which Spark keeps which were scored, and add their rows to the output.")
    private String incremental;

    @Option(
            names = "--vocabulary",
            paramLabel = "FILE",
            description = "Words in the order of their ids, for text input and for labels. Default: the model's own.")
    private String vocabulary;

    @Option(
            names = "--splitter",
            paramLabel = "character|whitespace|regex",
            description = "How text becomes words. Default: whitespace.")
    private String splitter;

    @Option(
            names = "--kernel",
            paramLabel = "auto|vector|scalar|reference",
            description = "What computes; all but reference give the same bits. Default: auto.")
    private String kernel;

    @Option(
            names = "--bad-rows",
            paramLabel = "fail|quarantine|null",
            description =
                    "What to do with a row that can't be scored: stop, set it aside, or keep it unanswered. Default: fail.")
    private String badRows;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "A copy of the run's report, which is written for a run that fails, too.")
    private String report;

    @Option(names = "--config", paramLabel = "FILE", description = "A settings file, as conf/scoring.conf.")
    private Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Any setting by its key; lists with commas. May be repeated.")
    private Map<String, String> set = new LinkedHashMap<>();

    @Option(
            names = "--status",
            paramLabel = "OUTPUT",
            description =
                    "Tell how the run ended that wrote this output or report, and end with its exit code. Finishes what a killed run has left.")
    private String status;

    @Option(
            names = "--run",
            paramLabel = "NAME",
            description = "What to call this run in its report; with --status, the run that is asked after.")
    private String run;

    @Option(names = "--show", paramLabel = "ROWS", description = "Print this many rows of the scored table.")
    private int show;

    @Option(
            names = "--describe",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "MODEL",
            description = "Print what is understood of a model, in place of --model, and score nothing.")
    private String describe;

    @Option(
            names = "--save-model",
            paramLabel = "FILE",
            description = "Write the model as safetensors that PyTorch loads, and score nothing.")
    private String saveModel;

    @Option(
            names = "--dry-run",
            description = "Print what the run would do and cost, from a sample of the table, and write nothing.")
    private boolean dryRun;

    @Option(names = "--help", usageHelp = true, description = "Print this help.")
    private boolean help;

    @Option(names = "--version", versionHelp = true, description = "Print the version.")
    private boolean version;

    private ScoreCommand() {}

    /** Runs a command line and returns its exit code; whatever goes wrong has been said on stderr. */
    public static int run(String... arguments) {
        Console console = new Console(
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        ScoreCommand command = new ScoreCommand();
        CommandLine line = new CommandLine(command);
        line.getCommandSpec().version("sluice " + Version.current());
        try {
            line.parseArgs(arguments);
        } catch (ParameterException e) {
            console.error(e.getMessage() + "; see --help");
            return ExitCode.REFUSED.code();
        }
        if (command.help || command.version) {
            if (command.help) {
                line.usage(console.out());
            } else {
                line.printVersionHelp(console.out());
            }
            return ExitCode.SCORED.code();
        }
        return command.run(console);
    }

    private int run(Console console) {
        try {
            if (status != null) {
                return tellStatus(console);
            }
            if (describe != null || saveModel != null) {
                lookAtModel(console);
                return ExitCode.SCORED.code();
            }
            return score(console).code();
        } catch (Exception | OutOfMemoryError e) { // Spark throws checked exceptions that it doesn't declare
            console.error(Failure.sentence(e));
            return Failure.code(e).code();
        }
    }

    private int tellStatus(Console console) throws IOException {
        Configuration hadoop = Storage.configuration(new SparkConf());
        Publication.finishAll(status, "--status", hadoop).forEach(sentence -> console.say("%s", sentence));
        RunStatus ended = RunStatus.read(status, Optional.ofNullable(run), hadoop);
        if (ended.code() == ExitCode.SCORED.code()) {
            console.say("%s", ended.sentence());
        } else {
            console.error(ended.sentence());
        }
        return ended.code();
    }

    /** Without a session: that takes seconds to start, and there is nothing to compute. */
    private void lookAtModel(Console console) throws IOException {
        Settings.ModelOnly settings = Settings.readModelOnly(config, overrides());
        Configuration hadoop = Storage.configuration(new SparkConf());
        Optional<SavedModel> saved =
                Optional.ofNullable(saveModel).map(path -> SavedModel.at(path, settings.mode(), hadoop));
        ModelFile file =
                ModelCache.ofOneRun().get(settings.model(), "--model", hadoop).file();
        if (describe != null) {
            Optional<Vocabulary> words = VocabularySource.find(settings.vocabulary(), file.metadata(), hadoop);
            new ModelSummary(settings.model().path(), file, words).lines().forEach(console.out()::println);
        }
        if (saved.isPresent()) {
            saved.get().write(file, settings.model().path());
            console.say(
                    "wrote %s: %s; SHA-256 %s",
                    saveModel, file.model(), file.model().fingerprint());
        }
    }

    private ExitCode score(Console console) throws IOException {
        Instant started = Instant.now();
        Settings settings = Settings.read(config, overrides());
        boolean isIncremental = settings.input().checkpoint().isPresent();
        if (isIncremental) {
            IncrementalJob.requirePossible(settings, dryRun);
        }
        SparkSession spark = SparkSession.builder().appName("sluice").getOrCreate();
        try {
            if (dryRun) {
                return new DryRun(spark, settings, console).run();
            }
            if (isIncremental) {
                if (new IncrementalJob(spark, settings, console).run().isEmpty()) {
                    return ExitCode.SCORED;
                }
            } else {
                new ScoringJob(spark, settings, console).run();
            }
            showRows(spark, settings, console);
            return ExitCode.SCORED;
        } catch (Exception | OutOfMemoryError e) {
            new ReportPrinter(settings, console, spark.sessionState().newHadoopConf())
                    .copy(RunReport.failed(started, settings, Failure.code(e), Failure.sentence(e)));
            throw e;
        } finally {
            spark.stop();
        }
    }

    private void showRows(SparkSession spark, Settings settings, Console console) {
        if (show > 0) {
            Settings.Output written = settings.output();
            Dataset<Row> rows = written.format() == OutputFormat.TABLE
                    ? spark.read().table(written.path())
                    : spark.read().format(written.format().sparkName()).load(written.path());
            List<String> lines = rows.toJSON().takeAsList(show);
            lines.forEach(console.out()::println);
        }
    }

    private Map<String, String> overrides() {
        Map<String, String> overrides = new LinkedHashMap<>(set);
        put(overrides, "model.path", modelPath());
        put(overrides, "input.path", input);
        put(overrides, "input.format", inputFormat);
        put(overrides, "input.checkpoint", incremental);
        put(overrides, "input.tokens", tokens);
        put(overrides, "input.vocabulary", vocabulary);
        put(overrides, "input.splitter", splitter);
        put(overrides, "scoring.kernel", kernel);
        put(overrides, "output.path", output);
        put(overrides, "output.format", outputFormat);
        put(overrides, "output.mode", mode);
        put(overrides, "output.at", at);
        put(overrides, "output.emit", emit);
        put(overrides, "output.top-k", topK);
        put(overrides, "bad-rows.rule", badRows);
        put(overrides, "report.path", report);
        put(overrides, "report.run", run);
        return overrides;
    }

    private String modelPath() {
        boolean described = describe != null && !describe.isEmpty();
        if (described && model != null && !model.equals(describe)) {
            throw new RefusedException(
                    "two models, --describe %s and --model %s: pass one of them".formatted(describe, model));
        }
        return described ? describe : model;
    }

    private static void put(Map<String, String> overrides, String key, String value) {
        if (value != null) {
            overrides.put(key, value);
        }
    }
}
