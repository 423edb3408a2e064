package sluice.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A scored table that was written as JSON. */
final class ScoredTable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ScoredTable() {}

    /**
     * The text of each row, by its id. Two floats have the same bits where their texts are the same: Spark writes as
     * many digits as tell a float from its neighbours.
     */
    static Map<String, String> lines(Path output) throws IOException {
        Map<String, String> lines = new TreeMap<>();
        for (Path part : parts(output)) {
            for (String line : Files.readAllLines(part)) {
                String before = lines.put(JSON.readTree(line).path("id").textValue(), line);
                if (before != null) {
                    throw new AssertionError("%s: two rows have the id of %s".formatted(output, line));
                }
            }
        }
        return lines;
    }

    /** Each row by its id. */
    static Map<String, JsonNode> rows(Path output) throws IOException {
        Map<String, JsonNode> rows = new TreeMap<>();
        for (Map.Entry<String, String> line : lines(output).entrySet()) {
            rows.put(line.getKey(), JSON.readTree(line.getValue()));
        }
        return rows;
    }

    /** The files of rows. */
    static List<Path> parts(Path output) throws IOException {
        try (Stream<Path> files = Files.list(output)) {
            return files.filter(file -> file.getFileName().toString().startsWith("part-"))
                    .toList();
        }
    }
}
