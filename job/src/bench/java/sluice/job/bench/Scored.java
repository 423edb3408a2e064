package sluice.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * A contender's own report of its run.
 *
 * @param computedSteps number of computed steps; 0 if each token was computed
 */
record Scored(Stages stages, long computedSteps) {
    /** Reads the values from a report of the job. */
    static Scored read(Path report) {
        try {
            JsonNode root = new ObjectMapper().readTree(report.toFile());
            JsonNode seconds = root.path("seconds-of-all-tasks");
            return new Scored(
                    new Stages(
                            seconds.path("all").asDouble(),
                            seconds.path("reading").asDouble(),
                            seconds.path("scoring").asDouble()),
                    root.path("computed-steps").asLong());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
