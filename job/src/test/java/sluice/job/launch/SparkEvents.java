package sluice.job.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What Spark has written into its event log: the proof that what should have gone wrong has. */
final class SparkEvents {
    private final List<JsonNode> ends = new ArrayList<>();

    private SparkEvents() {}

    /** What makes Spark write it, into a folder that is there. */
    static List<String> options(Path folder) {
        return List.of(
                "--conf",
                "spark.eventLog.enabled=true",
                "--conf",
                "spark.eventLog.dir=" + folder.toUri(),
                "--conf",
                "spark.eventLog.compress=false");
    }

    static SparkEvents read(Path folder) throws IOException {
        SparkEvents events = new SparkEvents();
        ObjectMapper json = new ObjectMapper();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(path -> !path.getFileName().toString().startsWith("."))
                    .toList()) {
                for (String line : Files.readAllLines(file)) {
                    JsonNode event = json.readTree(line);
                    if (event.path("Event").asText().equals("SparkListenerTaskEnd")) {
                        events.ends.add(event);
                    }
                }
            }
        }
        return events;
    }

    /** Tasks that ended so: {@code Success}, {@code ExecutorLostFailure}, {@code TaskKilled}. */
    long tasks(String reason) {
        return ends.stream()
                .filter(end -> end.at("/Task End Reason/Reason").asText().equals(reason))
                .count();
    }

    /** Second copies of slow tasks that were done before the first. */
    long overtaken() {
        return ends.stream()
                .filter(end -> end.at("/Task End Reason/Reason").asText().equals("Success"))
                .filter(end -> end.at("/Task Info/Speculative").asBoolean())
                .count();
    }
}
