package sluice.job.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.Endpoint;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;

/** The counters on Spark's Prometheus page, in a session with the plugin. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MetricsPluginTest {
    private static final TorchCase TORCH = TorchCase.named("many_short");

    private static SparkSession spark;
    private static Endpoint endpoint;

    @TempDir
    Path folder;

    /** The session that the tests share has no plugins, and a virtual machine can have only one session. */
    @BeforeAll
    static void start() {
        LocalSpark.session().stop();
        SparkSession.Builder builder =
                SparkSession.builder().appName("sluice metrics").master("local[2]");
        Endpoint.settings().forEach(builder::config);
        spark = builder.config("spark.sql.files.maxPartitionBytes", "1m").getOrCreate();
        endpoint = new Endpoint(spark);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** The rows of the reference case, and bad rows of two reason codes. */
    private static Dataset<Row> withBadRows() {
        Stream<Integer[]> good = TORCH.tokens().stream().map(Tables::boxed);
        Stream<Integer[]> bad = Stream.of(new Integer[] {-1}, null, new Integer[] {1, -1}, new Integer[] {1_000_000});
        return Tables.of(Tables.INTS, Stream.concat(good, bad).toArray());
    }

    /** The increase of each counter. */
    private static Map<String, Long> increase(Map<String, Long> before, Map<String, Long> after) {
        Map<String, Long> increase = new TreeMap<>();
        after.forEach((name, value) -> increase.put(name, value - before.getOrDefault(name, 0L)));
        return increase;
    }

    @Test
    void theEndpointHasTheReportsNumbers() {
        Map<String, Long> before = endpoint.counters();
        RunReport report = Run.of(TORCH, folder.resolve("out"))
                .withInput(withBadRows(), 5, folder.resolve("in"))
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .score();
        Map<String, Long> expected = new TreeMap<>(Endpoint.reported(report, ""));
        expected.putAll(Endpoint.reported(report, "executor_driver_"));
        assertThat(expected)
                .containsEntry("rows", (long) TORCH.tokens().size())
                .containsEntry("engineBuilds", 1L)
                .containsEntry("badRows_token_out_of_range", 3L)
                .containsEntry("badRows_null_sequence", 1L);

        Map<String, Long> increase = increase(
                before,
                endpoint.counters(now -> increase(before, now).entrySet().containsAll(expected.entrySet())));
        assertThat(increase).containsAllEntriesOf(expected);
        increase.keySet().removeAll(expected.keySet());
        assertThat(increase).as("reason codes without rows").containsEntry("badRows_unknown_word", 0L);
        assertThat(increase.values()).containsOnly(0L);
    }

    @Test
    void allSamplesHaveValidPrometheusNames() {
        Pattern sample = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*(\\{[^}]*})? \\S+");
        assertThat(endpoint.page("/metrics/prometheus").lines()).isNotEmpty().allMatch(sample.asMatchPredicate());
        assertThat(endpoint.page("/metrics/executors/prometheus")).contains("metrics_executor_totalTasks_total{");
    }

    /**
     * Tasks count after each batch: this task fails at its last row, and its work counts. This test runs last, because no report says which
     * value of the counters is final.
     */
    @Test
    @Order(Integer.MAX_VALUE)
    void theWorkOfAFailedTaskIsCounted() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int[] tokens : TORCH.tokens()) {
            lines.append("{\"tokens\":").append(Arrays.toString(tokens)).append("}\n");
        }
        Path input = Files.writeString(folder.resolve("in.jsonl"), lines + "{\"tokens\":[-1]}\n");
        Run run = Run.of(TORCH, folder.resolve("out"))
                .with("input.path", input)
                .with("input.format", "json")
                .with("scoring.task-seconds", 0)
                .with("scoring.batch-bytes", "1 KiB");
        long before = endpoint.counters().get("rows");
        assertThatThrownBy(run::score).hasStackTraceContaining("token -1");
        int good = TORCH.tokens().size();
        Map<String, Long> served = endpoint.counters(now -> now.get("rows") - before >= good - 10);
        assertThat(served.get("rows") - before)
                .as("all rows but those of the bad row's batch")
                .isBetween(good - 10L, (long) good);
    }
}
