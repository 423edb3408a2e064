package sluice.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * The estimate of the dry run.
 *
 * @param taskSeconds estimated time of all tasks together
 * @param seconds estimated duration of the run
 */
record DryRunEstimate(double taskSeconds, double seconds) {
    private static final int SECONDS_OF_AN_HOUR = 3_600;

    /** Reads the estimate from a report of the job. */
    static DryRunEstimate read(Path report) {
        try {
            JsonNode root = new ObjectMapper().readTree(report.toFile());
            return new DryRunEstimate(
                    root.path("core-hours").asDouble() * SECONDS_OF_AN_HOUR,
                    root.path("seconds").asDouble());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
