package sluice.job.report;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sluice.cell.weights.file.ModelFile;
import sluice.job.message.ExitCode;
import sluice.job.message.HumanText;
import sluice.job.message.TwoColumnText;
import sluice.job.message.Version;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;

/**
 * What a run did: for the terminal, and as JSON in the output.
 *
 * @param states what became of those that are carried over, if any are
 * @param layout how the rows were cut into tasks, where that was looked into
 */
public record RunReport(
        String applicationId,
        Instant started,
        Duration duration,
        Settings settings,
        ModelFile model,
        List<String> columns,
        Optional<String> layout,
        RunMetrics measured,
        BadRowCounts badRows,
        String badRowsPath,
        Optional<CarryReport> states) {
    /** Where it stands in an output. */
    public static final String FILE = "_sluice/report.json";

    /** Where the rows stand that were put into quarantine. */
    public static final String BAD_ROWS = "_sluice/bad-rows";

    static final String EXIT_CODE = "exit-code";
    public static final String RUN = "run";
    static final String ERROR = "error";
    static final String STARTED = "started";
    public static final String SECONDS = "seconds";
    public static final String ROWS = "rows";
    public static final String FILES = "files";
    public static final String TOKENS = "tokens";
    static final String COMPUTED = "computed-steps";
    public static final String SPEED = "tokens-per-second-per-core";
    static final String TASK_SECONDS = "seconds-of-all-tasks";

    public byte[] json() {
        return json(Map.of());
    }

    /** With what else there is to tell. */
    public byte[] json(Map<String, Object> more) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sluice", Version.current());
        report.put(RUN, settings.report().run());
        report.put("application", applicationId);
        report.put(STARTED, started.toString());
        report.put(SECONDS, rounded(RunMetrics.seconds(duration)));
        report.put(EXIT_CODE, ExitCode.SCORED.code());
        report.put("model", modelPart());
        report.put("input", settings.input().paths());
        report.put("output", settings.output().path());
        report.put("settings-sha256", settings.sha256());
        report.put("columns", columns);
        report.put(ROWS, measured.rows());
        report.put(TOKENS, measured.tokens());
        report.put(COMPUTED, measured.computedSteps());
        report.put("sharing", rounded(measured.sharing()));
        report.put("bad-rows", badRowsPart());
        states.ifPresent(carried -> report.put("state", carried.json()));
        report.put("tasks", measured.tasks());
        layout.ifPresent(how -> report.put("task-layout", how));
        report.put(SPEED, Math.round(measured.tokensPerSecondPerCore()));
        report.put(TASK_SECONDS, taskPart());
        report.put("peak-heap-bytes", measured.peakHeapBytes());
        report.put("kernels", measured.engines().stream().distinct().sorted().toList());
        report.put("engine-builds", measured.engines().size());
        report.putAll(more);
        return SmallFile.json(report);
    }

    private Map<String, Object> taskPart() {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("all", rounded(RunMetrics.seconds(measured.taskTime())));
        part.put("reading", rounded(RunMetrics.seconds(measured.reading())));
        part.put("scoring", rounded(RunMetrics.seconds(measured.scoring())));
        part.put("writing", rounded(RunMetrics.seconds(measured.writing())));
        part.put("processor", rounded(RunMetrics.seconds(measured.cpuTime())));
        return part;
    }

    private Map<String, Object> badRowsPart() {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("rule", SettingValues.name(settings.badRows().rule()));
        part.put("rows", badRows.rows());
        Map<String, Object> reasons = new LinkedHashMap<>();
        badRows.value().forEach((code, count) -> reasons.put(code, count.rows()));
        part.put("reasons", reasons);
        if (badRows.rows() > 0 && settings.badRows().rule() == BadRowRule.QUARANTINE) {
            part.put("path", badRowsPath);
        }
        return part;
    }

    private Map<String, Object> modelPart() {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("path", settings.model().path());
        part.put("format", model.format());
        part.put("sha256", model.model().fingerprint());
        part.put("layers", model.model().toString());
        part.put("parameters", model.model().parameters());
        part.put("notes", model.notes());
        return part;
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    /** A short table for the terminal. */
    public List<String> lines() {
        TwoColumnText page = new TwoColumnText()
                .add("  rows", "%,d", measured.rows())
                .add(
                        "  tokens",
                        "%,d; %,d steps were computed, each for %.1f tokens",
                        measured.tokens(),
                        measured.computedSteps(),
                        measured.sharing())
                .add("  speed", "%,.0f tokens a second and core, while scoring", measured.tokensPerSecondPerCore())
                .add(
                        "  tasks",
                        "%,d, %s in all: reading %d %%, scoring %d %%, writing %d %%",
                        measured.tasks(),
                        HumanText.duration(RunMetrics.seconds(measured.taskTime())),
                        measured.percent(measured.reading()),
                        measured.percent(measured.scoring()),
                        measured.percent(measured.writing()))
                .add("  memory", "%s of heap at the most in one process", HumanText.size(measured.peakHeapBytes()));
        states.ifPresent(carried -> page.add("  states", "%s", carried.sentence()));
        return page.lines();
    }
}
