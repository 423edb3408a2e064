package sluice.job;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sluice.cell.weights.file.ModelFile;

/** What a run did: for the terminal, and as JSON in the output. */
record RunReport(
        String applicationId,
        Instant started,
        Duration duration,
        Settings settings,
        ModelFile model,
        List<String> columns,
        long rows,
        long tokens,
        BadRowTally badRows,
        String badRowsPath,
        Duration scoring,
        List<String> engines) {
    /** Where it stands in an output. */
    static final String FILE = "_sluice/report.json";

    /** Where the rows stand that were put into quarantine. */
    static final String BAD_ROWS = "_sluice/bad-rows";

    static final String EXIT_CODE = "exit-code";
    static final String RUN = "run";
    static final String ERROR = "error";

    byte[] json() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sluice", Version.current());
        report.put(RUN, settings.report().run());
        report.put("application", applicationId);
        report.put("started", started.toString());
        report.put("seconds", seconds(duration));
        report.put(EXIT_CODE, ExitCode.SCORED.code());
        report.put("model", modelPart());
        report.put("input", settings.input().paths());
        report.put("output", settings.output().path());
        report.put("settings-sha256", settings.sha256());
        report.put("columns", columns);
        report.put("rows", rows);
        report.put("tokens", tokens);
        report.put("bad-rows", badRowsPart());
        report.put("scoring-seconds-of-all-tasks", seconds(scoring));
        report.put("kernels", engines.stream().distinct().sorted().toList());
        report.put("engine-builds", engines.size());
        return ReportFile.json(report);
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

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
