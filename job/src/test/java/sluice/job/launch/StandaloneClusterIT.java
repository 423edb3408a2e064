package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same table on a cluster and on this machine alone: the same bits. */
@Tag("launch")
class StandaloneClusterIT {
    private static final int ROWS = 600;

    private static StandaloneCluster cluster;

    @TempDir
    private Path directory;

    @BeforeAll
    static void startTheCluster() throws IOException {
        cluster = new StandaloneCluster(2);
    }

    @AfterAll
    static void endTheCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aClusterGivesTheSameBitsFromTheThinJarAlone() throws IOException {
        Path input = directory.resolve("in.jsonl");
        try (Stream<String> lines = Files.lines(Checkout.example("strings.jsonl"))) {
            Files.write(input, lines.limit(ROWS).toList());
        }
        Path metrics = Files.createDirectory(directory.resolve("metrics"));
        score(
                "on-cluster",
                "--master",
                cluster.master(),
                "--executor-memory",
                "512m",
                "--executor-cores",
                "1",
                "--conf",
                "spark.plugins=sluice.job.MetricsPlugin",
                "--conf",
                "spark.metrics.namespace=sluice",
                "--conf",
                "spark.metrics.conf.*.sink.csv.class=org.apache.spark.metrics.sink.CsvSink",
                "--conf",
                "spark.metrics.conf.*.sink.csv.directory=" + metrics);
        score("alone", "--master", "local[2]");
        assertThat(ScoredTable.parts(directory.resolve("on-cluster")))
                .as("more than one task")
                .hasSizeGreaterThan(2);
        Map<String, String> onCluster = ScoredTable.lines(directory.resolve("on-cluster"));
        assertThat(onCluster).hasSize(ROWS).isEqualTo(ScoredTable.lines(directory.resolve("alone")));
        assertExecutorsFetchedTheJar();
        assertThat(lastOf(metrics, "sluice\\.driver\\.plugin\\.sluice\\.job\\.MetricsPlugin\\.rows\\.csv"))
                .as("the executors have told the driver of their rows")
                .isEqualTo(ROWS);
        assertThat(lastOf(metrics, "sluice\\.\\d+\\.plugin\\.sluice\\.job\\.MetricsPlugin\\.rows\\.csv"))
                .as("the executors had the plugin when they started, from the driver's jar alone")
                .isEqualTo(ROWS);
    }

    /** What Spark has written last of the counters of these names, added up. */
    private static long lastOf(Path metrics, String names) throws IOException {
        long sum = 0;
        try (Stream<Path> files = Files.list(metrics)) {
            for (Path file : files.filter(file -> file.getFileName().toString().matches(names))
                    .toList()) {
                List<String> lines = Files.readAllLines(file);
                sum += Long.parseLong(lines.get(lines.size() - 1).split(",", -1)[1]);
            }
        }
        return sum;
    }

    private void score(String output, String... where) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString()));
        command.addAll(Launch.SMALL_DRIVER);
        command.addAll(Arrays.asList(where));
        command.addAll(List.of(
                // Small splits, so that there is work for several tasks.
                "--conf",
                "spark.sql.files.maxPartitionBytes=8k",
                "--conf",
                "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1",
                "--model",
                Checkout.example("reber.safetensors").toString(),
                "--config",
                Checkout.example("reber.conf").toString(),
                "--input",
                "in.jsonl",
                "--emit",
                "softmax,loglik,logprob,rank,hidden",
                "--output",
                output,
                "--output-format",
                "json"));
        Launch.start(directory, command, Map.of()).end().assertScored();
    }

    /** The Worker's class path has nothing of ours, so what the executors ran came from the driver. */
    private static void assertExecutorsFetchedTheJar() throws IOException {
        try (Stream<Path> files = Files.walk(cluster.work())) {
            assertThat(files.filter(file -> file.getFileName().toString().equals("sluice.jar")))
                    .isNotEmpty();
        }
    }
}
