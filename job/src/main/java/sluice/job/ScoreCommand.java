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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import sluice.cell.weights.file.ModelFile;
import sluice.job.audit.AuditJob;
import sluice.job.incremental.IncrementalJob;
import sluice.job.message.AfterCommit;
import sluice.job.message.Console;
import sluice.job.message.DecodedText;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.UnsafeJava;
import sluice.job.message.Version;
import sluice.job.model.ModelCache;
import sluice.job.model.ModelSummary;
import sluice.job.model.SavedModel;
import sluice.job.model.Vocabulary;
import sluice.job.model.VocabularySource;
import sluice.job.output.Places;
import sluice.job.report.RunRecord;
import sluice.job.report.RunReport;
import sluice.job.report.RunStatus;
import sluice.job.run.DryRun;
import sluice.job.run.ReportPrinter;
import sluice.job.run.ScoringJob;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.SettingKey;
import sluice.job.settings.Settings;
import sluice.job.storage.Publication;
import sluice.job.storage.Storage;

/** The command line: options for the common settings, {@code --set} for all others. */
@Command(
        name = "submit/score",
        sortOptions = false,
        usageHelpWidth = 110,
        description = {
            "Scores the token sequences of a table with a trained LSTM, as a Spark job.",
            "Every row keeps its columns and gets the requested ones, with the same bits for any kernel and any partitioning."
        },
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Example:",
            "  submit/score --model clicks.safetensors --input events/ --output scores/ --emit topk,loglik",
            "  submit/score --describe clicks.onnx",
            "  submit/score --model clicks.onnx --save-model clicks.safetensors",
            "  submit/score --audit scores/ --model clicks.safetensors",
            "",
            "All settings, their units and defaults: conf/scoring.conf. Options of spark-submit (--master, --driver-memory,",
            "--executor-memory, --conf, --packages, ...) are passed to it.",
            "Exit codes: 0 done; 1 the run failed, nothing was written; 2 settings, model or table are wrong, nothing was",
            "started; 3 more rows can't be scored than bad-rows allows, nothing was written, or --audit found a difference."
        })
@SuppressWarnings("UnusedVariable") // the options of settings are read by name, see overrides()
public final class ScoreCommand {
    private static final double DEFAULT_FRACTION = 0.01;

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
            description = "Where the scored table goes: a directory that the run creates, or the name of a table.")
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
                    "Any of softmax, logits, sigmoid, prediction, topk, loglik, logprob, rank, hidden, cell, state, gates. Default: softmax.")
    private String emit;

    @Option(
            names = "--at",
            paramLabel = "last|each",
            description = "One answer per sequence, or one at each step. Default: last.")
    private String at;

    @Option(names = "--top-k", paramLabel = "K", description = "Number of classes in topk. Default: 5.")
    private String topK;

    @Option(
            names = "--input-format",
            paramLabel = "FORMAT",
            description =
                    "parquet, orc, json, csv, avro, text, or table (a name in Spark's catalogs). Default: parquet.")
    private String inputFormat;

    @Option(
            names = "--output-format",
            paramLabel = "parquet|orc|json|avro|table",
            description = "table: the output is the name of a table in Spark's catalogs. Default: parquet.")
    private String outputFormat;

    @Option(
            names = "--mode",
            paramLabel = "error|overwrite|append|partitions",
            description =
                    "If the output exists: refuse, replace it, add to it, or replace the partitions (output.partition-by) of the new rows. Default: error.")
    private String mode;

    @Option(
            names = "--incremental",
            paramLabel = "CHECKPOINT",
            description =
                    "Score only files added since the last run, and append their rows to the output. CHECKPOINT is the directory where Spark records the scored files.")
    private String incremental;

    @Option(
            names = "--vocabulary",
            paramLabel = "FILE",
            description = "Words in the order of their ids, for text input and for labels. Default: the model's own.")
    private String vocabulary;

    @Option(
            names = "--splitter",
            paramLabel = "character|whitespace|regex|list",
            description = "How text is split into words; list reads lists such as [1, 2, 3]. Default: whitespace.")
    private String splitter;

    @Option(
            names = "--kernel",
            paramLabel = "auto|vector|scalar|reference",
            description = "The implementation; all but reference give the same bits. Default: auto.")
    private String kernel;

    @Option(
            names = "--bad-rows",
            paramLabel = "fail|quarantine|null",
            description =
                    "What happens to a row that can't be scored: fail the run, write it to the quarantine, or keep it with nulls. Default: fail.")
    private String badRows;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "A copy of the run's report, also written if the run fails.")
    private String report;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A settings file in the format of conf/scoring.conf.")
    private Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Any setting by its key; lists are separated by commas. May be repeated.")
    private Map<String, String> set = new LinkedHashMap<>();

    @Option(
            names = "--status",
            paramLabel = "OUTPUT",
            description =
                    "Print how the run that wrote this output or report ended, and exit with its code. Finishes the publication of a killed run.")
    private String status;

    @Option(
            names = "--audit",
            paramLabel = "OUTPUT",
            description =
                    "Read a scored table back, compare its rows with the fingerprints that its runs wrote, and score a sample again with --model. Writes nothing; exits with 3 if a bit differs.")
    private String audit;

    @Option(
            names = "--fraction",
            paramLabel = "0..1",
            description =
                    "With --audit: the fraction of the rows that is scored again, at least one row. Default: 0.01.")
    private Double fraction;

    @Option(
            names = "--run",
            paramLabel = "NAME",
            description = "The name of this run in its report; with --status, the run to print.")
    private String run;

    @Option(names = "--show", paramLabel = "ROWS", description = "Print this many rows of the scored table.")
    private int show;

    @Option(
            names = "--describe",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "MODEL",
            description = "Print a summary of a model (instead of --model), and score nothing.")
    private String describe;

    @Option(
            names = "--save-model",
            paramLabel = "FILE",
            description = "Write the model as safetensors that PyTorch loads, and score nothing.")
    private String saveModel;

    @Option(
            names = "--dry-run",
            description =
                    "Print what the run would do and cost, estimated from a sample of the table, and write nothing.")
    private boolean dryRun;

    @Option(names = "--help", usageHelp = true, description = "Print this help.")
    private boolean help;

    @Option(names = "--version", versionHelp = true, description = "Print the version.")
    private boolean version;

    @Spec
    private CommandSpec spec;

    private ScoreCommand() {}

    /** Runs a command line and returns its exit code. Errors are printed on stderr. */
    public static int run(String... arguments) {
        return run(console(), arguments);
    }

    /** The streams of this process. */
    static Console console() {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        return Application.logsAreStructured() ? Console.logging(out, err) : new Console(out, err);
    }

    static int run(Console console, String... arguments) {
        ScoreCommand command = new ScoreCommand();
        CommandLine line = new CommandLine(command);
        line.getCommandSpec().version("sluice " + Version.current());
        try {
            for (String argument : arguments) {
                DecodedText.require("the command line", argument);
            }
            line.parseArgs(arguments);
        } catch (RefusedException e) {
            console.error(e.getMessage());
            return ExitCode.REFUSED.code();
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
                return printStatus(console);
            }
            UnsafeJava.refuseOnDriver();
            if (describe != null || saveModel != null) {
                describeOrSave(console);
                return ExitCode.SCORED.code();
            }
            if (audit != null) {
                return audit(console).code();
            }
            if (fraction != null) {
                throw new RefusedException("--fraction: is an option of --audit; pass --audit, or leave it out");
            }
            return score(console).code();
        } catch (Exception
                | OutOfMemoryError
                | LinkageError e) { // Spark throws checked exceptions that it doesn't declare
            console.error(Failure.sentence(e));
            return Failure.code(e).code();
        }
    }

    private int printStatus(Console console) throws IOException {
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

    /** Needs no session, which takes seconds to start. */
    private void describeOrSave(Console console) throws IOException {
        if (describe != null && !describe.isEmpty() && model != null && !model.equals(describe)) {
            throw new RefusedException(
                    "two models, --describe %s and --model %s: pass one of them".formatted(describe, model));
        }
        Settings.ModelOnly settings = Settings.readModelOnly(config, overrides());
        Configuration hadoop = Storage.configuration(new SparkConf());
        Optional<SavedModel> saved =
                Optional.ofNullable(saveModel).map(path -> SavedModel.at(path, settings.mode(), hadoop));
        ModelFile file =
                ModelCache.ofOneRun().get(settings.model(), "--model", hadoop).file();
        if (describe != null) {
            Optional<Vocabulary> words = VocabularySource.find(settings.vocabulary(), file, hadoop);
            new ModelSummary(settings.model().path(), file, words).lines().forEach(console.out()::println);
        }
        if (saved.isPresent()) {
            saved.get().write(file, settings.model().path());
            SavedModel.limits(file, saveModel).ifPresent(console::warning);
            console.say(
                    "wrote %s: %s; SHA-256 %s",
                    saveModel, file.model(), file.model().fingerprint());
        }
    }

    private ExitCode audit(Console console) throws IOException {
        Map<String, String> overrides = overrides();
        if (config != null) {
            throw new RefusedException(
                    "--config: --audit takes the settings from the report of the run; leave it out, and pass --model");
        }
        double part = fraction == null ? DEFAULT_FRACTION : fraction;
        AuditJob.requirePossible(audit, part, overrides);
        SparkSession spark = Application.start("sluice audit");
        try {
            return new AuditJob(spark, console, audit, part, overrides).run();
        } finally {
            spark.stop();
        }
    }

    private ExitCode score(Console console) throws IOException {
        Instant started = Instant.now();
        Settings settings = Settings.read(config, overrides());
        Application.nameRun(settings.report().run());
        Configuration hadoop = Storage.configuration(new SparkConf());
        if (!dryRun) {
            boolean mayReport = Places.mayHoldReport(settings, Optional.empty(), hadoop);
            return RunRecord.around(
                    settings, started, mayReport, hadoop, console, () -> score(settings, started, console));
        }
        try {
            return estimate(settings, console);
        } catch (Exception | OutOfMemoryError | LinkageError e) {
            if (Places.mayHoldReport(settings, Optional.empty(), hadoop)) {
                new ReportPrinter(settings, console, hadoop)
                        .copy(RunReport.failed(started, settings, Failure.code(e), Failure.sentence(e)));
            }
            throw e;
        }
    }

    private ExitCode score(Settings settings, Instant started, Console console) throws IOException {
        boolean isIncremental = settings.input().checkpoint().isPresent();
        if (isIncremental) {
            IncrementalJob.requirePossible(settings, false);
        }
        return withSpark(console, spark -> {
            boolean hasRows = true;
            if (isIncremental) {
                hasRows = new IncrementalJob(spark, settings, console)
                        .run(started)
                        .isPresent();
            } else {
                new ScoringJob(spark, settings, console).run(started);
            }
            if (hasRows) {
                new AfterCommit(console)
                        .attempt("the rows could not be shown", () -> showRows(spark, settings, console));
            }
            return ExitCode.SCORED;
        });
    }

    private ExitCode estimate(Settings settings, Console console) throws IOException {
        if (settings.input().checkpoint().isPresent()) {
            IncrementalJob.requirePossible(settings, true);
        }
        return withSpark(console, spark -> new DryRun(spark, settings, console).run());
    }

    private interface SparkWork {
        ExitCode run(SparkSession spark) throws IOException;
    }

    /** Stops the session at the end. The outcome is certain by then, so a failure to stop doesn't change it. */
    private static ExitCode withSpark(Console console, SparkWork work) throws IOException {
        SparkSession spark = Application.start("sluice");
        ExitCode code;
        try {
            code = work.run(spark);
        } catch (Throwable failure) {
            try {
                spark.stop();
            } catch (RuntimeException e) {
                failure.addSuppressed(e);
            }
            throw failure;
        }
        new AfterCommit(console).attempt("Spark could not be stopped", spark::stop);
        return code;
    }

    private void showRows(SparkSession spark, Settings settings, Console console) {
        if (show > 0) {
            Settings.Output written = settings.output();
            Dataset<Row> rows = written.format() == OutputFormat.TABLE
                    ? spark.read().table(written.path())
                    : spark.read()
                            .format(written.format().sparkName())
                            .load(Storage.literal(Storage.path(written.path(), "--output")));
            List<String> lines = rows.toJSON().takeAsList(show);
            lines.forEach(console.out()::println);
        }
    }

    /** The options of settings over {@code --set}. */
    private Map<String, String> overrides() {
        Map<String, String> overrides = new LinkedHashMap<>(set);
        for (SettingKey key : SettingKey.values()) {
            key.option()
                    .map(option -> spec.findOption(option).<String>getValue())
                    .ifPresent(value -> overrides.put(key.key(), value));
        }
        if (describe != null && !describe.isEmpty()) {
            overrides.put(SettingKey.MODEL_PATH.key(), describe);
        }
        return overrides;
    }
}
