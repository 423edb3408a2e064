package sluice.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import sluice.job.message.HumanText;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/** What the run that ended before in an output has measured, to hold an estimate against. */
public record LastRun(
        String started, long rows, long tokens, double sharing, double speed, double taskSeconds, double seconds) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Nothing, where no run has left a report that tells it. */
    public static Optional<LastRun> of(Settings settings, Configuration hadoop) throws IOException {
        boolean isTable =
                settings.output().format() == OutputFormat.TABLE; // then only a copy of the report is anywhere
        if (isTable && settings.report().path().isEmpty()) {
            return Optional.empty();
        }
        Path path = isTable
                ? new Path(settings.report().path().get())
                : new Path(settings.output().path(), RunReport.FILE);
        Optional<byte[]> report = SmallFile.read(Storage.of(path.toString(), "--output", hadoop), path);
        try {
            return report.isPresent() ? of(JSON.readTree(report.get())) : Optional.empty();
        } catch (JsonProcessingException e) { // of another program: it tells nothing
            return Optional.empty();
        }
    }

    private static Optional<LastRun> of(JsonNode report) {
        long computed = report.path(RunReport.COMPUTED).asLong();
        long tokens = report.path(RunReport.TOKENS).asLong();
        return report.has(RunReport.TASK_SECONDS)
                ? Optional.of(new LastRun(
                        HumanText.second(report.path(RunReport.STARTED).asText()),
                        report.path(RunReport.ROWS).asLong(),
                        tokens,
                        computed == 0 ? 1 : (double) tokens / computed,
                        report.path(RunReport.SPEED).asDouble(),
                        report.path(RunReport.TASK_SECONDS).path("all").asDouble(),
                        report.path(RunReport.SECONDS).asDouble()))
                : Optional.empty();
    }
}
