package sluice.job;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** The report of a run that wrote no output, for whoever asked for a copy: so that a scheduler can read how it ended. */
record FailedRun(Instant started, Settings settings, ExitCode code, String error) {
    byte[] json() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sluice", Version.current());
        report.put(RunReport.RUN, settings.report().run());
        report.put("started", started.toString());
        report.put(RunReport.EXIT_CODE, code.code());
        report.put(RunReport.ERROR, error);
        report.put("input", settings.input().paths());
        report.put("output", settings.output().path());
        return ReportFile.json(report);
    }
}
