package sluice.job.report;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import sluice.job.message.ExitCode;
import sluice.job.message.Version;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;

/** The report of a run that wrote no output, for whoever asked for a copy: so that a scheduler can read how it ended. */
public record FailedRun(Instant started, Settings settings, ExitCode code, String error) {
    public byte[] json() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sluice", Version.current());
        report.put(RunReport.RUN, settings.report().run());
        report.put("started", started.toString());
        report.put(RunReport.EXIT_CODE, code.code());
        report.put(RunReport.ERROR, error);
        report.put("input", settings.input().paths());
        report.put("output", settings.output().path());
        return SmallFile.json(report);
    }
}
