package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Spark's own scheduler for Kubernetes, with the pod template of {@code submit/schedule}: driver and executors score under the constraints
 * of their pods.
 */
@Tag("launch")
@Tag("slow")
class KubernetesIT {
    private static final String NAMELESS = "-javaagent:/opt/sluice/sluice.jar=sluice -Duser.home=/tmp";

    @TempDir
    private static Path all;

    private static Path data; // is /opt/data in the pods
    private static KubernetesCluster cluster;
    private static Path spark;
    private static Map<String, String> expected;

    @BeforeAll
    static void scoreAloneAndStartTheCluster() throws IOException {
        List<String> trial = new ArrayList<>(PodProcess.namespaces());
        trial.addAll(
                List.of(
                        "bash",
                        "-c",
                        "mount -t tmpfs tmpfs /opt && mount -o remount,bind,ro / && unshare --user --map-user=10185 --map-group=10185 true"));
        Launch.Ended tried = Launch.start(all, trial, Map.of()).end();
        assumeTrue(tried.exitCode() == 0, "this machine has no namespaces: " + tried);
        data = Files.createDirectory(all.resolve("data"));
        for (String file : List.of("reber.safetensors", "reber.conf", "strings.jsonl")) {
            Files.copy(Checkout.example(file), data.resolve(file));
        }
        Launch.local(
                        data,
                        "--config",
                        "reber.conf",
                        "--model",
                        "reber.safetensors",
                        "--input",
                        "strings.jsonl",
                        "--output",
                        "alone")
                .end()
                .assertScored();
        expected = ParquetRows.bits(data.resolve("alone"));
        assertThat(expected).hasSize(1_200);
        spark = SparkHome.ofBuild(all);
        cluster = new KubernetesCluster(Files.createDirectory(all.resolve("cluster")), spark);
    }

    @AfterAll
    static void endTheCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static Launch.Ended score(String... more) throws IOException {
        String template =
                Checkout.schedule("kubernetes/pod.yaml").toAbsolutePath().toString();
        List<String> command = new ArrayList<>(List.of(
                Checkout.launcher().toString(),
                "--master",
                "k8s://" + cluster.url(),
                "--deploy-mode",
                "cluster",
                "--name",
                "sluice-night",
                "--driver-memory",
                "512m",
                "--executor-memory",
                "512m",
                "--num-executors",
                "2"));
        for (String setting : List.of(
                "spark.kubernetes.container.image=registry.example.org/sluice:0.1.0",
                "spark.kubernetes.driver.podTemplateFile=" + template,
                "spark.kubernetes.executor.podTemplateFile=" + template,
                "spark.kubernetes.authenticate.driver.serviceAccountName=spark",
                "spark.kubernetes.driver.volumes.hostPath.data.mount.path=/opt/data",
                "spark.kubernetes.driver.volumes.hostPath.data.options.path=" + data,
                "spark.kubernetes.executor.volumes.hostPath.data.mount.path=/opt/data",
                "spark.kubernetes.executor.volumes.hostPath.data.options.path=" + data,
                "spark.driver.extraJavaOptions=" + NAMELESS + " " + Launch.SMALL,
                "spark.executor.extraJavaOptions=" + NAMELESS + " " + Launch.SMALL,
                // Of the cluster that there is.
                "spark.kubernetes.driver.master=" + cluster.url(),
                "spark.kubernetes.submission.waitAppCompletion=false",
                "spark.kubernetes.executor.enableApiWatcher=false",
                "spark.kubernetes.executor.apiPollingInterval=1s",
                "spark.sql.files.maxPartitionBytes=16k")) {
            command.addAll(List.of("--conf", setting));
        }
        command.addAll(Arrays.asList(more));
        Launch.Ended submitted = Launch.start(
                        all,
                        command,
                        Map.of("SPARK_HOME", spark.toString(), "SLUICE_JAR", "local:///opt/sluice/sluice.jar"))
                .end();
        assertThat(submitted.exitCode()).as(submitted.toString()).isZero();
        return cluster.endOfDriver();
    }

    private static Launch.Ended scoreExample(String input, String... more) throws IOException {
        List<String> options = new ArrayList<>(List.of(
                "--config",
                "/opt/data/reber.conf",
                "--model",
                "/opt/data/reber.safetensors",
                "--input",
                "/opt/data/" + input));
        options.addAll(Arrays.asList(more));
        return score(options.toArray(String[]::new));
    }

    private static void assertScored(Launch.Ended ended) throws IOException {
        assertThat(ended.exitCode())
                .as("%s%n%s".formatted(ended, cluster.logs()))
                .isZero();
    }

    private static List<JsonNode> pods(Predicate<String> role) {
        List<JsonNode> pods = new ArrayList<>();
        for (ObjectNode pod : cluster.pods()) {
            if (role.test(pod.path("metadata").path("labels").path("spark-role").asText())) {
                pods.add(pod);
            }
        }
        return pods;
    }

    @Test
    void theSameBitsUnderTheConstraintsOfPods() throws IOException {
        assertScored(scoreExample("strings.jsonl", "--output", "/opt/data/out"));
        assertThat(ParquetRows.bits(data.resolve("out"))).isEqualTo(expected);
        assertScored(scoreExample("strings.jsonl", "--output", "/opt/data/out", "--mode", "overwrite"));
        assertThat(ParquetRows.bits(data.resolve("out"))).isEqualTo(expected);

        assertThat(pods("executor"::equals)).hasSizeGreaterThanOrEqualTo(4);
        for (JsonNode pod : pods(role -> true)) {
            assertThat(pod.path("spec")
                            .path("securityContext")
                            .path("runAsNonRoot")
                            .asBoolean())
                    .isTrue();
            JsonNode security = pod.path("spec").path("containers").path(0).path("securityContext");
            assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
            assertThat(security.path("capabilities").path("drop").path(0).asText())
                    .isEqualTo("ALL");
        }
    }

    @Test
    void newFilesAndBadRows() throws IOException {
        List<String> lines = Files.readAllLines(data.resolve("strings.jsonl"));
        Path events = Files.createDirectory(data.resolve("events"));
        Files.write(events.resolve("1.jsonl"), lines.subList(0, 600));
        String[] options = {
            "--output", "/opt/data/scores", "--incremental", "/opt/data/checkpoint", "--bad-rows", "quarantine"
        };
        assertScored(scoreExample("events", options));
        List<String> more = new ArrayList<>(lines.subList(600, 1_200));
        more.add("{\"id\":\"bad\",\"text\":\"BQE\"}");
        Path staged = Files.write(data.resolve("2.jsonl"), more);
        Files.move(staged, events.resolve("2.jsonl"), StandardCopyOption.ATOMIC_MOVE);
        assertScored(scoreExample("events", options));
        assertThat(ParquetRows.bits(data.resolve("scores/batch=0"))).hasSize(600);
        assertThat(ParquetRows.bits(data.resolve("scores/batch=1"))).hasSize(600);
        JsonNode report = new ObjectMapper()
                .readTree(data.resolve("scores/_sluice/report.json").toFile());
        assertThat(report.path("bad-rows").path("rows").asInt())
                .as(report.toString())
                .isEqualTo(1);
    }

    @Test
    void theDriversContainerHasTheExitCode() throws IOException {
        Launch.Ended refused = scoreExample("nowhere.jsonl", "--output", "/opt/data/refused", "--bad-rows", "fail");
        assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(2);
        assertThat(refused.err()).contains("sluice: error: ", "nowhere.jsonl", "check --input");
    }
}
