package sluice.job.audit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import sluice.job.fingerprint.HashedColumns;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.report.WrittenRun;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.SettingKey;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.storage.Publication;
import sluice.job.storage.Storage;

/**
 * {@code --audit}: reads a scored table back, compares the fingerprints of its rows with those that its runs wrote, and scores a sample of
 * the rows again. If a fingerprint differs, all rows that may differ are scored again, to name the first one.
 */
public final class AuditJob {
    private static final int MOST_FAULTS = 10;

    /** Beginnings of the keys of settings that do not change the answers of a model with the same SHA-256, or tell where something is. */
    private static final List<String> ALLOWED =
            List.of("model.", "scoring.", "input.vocabulary", "output.labels", "input.key", "report.path");

    private final SparkSession spark;
    private final Console console;
    private final String output;
    private final double fraction;
    private final Map<String, String> overrides;
    private final Optional<String> report;
    private final Configuration hadoop;
    private final ModelCache models = ModelCache.ofOneRun();

    /**
     * @param output directory of a scored table, or a catalog table
     * @param fraction of the rows that is scored again, at least one row
     * @param overrides values of the command line by key: the model, and settings that do not change answers
     */
    public AuditJob(
            SparkSession spark, Console console, String output, double fraction, Map<String, String> overrides) {
        requirePossible(output, fraction, overrides);
        this.spark = spark;
        this.console = console;
        this.output = output;
        this.fraction = fraction;
        this.overrides = Map.copyOf(overrides);
        this.report = Optional.ofNullable(overrides.get(SettingKey.REPORT_PATH.key()));
        this.hadoop = spark.sessionState().newHadoopConf();
    }

    /** @throws RefusedException if this is no audit; the parameters are those of the constructor */
    public static void requirePossible(String output, double fraction, Map<String, String> overrides) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new RefusedException("--fraction = %s: expected a number between 0 and 1".formatted(fraction));
        }
        if (!overrides.containsKey(SettingKey.MODEL_PATH.key())) {
            throw new RefusedException("no model: pass --model with the model that scored %s".formatted(output));
        }
        for (String key : overrides.keySet()) {
            if (ALLOWED.stream().noneMatch(key::startsWith)) {
                throw new RefusedException(
                        "%s: --audit takes it from the report of the run, so that the answers are comparable; leave it out"
                                .formatted(key));
            }
        }
    }

    /**
     * Audits the table.
     *
     * @throws RefusedException if there is no report of a run that wrote it
     */
    public ExitCode run() throws IOException {
        Optional<WrittenRun> given =
                report.isPresent() ? Optional.of(WrittenRun.read(report.get(), hadoop)) : Optional.empty();
        return given.isPresent() && settings(given.get()).output().format() == OutputFormat.TABLE
                ? auditTable(given.get())
                : auditDirectory();
    }

    private ExitCode auditTable(WrittenRun run) throws IOException {
        AuditedTable table = AuditedTable.ofCatalog(spark, output);
        FingerprintCheck check = FingerprintCheck.of(table, List.of(run), hadoop);
        long stated = run.fingerprint().sum().rows();
        if (run.mode().keepsOthers() && check.total().rows() > stated) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "%s: has %s, and the run of the report wrote %,d: rows of several runs can't be told apart in a catalog table, so only the table of a single run can be audited",
                    output,
                    HumanText.count(check.total().rows(), "row"),
                    stated));
        }
        return finish(table, List.of(run), check);
    }

    private ExitCode auditDirectory() throws IOException {
        FileSystem files = Storage.of(output, "--audit", hadoop);
        Path directory = Storage.path(output, "--audit");
        if (!files.exists(directory) || !files.getFileStatus(directory).isDirectory()) {
            throw new RefusedException(
                    "%s: is no directory with a scored table; check --audit, or pass the report of a catalog table with --report"
                            .formatted(output));
        }
        Publication.finishAll(output, "--audit", hadoop).forEach(sentence -> console.say("%s", sentence));
        List<WrittenRun> runs = runs(files, directory);
        OutputFormat format = settings(runs.get(0)).output().format();
        AuditedTable table = AuditedTable.ofDirectory(spark, directory, format, hadoop);
        return finish(table, runs, FingerprintCheck.of(table, runs, hadoop));
    }

    /** The runs whose rows the output has, the oldest first. A run that replaced the output ended those before it. */
    private List<WrittenRun> runs(FileSystem files, Path directory) throws IOException {
        List<WrittenRun> all = WrittenRun.of(files, directory).values().stream()
                .sorted(Comparator.comparing(WrittenRun::started))
                .toList();
        List<WrittenRun> runs = new ArrayList<>();
        for (WrittenRun run : all) {
            if (run.mode() == OutputMode.OVERWRITE) {
                runs.clear();
            }
            runs.add(run);
        }
        if (runs.isEmpty()) {
            throw new RefusedException(
                    "%s: has no report of a run with a fingerprint of its rows; check --audit".formatted(output));
        }
        return runs;
    }

    private Settings settings(WrittenRun run) {
        return Rescoring.settings(run, output, overrides);
    }

    private ExitCode finish(AuditedTable table, List<WrittenRun> runs, FingerprintCheck check) throws IOException {
        check.notes().forEach(note -> console.say("note: %s", note));
        List<String> faults = check.faults();
        faults.stream().limit(MOST_FAULTS).forEach(console::error);
        if (faults.size() > MOST_FAULTS) {
            console.error(String.format(Locale.ROOT, "and %,d more", faults.size() - MOST_FAULTS));
        }
        if (faults.isEmpty() && check.notes().isEmpty()) {
            console.say(
                    "%s: %s with the fingerprint %s, as %s",
                    output,
                    HumanText.count(check.total().rows(), "row"),
                    check.total(),
                    runs.size() == 1 ? "the run wrote them" : HumanText.count(runs.size(), "run") + " wrote them");
        }
        boolean isSame = rescore(table, runs, check);
        return faults.isEmpty() && isSame ? ExitCode.SCORED : ExitCode.DIFFERENT;
    }

    /** @return whether all rows that were scored again have the same bits */
    private boolean rescore(AuditedTable table, List<WrittenRun> runs, FingerprintCheck check) throws IOException {
        boolean isOne = isOneSetting(runs);
        if (!check.knowsRuns() && !isOne) {
            console.say(
                    "note: rows are not scored again: runs had other models or settings, and these files do not state which run wrote them");
            return true;
        }
        RescoredRows all = RescoredRows.NONE;
        long otherModels = 0;
        for (WrittenRun run : runs) {
            List<String> files = new ArrayList<>(check.knowsRuns() ? check.filesOf(run) : List.of());
            if (isOne && run.equals(runs.get(0))) { // any of the runs will do
                files.addAll(check.filesOfNone());
            }
            CachedModel model = models.get(settings(run).model(), "--model", hadoop);
            if (!isModelOf(run, model)) {
                otherModels++;
            } else if (check.totals().of(files).rows() > 0) {
                all = all.plus(rescore(table, files, run, model, check));
            }
        }
        if (otherModels == runs.size()) {
            console.error("%s: %s is another model than the one that scored this table; pass that one with --model"
                    .formatted(output, overrides.get(SettingKey.MODEL_PATH.key())));
            return false;
        }
        if (all.first() != null) {
            console.error("%s: %s".formatted(output, all.first()));
        }
        if (all.rows() > 0) {
            console.say("%s", all.sentence());
        }
        return all.different() == 0;
    }

    private boolean isModelOf(WrittenRun run, CachedModel model) {
        String sha256 = model.file().model().fingerprint();
        if (sha256.equals(run.model())) {
            return true;
        }
        console.say(
                "note: the run%s used another model than %s: its SHA-256 is %s, and this one has %s",
                run.name().isEmpty() ? "" : " '%s'".formatted(run.name()),
                overrides.get(SettingKey.MODEL_PATH.key()),
                run.model(),
                sha256);
        return false;
    }

    private static boolean isOneSetting(List<WrittenRun> runs) {
        WrittenRun first = runs.get(0);
        return runs.stream()
                .allMatch(run -> run.model().equals(first.model())
                        && run.settings().equals(first.settings())
                        && run.carriesStates() == first.carriesStates());
    }

    /** Scores a sample of a run's rows, or all rows of its faulty files. */
    private RescoredRows rescore(
            AuditedTable table, List<String> files, WrittenRun run, CachedModel model, FingerprintCheck check) {
        List<String> faulty =
                files.stream().filter(check.faultyFiles()::contains).toList();
        List<String> read = faulty.isEmpty() ? files : faulty;
        HashedColumns columns = HashedColumns.of(run.fingerprint().columns());
        Dataset<Row> rows = table.rows(read, columns);
        Settings settings = settings(run);
        Optional<String> obstacle = Rescoring.obstacle(
                run,
                settings,
                rows.schema(),
                ColumnNames.of(spark),
                model.file().model());
        if (obstacle.isPresent()) {
            console.say("note: %s", obstacle.get());
            return RescoredRows.NONE;
        }
        long most = faulty.isEmpty()
                ? Math.max(check.totals().smallest(read), (long) (fraction * Long.MAX_VALUE))
                : Long.MAX_VALUE;
        Dataset<Row> sample = rows.filter(AuditedTable.sampleHash(rows, columns).leq(most));
        Rescoring how = Rescoring.of(sample, run, settings, overrides, model, spark);
        RescoredRows rescored = how.misfit()
                .map(reason -> new RescoredRows(0, 1, reason))
                .orElseGet(() -> RescoredRows.of(how, table.root()));
        if (!faulty.isEmpty() && rescored.different() == 0) {
            console.error(
                    "%s: no answer differs in the %s of these files: rows are missing, doubled or of another origin, or a column of the input differs"
                            .formatted(output, HumanText.count(rescored.rows(), "row")));
        }
        return rescored;
    }
}
