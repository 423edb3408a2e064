package sluice.job.report;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sluice.cell.weights.file.ModelFile;
import sluice.job.message.ExitCode;
import sluice.job.message.Version;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;

/** The JSON of every kind of report. Its keys and their order are part of Sluice's interface, and are defined only here. */
final class ReportJson {
    private static final String VERSION = "sluice";
    private static final String BAD_ROWS = "bad-rows";
    private static final String RUN = "run";
    private static final String STARTED = "started";
    private static final String SECONDS = "seconds";
    private static final String EXIT_CODE = "exit-code";
    private static final String ERROR = "error";
    private static final String MODEL = "model";
    private static final String INPUT = "input";
    private static final String OUTPUT = "output";
    private static final String ROWS = "rows";
    private static final String TOKENS = "tokens";
    private static final String COMPUTED_STEPS = "computed-steps";
    private static final String SHARING = "sharing";
    private static final String LAYOUT = "task-layout";
    private static final String SPEED = "tokens-per-second-per-core";
    private static final String TASK_SECONDS = "seconds-of-all-tasks";
    private static final String PATH = "path";
    private static final String FILES = "files";
    private static final String CHECKPOINT_ID = "checkpoint-id";
    private static final String FILES_SHA256 = "files-sha256";
    private static final String SHA256 = "sha256";
    private static final String MODE = "mode";
    private static final String KEEP_RUNS = "keep-runs";
    private static final String SETTINGS = "settings";
    private static final String STATE = "state";
    private static final String BATCHES = "batches";
    private static final String FINGERPRINT = "fingerprint";
    private static final String FINGERPRINT_ROWS = "fingerprint-rows";
    private static final String FINGERPRINT_COLUMNS = "fingerprint-columns";
    private static final String FINGERPRINT_ID = "fingerprint-id";
    private static final String PUBLICATION = "publication";

    private ReportJson() {}

    /** A run that scored: the whole run, one batch of an incremental run, or all batches of one. */
    static byte[] scored(RunReport report) {
        return SmallFile.json(scoredTree(report));
    }

    static byte[] scored(RunReport report, RunReport.Batch batch) {
        Map<String, Object> tree = scoredTree(report);
        tree.put("batch", batch.number());
        tree.put(FILES, batch.files());
        tree.put(CHECKPOINT_ID, batch.checkpointId());
        tree.put(FILES_SHA256, batch.filesSha256());
        return SmallFile.json(tree);
    }

    static byte[] scored(RunReport report, RunReport.Batches batches) {
        Map<String, Object> tree = scoredTree(report);
        tree.put("checkpoint", batches.checkpoint());
        tree.put(BATCHES, batches.numbers());
        tree.put(FILES, batches.files());
        batches.modelBefore().ifPresent(model -> tree.put("model-before", model));
        batches.settingsBefore().ifPresent(settings -> tree.put("settings-sha256-before", settings));
        return SmallFile.json(tree);
    }

    private static Map<String, Object> scoredTree(RunReport report) {
        RunMetrics metrics = report.measured();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(VERSION, Version.current());
        tree.put(RUN, report.settings().report().run());
        tree.put("application", report.applicationId());
        tree.put(STARTED, report.started().toString());
        tree.put(SECONDS, rounded(RunMetrics.seconds(report.duration())));
        tree.put(EXIT_CODE, ExitCode.SCORED.code());
        tree.put(MODEL, model(report.settings().model().path(), report.model()));
        putPlaces(tree, report.settings());
        tree.put(MODE, SettingValues.name(report.settings().output().mode()));
        tree.put(KEEP_RUNS, report.settings().report().keepRuns());
        tree.put("settings-sha256", report.settings().sha256());
        tree.put(SETTINGS, report.settings().written());
        tree.put("columns", report.columns());
        tree.put(FINGERPRINT, report.fingerprint().sum().toString());
        tree.put(FINGERPRINT_ROWS, report.fingerprint().sum().rows());
        tree.put(FINGERPRINT_COLUMNS, report.fingerprint().columns());
        tree.put(FINGERPRINT_ID, report.fingerprint().id());
        tree.put(ROWS, metrics.rows());
        tree.put(TOKENS, metrics.tokens());
        tree.put(COMPUTED_STEPS, metrics.computedSteps());
        tree.put(SHARING, rounded(metrics.sharing()));
        tree.put(BAD_ROWS, badRows(report));
        report.states().ifPresent(states -> tree.put(STATE, states(states)));
        tree.put("tasks", metrics.tasks());
        report.layout().ifPresent(layout -> tree.put(LAYOUT, layout));
        tree.put(SPEED, Math.round(metrics.tokensPerSecondPerCore()));
        tree.put(TASK_SECONDS, taskSeconds(metrics));
        tree.put("peak-heap-bytes", metrics.peakHeapBytes());
        tree.put("kernels", metrics.engines().stream().distinct().sorted().toList());
        tree.put("engine-builds", metrics.engines().size());
        return tree;
    }

    private static Map<String, Object> model(String path, ModelFile model) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(PATH, path);
        tree.put("format", model.format());
        tree.put(SHA256, model.model().fingerprint());
        tree.put("layers", model.model().toString());
        tree.put("parameters", model.model().parameters());
        tree.put("notes", model.notes());
        return tree;
    }

    private static void putPlaces(Map<String, Object> tree, Settings settings) {
        tree.put(INPUT, settings.input().paths());
        tree.put(OUTPUT, settings.output().path());
    }

    private static Map<String, Object> badRows(RunReport report) {
        BadRowRule rule = report.settings().badRows().rule();
        Map<String, Object> reasons = new LinkedHashMap<>();
        report.badRows().value().forEach((code, count) -> reasons.put(code, count.rows()));
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("rule", SettingValues.name(rule));
        tree.put(ROWS, report.badRows().rows());
        tree.put("reasons", reasons);
        if (report.badRows().rows() > 0 && rule == BadRowRule.QUARANTINE) {
            tree.put(PATH, report.badRowsPath());
        }
        return tree;
    }

    private static Map<String, Object> states(RunReport.States states) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(PATH, states.path());
        tree.put("version-before", states.before());
        tree.put("version-after", states.after());
        tree.put("keys-continued", states.continued());
        tree.put("keys-new", states.begun());
        tree.put("keys", states.keys());
        tree.put("rows-read", states.read());
        tree.put("rows-written", states.written());
        return tree;
    }

    private static Map<String, Object> taskSeconds(RunMetrics metrics) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("all", rounded(RunMetrics.seconds(metrics.taskTime())));
        tree.put("reading", rounded(RunMetrics.seconds(metrics.reading())));
        tree.put("scoring", rounded(RunMetrics.seconds(metrics.scoring())));
        tree.put("writing", rounded(RunMetrics.seconds(metrics.writing())));
        tree.put("processor", rounded(RunMetrics.seconds(metrics.cpuTime())));
        return tree;
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    static byte[] failed(Instant started, Settings settings, ExitCode code, String error) {
        return unmeasured(started, settings, Map.of(EXIT_CODE, code.code(), ERROR, error));
    }

    /** A run that has begun. It has no exit code yet. */
    static byte[] begun(Instant started, Settings settings) {
        return unmeasured(started, settings, Map.of());
    }

    /** A run that ended well because it had nothing to do. */
    static byte[] nothingDone(Instant started, Settings settings) {
        return unmeasured(started, settings, Map.of(EXIT_CODE, ExitCode.SCORED.code()));
    }

    /** @param outcome of the entries that tell how a run ended, those that are known */
    private static byte[] unmeasured(Instant started, Settings settings, Map<String, Object> outcome) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(VERSION, Version.current());
        tree.put(RUN, settings.report().run());
        tree.put(STARTED, started.toString());
        for (String key : List.of(EXIT_CODE, ERROR)) {
            if (outcome.containsKey(key)) {
                tree.put(key, outcome.get(key));
            }
        }
        putPlaces(tree, settings);
        return SmallFile.json(tree);
    }

    static byte[] dryRun(DryRunReport report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(VERSION, Version.current());
        tree.put("dry-run", true);
        tree.put(RUN, report.settings().report().run());
        tree.put(MODEL, report.fingerprint());
        putPlaces(tree, report.settings());
        tree.put(ROWS, report.rows());
        tree.put(TOKENS, Math.round(report.tokens()));
        tree.put(SHARING, report.sharing());
        tree.put("sharing-if-clustered", report.sharingIfClustered());
        tree.put("flops-per-step", report.flopsPerStep());
        tree.put("flops-per-answer", report.flopsPerAnswer());
        tree.put(LAYOUT, report.layout());
        tree.put(SPEED, Math.round(report.tokensPerSecond()));
        tree.put("core-hours", report.taskSeconds() / 3_600);
        tree.put(SECONDS, report.seconds());
        tree.put("output-bytes", Math.round(report.outputBytes()));
        report.ranks().ifPresent(flagged -> tree.put("flagged", flagged.json()));
        return SmallFile.json(tree);
    }

    /** A report with the number of the publication that put it into its output. */
    static byte[] withPublication(byte[] json, long number) {
        try {
            Map<String, Object> tree = new LinkedHashMap<>(SmallFile.parse(json, Map.class));
            tree.put(PUBLICATION, number);
            return SmallFile.json(tree);
        } catch (IOException e) {
            throw new UncheckedIOException("a report is a JSON object", e);
        }
    }

    /**
     * The values of a report that later runs, {@code --status} and {@code --audit} read. Texts and objects that the report lacks are null, numbers 0.
     *
     * @param exitCode null if the run has not ended, or the file is no report of a run
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Written(
            @JsonProperty(RUN) String run,
            @JsonProperty(STARTED) String started,
            @JsonProperty(SECONDS) double seconds,
            @JsonProperty(EXIT_CODE) Integer exitCode,
            @JsonProperty(ERROR) String error,
            @JsonProperty(ROWS) long rows,
            @JsonProperty(TOKENS) long tokens,
            @JsonProperty(COMPUTED_STEPS) long computedSteps,
            @JsonProperty(SPEED) double tokensPerSecondPerCore,
            @JsonProperty(TASK_SECONDS) TaskSeconds taskSeconds,
            @JsonProperty(CHECKPOINT_ID) String checkpointId,
            @JsonProperty(FILES_SHA256) String filesSha256,
            @JsonProperty(BAD_ROWS) BadRows badRows,
            @JsonProperty(MODEL) JsonNode model,
            @JsonProperty(MODE) String mode,
            @JsonProperty(KEEP_RUNS) int keepRuns,
            @JsonProperty(SETTINGS) Map<String, Object> settings,
            @JsonProperty(STATE) JsonNode state,
            @JsonProperty(BATCHES) JsonNode batches,
            @JsonProperty(FINGERPRINT) String fingerprint,
            @JsonProperty(FINGERPRINT_ROWS) long fingerprintRows,
            @JsonProperty(FINGERPRINT_COLUMNS) String fingerprintColumns,
            @JsonProperty(FINGERPRINT_ID) String fingerprintId,
            @JsonProperty(PUBLICATION) long publication) {
        /** Whether this is the record of a run that has begun and has not ended. */
        boolean isBegun() {
            return exitCode == null && run != null && started != null;
        }

        @JsonIgnoreProperties(ignoreUnknown = true)
        record BadRows(@JsonProperty(PATH) String path) {}

        @JsonIgnoreProperties(ignoreUnknown = true)
        record TaskSeconds(@JsonProperty("all") double all) {}

        /** SHA-256 of the model; empty if the report states none. */
        String modelSha256() {
            return model == null ? "" : model.path(SHA256).asText();
        }
    }

    /**
     * Reads a report of any kind.
     *
     * @throws JsonProcessingException if this is no JSON object, or its values have other types than those of a report
     */
    static Written read(byte[] json) throws IOException {
        return SmallFile.parse(json, Written.class);
    }
}
