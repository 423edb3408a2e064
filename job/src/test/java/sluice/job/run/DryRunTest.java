package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;

/** {@code --dry-run}: estimates what a run would do and cost. */
class DryRunTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    Path folder;

    @BeforeEach
    void writeInput() {
        Random random = new Random(3);
        List<int[]> sequences = IntStream.range(0, 500)
                .mapToObj(row -> random.ints(random.nextInt(1, 20), 0, 2).toArray())
                .toList();
        Tables.ofIds(sequences).repartition(3).write().parquet(file("in"));
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    private Terminal score(String... more) {
        return scoreTable("in", more);
    }

    private Terminal scoreTable(String input, String... more) {
        LocalSpark.session();
        List<String> arguments =
                new ArrayList<>(List.of("--model", TORCH.modelPath(), "--input", file(input), "--output", file("out")));
        arguments.addAll(Arrays.asList(more));
        return Terminal.score(arguments.toArray(String[]::new));
    }

    private static String line(Terminal terminal, String name) {
        return terminal.output().stream()
                .filter(line -> line.startsWith(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line '%s' in %s".formatted(name, terminal.output())));
    }

    @Test
    void thePlanIsPrintedAndNothingIsWritten() throws Exception {
        Terminal dry = score("--dry-run", "--report", file("plan.json"));
        assertThat(dry.code()).isZero();
        assertThat(dry.errors()).isEmpty();
        assertThat(line(dry, "layer 0")).isNotEmpty();
        assertThat(line(dry, "parameters")).isNotEmpty();
        assertThat(line(dry, "executor")).contains("2.6 times the model", "64.0 MiB");
        assertThat(line(dry, "work")).contains("operations a step", "the last step is answered");
        assertThat(line(dry, "rows")).endsWith(" 500");
        assertThat(line(dry, "sample"))
                .contains(
                        "500 rows; ",
                        "tokens per computed step in the table's order",
                        "cluster-prefixes would not pay");
        assertThat(line(dry, "sharing")).isNotEmpty();
        assertThat(line(dry, "speed")).contains("tokens/s a core");
        assertThat(line(dry, "in all")).matches("in all +[0-9.]+ s on 2 cores");
        assertThat(line(dry, "size")).contains("before compression");
        assertThat(Files.exists(folder.resolve("out"))).isFalse();
        try (var left = Files.list(folder)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsOnly("in", "plan.json", ".plan.json.crc");
        }

        JsonNode plan = new ObjectMapper().readTree(folder.resolve("plan.json").toFile());
        assertThat(plan.path("dry-run").asBoolean()).isTrue();
        assertThat(plan.path("rows").asLong()).isEqualTo(500);
        assertThat(plan.path("sharing").asDouble()).isGreaterThan(1.5);
        assertThat(plan.path("core-hours").asDouble()).isPositive();
        assertThat(plan.path("seconds").asDouble())
                .isGreaterThan(plan.path("core-hours").asDouble() * 3_600 / 2);
    }

    /** All rows are in the sample and in one batch, so the estimated counts are exact. */
    @Test
    void theLastRunIsPrintedBesideTheEstimates() {
        assertThat(score().code()).isZero();
        Terminal dry = score("--dry-run", "--mode", "overwrite");
        assertThat(dry.code()).isZero();
        assertThat(dry.output()).anyMatch(line -> line.contains("estimated") && line.contains("last run, 20"));
        assertThat(line(dry, "rows")).matches("rows +500 +500");
        assertThat(line(dry, "tokens")).matches("tokens +([0-9,]+) +\\1");
        assertThat(line(dry, "speed")).matches("speed +[0-9,]+ tokens/s a core +[0-9,]+ tokens/s a core");
        assertThat(line(dry, "in all")).matches("in all +[0-9.]+ s on 2 cores +[0-9.]+ s");
    }

    @Test
    void theReasonForARefusalIsPrinted() {
        assertThat(score().code()).isZero();
        Terminal dry = score("--dry-run");
        assertThat(dry.code()).isEqualTo(2);
        assertThat(line(dry, "rows")).contains("500");
        assertThat(dry.errors()).hasSize(1);
        assertThat(dry.errors().get(0)).contains("the run would be refused: ", "out: exists already");

        Terminal wrong = score("--dry-run", "--tokens", "nowhere");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.errors().get(0)).contains("no column 'nowhere'");
    }

    @Test
    void anEmptyTableHasAPlan() {
        Tables.of(Tables.INTS).write().parquet(file("empty"));
        Terminal dry = scoreTable("empty", "--dry-run");
        assertThat(dry.errors()).isEmpty();
        assertThat(dry.code()).isZero();
        assertThat(line(dry, "rows")).endsWith(" 0");
    }
}
