package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.delta.storage.commit.actions.AbstractProtocol;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.delta.DeltaLog;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What OpenLineage's listener records of a run: its input, and the place where its rows are published. */
@Tag("launch")
@Tag("slow")
class LineageIT {
    @TempDir
    private Path directory;

    private int runs;

    @BeforeEach
    void writeRows() throws IOException {
        Files.createDirectories(directory.resolve("events"));
        Files.writeString(directory.resolve("events/1.jsonl"), """
                {"id":"one","day":"mon","text":"BTBTXSETE"}
                {"id":"two","day":"tue","text":"BPBPVVEPE"}
                {"id":"bad","day":"tue","text":"BQE"}
                """);
    }

    private List<JsonNode> events(String... options) throws IOException {
        Path file = directory.resolve("lineage-" + runs++ + ".jsonl");
        List<String> all = new ArrayList<>(List.of(
                "--jars",
                String.join(
                        ",",
                        Checkout.target("lineage/openlineage-spark.jar").toString(),
                        jar(DeltaLog.class),
                        jar(AbstractProtocol.class)),
                "--name",
                "nightly-scores",
                "--conf",
                "spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener",
                "--conf",
                "spark.openlineage.transport.type=file",
                "--conf",
                "spark.openlineage.transport.location=" + file,
                "--model",
                Checkout.example("reber.safetensors").toString(),
                "--input",
                "events",
                "--input-format",
                "json",
                "--splitter",
                "character",
                "--tokens",
                "text",
                "--bad-rows",
                "quarantine",
                "--set",
                "bad-rows.max-fraction=0.5"));
        all.addAll(Arrays.asList(options));
        Launch.Ended ended = Launch.local(directory, all.toArray(String[]::new)).end();
        assertThat(ended.exitCode()).as(ended.toString()).isZero();
        List<JsonNode> events = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            events.add(new ObjectMapper().readTree(line));
        }
        return events;
    }

    private static String jar(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The names of the data sets, relative to the test's directory; no event may name another place. */
    private Set<String> names(List<JsonNode> events, String side) throws IOException {
        String root = directory.toRealPath() + "/";
        Set<String> names = new TreeSet<>();
        for (JsonNode event : events) {
            for (JsonNode dataset : event.path(side)) {
                String name = dataset.path("name").asText();
                assertThat(dataset.path("namespace").asText()).isEqualTo("file");
                assertThat(name).startsWith(root);
                names.add(name.substring(root.length()));
            }
        }
        return names;
    }

    /** The events that tell the end of a write. */
    private static List<JsonNode> writes(List<JsonNode> events) {
        return events.stream()
                .filter(event -> event.path("eventType").asText().equals("COMPLETE"))
                .filter(event -> !event.path("outputs").isEmpty())
                .toList();
    }

    @Test
    void thePublishedDirectoryIsNamed() throws IOException {
        for (String mode : List.of("error", "overwrite")) {
            List<JsonNode> events = events("--output", "scores", "--mode", mode);
            assertThat(names(events, "inputs")).containsExactly("events");
            assertThat(names(events, "outputs")).containsExactly("scores", "scores/_sluice/bad-rows");
            List<JsonNode> writes = writes(events);
            assertThat(writes).hasSize(2);
            JsonNode rows = writes.get(0);
            assertThat(names(List.of(rows), "inputs")).containsExactly("events");
            assertThat(rows.path("outputs")
                            .path(0)
                            .path("outputFacets")
                            .path("outputStatistics")
                            .path("rowCount")
                            .asInt())
                    .isEqualTo(2);
            // The same job in each night, and each job ends.
            assertThat(rows.path("job").path("name").asText())
                    .startsWith("nightly_scores.execute_insert_into_hadoop_fs_relation_command.")
                    .endsWith("_scores");
            assertThat(ofType(events, "START")).isEqualTo(ofType(events, "COMPLETE"));
        }
    }

    private static Set<String> ofType(List<JsonNode> events, String type) {
        Set<String> runs = new TreeSet<>();
        events.stream()
                .filter(event -> event.path("eventType").asText().equals(type))
                .forEach(event -> runs.add(event.path("run").path("runId").asText()));
        return runs;
    }

    @Test
    void partitionsAndNewFiles() throws IOException {
        List<JsonNode> events = events(
                "--output",
                "days",
                "--mode",
                "partitions",
                "--set",
                "output.partition-by=day",
                "--set",
                "bad-rows.path=bad");
        assertThat(names(events, "inputs")).containsExactly("events");
        // OpenLineage leaves partition directories out of names: those of the quarantine are its runs.
        assertThat(names(writes(events), "outputs")).containsExactly("bad", "days");

        events = events("--output", "scores", "--incremental", "checkpoint");
        assertThat(names(events, "inputs")).containsExactly("events", "events/1.jsonl");
        assertThat(names(writes(events), "outputs")).containsExactly("scores", "scores/_sluice/bad-rows");
    }

    /** Spark writes a version of the states if it merges earlier ones. */
    @Test
    void carriedStatesAreADataSetOfTheirOwn() throws IOException {
        String[] states = {"--set", "state.path=states", "--set", "state.key=id", "--output"};
        events(with(states, "monday"));
        List<JsonNode> events = events(with(states, "tuesday"));
        assertThat(names(writes(events), "outputs")).containsExactly("states", "tuesday", "tuesday/_sluice/bad-rows");
    }

    private static String[] with(String[] options, String output) {
        return Stream.concat(Arrays.stream(options), Stream.of(output)).toArray(String[]::new);
    }

    /** OpenLineage names no input of rows that Spark has cached. It is in another event of the same parent run. */
    @Test
    void aDeltaTableIsNamed() throws IOException {
        List<JsonNode> events = events(
                "--conf",
                "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
                "--conf",
                "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
                "--output",
                "scores",
                "--output-format",
                "table",
                "--set",
                "output.table-provider=delta",
                "--set",
                "bad-rows.path=bad");
        assertThat(names(events, "inputs")).containsExactly("events");
        assertThat(names(writes(events), "outputs")).containsExactly("bad", "spark-warehouse/scores");
        Set<String> parents = new TreeSet<>();
        events.forEach(event -> event.path("run")
                .path("facets")
                .path("parent")
                .path("run")
                .path("runId")
                .asText("")
                .lines()
                .forEach(parents::add));
        assertThat(parents).hasSize(1);
    }
}
