package sluice.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.ExitCode;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * How a run ended, by the report that it left: where {@code spark-submit} itself can't say it, as in cluster deploy mode.
 *
 * @param code the run's own exit code; that of a failed run where none has ended
 * @param sentence what is worth a line
 */
public record RunStatus(int code, String sentence) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Reads a report.
     *
     * @param path an output, which has its runs' reports, or a report's copy
     * @param run the run that is asked after, if it matters which
     * @throws RefusedException where something else is there
     */
    public static RunStatus read(String path, Optional<String> run, Configuration hadoop) throws IOException {
        FileSystem files = Storage.of(path, "--status", hadoop);
        Path place = new Path(path);
        boolean isOutput = files.exists(place) && files.getFileStatus(place).isDirectory();
        if (isOutput && run.isPresent()) {
            Optional<byte[]> kept = new KeptReports(files, place).of(run.get());
            if (kept.isPresent()) { // a run without a name has one in the name of its file
                return of(path, JSON.readTree(kept.get()), Optional.empty());
            }
        }
        Optional<byte[]> report = SmallFile.read(files, isOutput ? new Path(place, RunReport.FILE) : place);
        if (report.isEmpty()) {
            return new RunStatus(
                    ExitCode.FAILED.code(),
                    "%s: there is no report: no run has ended there; check --status".formatted(path));
        }
        try {
            return of(path, JSON.readTree(report.get()), run);
        } catch (JsonProcessingException e) {
            throw noReport(path, e);
        }
    }

    private static RunStatus of(String path, JsonNode report, Optional<String> asked) {
        if (!report.path(RunReport.EXIT_CODE).isInt()) {
            throw noReport(path, null);
        }
        String run = report.path(RunReport.RUN).asText();
        if (!asked.orElse(run).equals(run)) {
            return new RunStatus(
                    ExitCode.FAILED.code(),
                    "%s: the last run that ended there is '%s', so '%s' has failed or is not done"
                            .formatted(path, run, asked.get()));
        }
        int code = report.path(RunReport.EXIT_CODE).intValue();
        String what = report.has(RunReport.ERROR)
                ? report.path(RunReport.ERROR).asText()
                : "%s, %s"
                        .formatted(
                                HumanText.count(report.path(RunReport.ROWS).asLong(), "sequence"),
                                HumanText.count(report.path(RunReport.TOKENS).asLong(), "token"));
        return new RunStatus(
                code,
                "%s: the run%s that began at %s ended with %d: %s"
                        .formatted(
                                path,
                                run.isEmpty() ? "" : " '%s'".formatted(run),
                                HumanText.second(report.path(RunReport.STARTED).asText()),
                                code,
                                what));
    }

    private static RefusedException noReport(String path, Exception cause) {
        return new RefusedException("%s: holds no report of a run; check --status".formatted(path), cause);
    }
}
