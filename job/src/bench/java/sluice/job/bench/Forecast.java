package sluice.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * What the dry run says.
 *
 * @param taskSeconds that all tasks together would take
 * @param seconds from the start to the end
 */
record Forecast(double taskSeconds, double seconds) {
    private static final int SECONDS_OF_AN_HOUR = 3_600;

    /** Of a report of the job. */
    static Forecast read(Path report) {
        try {
            JsonNode root = new ObjectMapper().readTree(report.toFile());
            return new Forecast(
                    root.path("core-hours").asDouble() * SECONDS_OF_AN_HOUR,
                    root.path("seconds").asDouble());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
