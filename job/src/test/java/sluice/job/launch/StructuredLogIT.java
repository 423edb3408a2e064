package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.package$;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spark.log.structuredLogging.enabled}: each line of the log is a JSON object, also the error. */
@Tag("launch")
class StructuredLogIT {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    @TempDir
    private Path directory;

    private Launch.Ended score(Map<String, String> environment, String... options) throws IOException {
        Files.writeString(
                directory.resolve("in.jsonl"),
                "{\"id\":\"one\",\"text\":\"BTBTXSETE\"}\n{\"id\":\"two\",\"text\":\"BQ\"}\n");
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--master", "local[2]"));
        command.addAll(Launch.smallDriver());
        command.addAll(List.of("--conf", "spark.log.structuredLogging.enabled=true", "--run", "night-1"));
        command.addAll(List.of("--model", Checkout.example("reber.safetensors").toString()));
        command.addAll(List.of("--input", "in.jsonl", "--input-format", "json", "--output", "out"));
        command.addAll(List.of("--splitter", "character", "--tokens", "text"));
        command.addAll(List.of(options));
        return Launch.start(directory, command, environment).end();
    }

    /** Each line of stderr, but those of the virtual machine and of Spark before it reads its settings. */
    private static List<JsonNode> lines(Launch.Ended ended) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : ended.err().lines().toList()) {
            if (line.startsWith("WARNING: ") || line.startsWith("Using Spark's default log4j profile")) {
                continue;
            }
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    private static JsonNode only(List<JsonNode> lines, String logger) {
        List<JsonNode> found = lines.stream()
                .filter(line -> line.path("logger").asText().equals(logger))
                .toList();
        assertThat(found).as(lines.toString()).hasSize(1);
        return found.get(0);
    }

    private void assertStructured(Map<String, String> environment) throws IOException {
        Launch.Ended scored =
                score(environment, "--bad-rows", "null", "--set", "bad-rows.max-fraction=1", "--mode", "overwrite");
        assertThat(scored.exitCode()).as(scored.toString()).isZero();
        assertThat(scored.out()).as("results stay text").contains("sluice: wrote out");
        JsonNode kernel = only(lines(scored), "CompiledModel");
        assertThat(kernel.path("level").asText()).isEqualTo("INFO");
        assertThat(kernel.path("context").path("mdc.sluice_run").asText()).isEqualTo("night-1");
        assertThat(kernel.path("context").path("task_name").asText()).startsWith("task ");

        Launch.Ended failed = score(environment, "--mode", "overwrite", "--bad-rows", "fail");
        assertThat(failed.exitCode()).as(failed.toString()).isEqualTo(3);
        JsonNode error = only(lines(failed), "sluice");
        assertThat(error.path("level").asText()).isEqualTo("ERROR");
        assertThat(error.path("msg").asText()).startsWith("row id=two: column 'text'");
        assertThat(error.path("context").path("mdc.sluice_run").asText()).isEqualTo("night-1");
    }

    @Test
    void withoutASparkInstallation() throws IOException {
        assertStructured(Map.of());
    }

    @Tag("slow")
    @Test
    void withASparkInstallation() throws IOException {
        Path spark = Checkout.target("sparks").resolve(package$.MODULE$.SPARK_VERSION());
        assumeTrue(Files.isDirectory(spark), "no Spark installation was made: .ci/spark does");
        assertStructured(Map.of("SPARK_HOME", spark.toString()));
    }
}
