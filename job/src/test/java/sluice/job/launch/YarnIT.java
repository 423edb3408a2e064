package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same table on YARN and on this machine alone, the same bits; and what a user is told whose run YARN ends. */
@Tag("launch")
@Tag("slow")
class YarnIT {
    /** Of the table whose run is held half-way: each a file, and so a task. */
    private static final int FEW_ROWS = 10;

    private static final int HALF_WAY = 3;
    private static final int EXECUTORS = 2;

    private static final Pattern APPLICATION = Pattern.compile("Submitted application (application_\\d+_\\d+)");

    @TempDir
    private static Path all;

    private static Path spark;
    private static YarnCluster cluster;
    private static Path fewRows;
    private static Map<String, String> expected;
    private static Map<String, String> expectedOfFew;

    @TempDir
    private Path directory;

    private Path output;

    @BeforeAll
    static void scoreAloneAndStartTheCluster() throws IOException {
        spark = SparkHome.ofBuild(all);
        cluster = new YarnCluster(Files.createDirectory(all.resolve("cluster")));
        List<String> options = new ArrayList<>(table(Checkout.example("strings.jsonl"), settings()));
        options.addAll(List.of("--output", "alone"));
        Launch.local(all, options.toArray(String[]::new)).end().assertScored();
        expected = ParquetRows.bits(all.resolve("alone"));
        assertThat(expected).hasSize(1_200);

        fewRows = Files.createDirectory(all.resolve("few"));
        List<String> lines = Files.readAllLines(Checkout.example("strings.jsonl"));
        for (int row = 0; row < FEW_ROWS; row++) {
            Files.writeString(fewRows.resolve(String.format(Locale.ROOT, "row-%d.jsonl", row)), lines.get(row) + "\n");
        }
        expectedOfFew = new TreeMap<>(expected);
        expectedOfFew.keySet().removeIf(id -> Integer.parseInt(id.substring(1)) > FEW_ROWS);
        assertThat(expectedOfFew).hasSize(FEW_ROWS);
    }

    @AfterAll
    static void endTheCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void aFolderForTheOutput() throws IOException {
        output = Files.createDirectory(directory.resolve("outputs")).resolve("out");
    }

    private static List<String> table(Path input, String settings) {
        return List.of(
                "--model",
                Checkout.example("reber.safetensors").toString(),
                "--config",
                settings,
                "--input",
                input.toString(),
                "--emit",
                "softmax,loglik,logprob,rank,hidden");
    }

    private static String settings() {
        return Checkout.example("reber.conf").toString();
    }

    private Launch score(String deployMode, Path input, String to, String... more) {
        List<String> options = new ArrayList<>(table(input, settings()));
        options.addAll(List.of("--output", to));
        options.addAll(Arrays.asList(more));
        return submit(deployMode, options);
    }

    private Launch submit(String deployMode, List<String> options) {
        List<String> command = new ArrayList<>(List.of(
                Checkout.launcher().toString(),
                "--master",
                "yarn",
                "--deploy-mode",
                deployMode,
                "--driver-memory",
                "512m",
                "--executor-memory",
                "512m",
                "--num-executors",
                String.valueOf(EXECUTORS),
                "--executor-cores",
                "1",
                "--driver-java-options",
                "%s -Dlog4j2.configurationFile=%s"
                        .formatted(Launch.SMALL, Checkout.root().resolve("conf/log4j2.properties"))));
        for (String setting : List.of(
                "spark.yarn.jars=local:%s/jars/*".formatted(spark),
                "spark.yarn.stagingDir=" + directory.toUri(),
                "spark.yarn.am.memory=384m",
                "spark.executor.extraJavaOptions=" + Launch.SMALL,
                "spark.yarn.appMasterEnv.SPARK_LOCAL_IP=127.0.0.1",
                "spark.executorEnv.SPARK_LOCAL_IP=127.0.0.1",
                "spark.starvation.timeout=5min",
                // In client mode YARN's filter is added to the UI's pages while Spark still starts them, without a
                // lock.
                "spark.ui.enabled=false",
                // Small splits, so that there is work for several tasks.
                "spark.sql.files.maxPartitionBytes=8k")) {
            command.addAll(List.of("--conf", setting));
        }
        command.addAll(options);
        return Launch.start(
                directory,
                command,
                Map.of(
                        "SPARK_HOME",
                        spark.toString(),
                        "HADOOP_CONF_DIR",
                        cluster.configuration().toString(),
                        "YARN_CONF_DIR",
                        cluster.configuration().toString()));
    }

    private static String application(Launch.Ended ended) {
        Matcher matcher = APPLICATION.matcher(ended.err());
        assertThat(matcher.find()).as("%s", ended).isTrue();
        return matcher.group(1);
    }

    private String reportedApplication() throws IOException {
        return new ObjectMapper()
                .readTree(output.resolve("_sluice/report.json").toFile())
                .path("application")
                .textValue();
    }

    /** Executors of runs that have ended do so a moment later. */
    private static void waitForTheCores() {
        Waiting.until(
                "executors of other runs to end", () -> cluster.executors().isEmpty());
    }

    @Test
    void aDriverOnThisMachineGivesTheSameBits() throws IOException {
        score("client", Checkout.example("strings.jsonl"), output.toString(), metrics())
                .end()
                .assertScored();
        assertThat(ParquetRows.files(output)).as("more than one task").hasSizeGreaterThan(1);
        assertThat(ParquetRows.bits(output)).isEqualTo(expected);
        assertThat(reportedApplication()).startsWith("application_");
        assertPluginWasOnDriverAndExecutors();
    }

    private String[] metrics() throws IOException {
        List<String> options = new ArrayList<>();
        for (String setting : List.of(
                "spark.plugins=sluice.job.report.MetricsPlugin",
                "spark.metrics.namespace=sluice",
                "spark.metrics.conf.*.sink.csv.class=org.apache.spark.metrics.sink.CsvSink",
                "spark.metrics.conf.*.sink.csv.directory=" + Files.createDirectory(directory.resolve("metrics")),
                "spark.metrics.conf.*.sink.csv.period=1")) {
            options.addAll(List.of("--conf", setting));
        }
        return options.toArray(String[]::new);
    }

    private void assertPluginWasOnDriverAndExecutors() {
        assertThat(directory.resolve("metrics").toFile().list())
                .anyMatch(name -> name.matches("sluice\\.driver\\.plugin\\..*\\.MetricsPlugin\\.rows\\.csv"))
                .anyMatch(name -> name.matches("sluice\\.\\d+\\.plugin\\..*\\.MetricsPlugin\\.rows\\.csv"));
    }

    /** The driver runs in another directory, and has there what {@code --files} names. */
    @Test
    void aDriverOnTheClusterGivesTheSameBits() throws IOException {
        List<String> options = new ArrayList<>(table(Checkout.example("strings.jsonl"), "reber.conf"));
        options.addAll(List.of("--files", settings(), "--output", output.toString()));
        options.addAll(List.of(metrics()));
        Launch.Ended ended = submit("cluster", options).end();
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        assertThat(ParquetRows.bits(output)).isEqualTo(expected);
        assertPluginWasOnDriverAndExecutors();
        assertThat(reportedApplication()).isEqualTo(application(ended));
        assertThat(status(output.toString()).assertScored().out()).contains("ended with 0: 1,200 sequences");
    }

    private Launch.Ended status(String... of) {
        List<String> options = new ArrayList<>(List.of("--status"));
        options.addAll(Arrays.asList(of));
        return Launch.local(directory, options.toArray(String[]::new)).end();
    }

    @Test
    void aBadRowEndsADriverOnThisMachineWithItsExitCode() throws IOException {
        score("client", badRow(), output.toString()).end().assertFailed(3, "row id=bad", "'Q' at step 2");
    }

    private Path badRow() throws IOException {
        return Files.writeString(directory.resolve("bad.jsonl"), "{\"id\":\"bad\",\"text\":\"BTQ\"}\n");
    }

    @Test
    void aBadRowOnTheClusterIsTriedOnceAndShownByYarn() throws IOException {
        Launch.Ended ended = score("cluster", badRow(), output.toString(), "--run", "tonight")
                .end();
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err())
                .as("the diagnostics of the application")
                .containsPattern(
                        "diagnostics: User class threw exception: row id=bad: .* 'Q' at step 2 .*\\(exit code 3\\)");
        assertThat(cluster.attempts(application(ended)))
                .singleElement()
                .satisfies(log -> assertThat(Files.readString(log))
                        .contains("sluice: error: row id=bad: ")
                        .doesNotContain("\tat "));
        status(output.toString(), "--run", "tonight").assertFailed(3, "row id=bad", "'Q' at step 2");
    }

    @Test
    void aWrongSettingOnTheClusterIsTriedOnceAndShownByYarn() throws IOException {
        Launch.Ended ended = score("cluster", fewRows, output.toString(), "--tokens", "txt", "--run", "tonight")
                .end();
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err())
                .containsPattern(
                        "diagnostics: User class threw exception: input.tokens: no column 'txt' .*\\(exit code 2\\)");
        assertThat(cluster.attempts(application(ended))).hasSize(1);
        status(output.toString(), "--run", "tonight").assertFailed(2, "input.tokens: no column 'txt'");
    }

    /** A run with a task for each row that stands still half-way until the gate opens. */
    private Launch scoreUpToTheGate(String... more) throws IOException {
        waitForTheCores();
        List<String> options = new ArrayList<>(GatedFileSystem.options(Files.createDirectories(gate()), HALF_WAY));
        options.addAll(SparkEvents.options(Files.createDirectories(events())));
        options.addAll(List.of("--set", "scoring.task-seconds=0"));
        options.addAll(Arrays.asList(more));
        Launch launch = score("cluster", fewRows, "gated:" + output, options.toArray(String[]::new));
        launch.waitUntil("half of the tasks", () -> GatedFileSystem.arrived(gate()) == HALF_WAY + EXECUTORS);
        return launch;
    }

    private Path gate() {
        return directory.resolve("gate");
    }

    private Path events() {
        return directory.resolve("events");
    }

    @Test
    void anExecutorIsKilledHalfWay() throws IOException {
        Launch launch = scoreUpToTheGate();
        List<ProcessHandle> executors = cluster.executors();
        assertThat(executors).hasSize(EXECUTORS);
        executors.get(0).destroyForcibly();
        GatedFileSystem.open(gate());

        Launch.Ended ended = launch.end();
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        assertThat(SparkEvents.read(events()).tasks("ExecutorLostFailure"))
                .as("a task died with its executor")
                .isEqualTo(1);
        assertThat(ParquetRows.bits(output)).isEqualTo(expectedOfFew);
        assertThat(output.getParent()).isDirectoryNotContaining(file -> !file.equals(output));
    }

    @Test
    void aDriverOnTheClusterIsKilledHalfWay() throws IOException {
        Launch launch = scoreUpToTheGate("--run", "tonight");
        assertThat(cluster.drivers()).hasSize(1);
        cluster.drivers().get(0).destroyForcibly();

        Launch.Ended ended = launch.end();
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(cluster.attempts(application(ended))).hasSize(1);
        assertThat(output).doesNotExist();
        status(output.toString(), "--run", "tonight").assertFailed(1, "has not ended");
        GatedFileSystem.open(gate()); // for executors that still wait
    }

    /** The first job of the run infers the input's schema. */
    @Test
    void anApplicationThatYarnEndsIsNoFaultOfTheInput() {
        List<String> options = new ArrayList<>();
        for (String setting : List.of(
                "spark.executor.extraJavaOptions=-Xss1k", // no Java starts with it
                "spark.executor.maxNumFailures=1",
                "spark.scheduler.minRegisteredResourcesRatio=0",
                "spark.yarn.maxAppAttempts=1")) {
            options.addAll(List.of("--conf", setting));
        }
        Launch.Ended ended = score("client", fewRows, output.toString(), options.toArray(String[]::new))
                .end();
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err())
                .as("%s", ended)
                .contains("Max number of executor failures (1) reached")
                .contains("sluice: error: the run failed, nothing was written: Spark was stopped during the run")
                .doesNotContain("\tat ");
        assertThat(output).doesNotExist();
    }

    @Test
    void anExecutorThatIsLargerThanItsContainerNamesTheSettingToRaise() {
        List<String> options = new ArrayList<>(GreedyFileSystem.options());
        for (String setting : List.of(
                "spark.task.maxFailures=1",
                "spark.executor.extraJavaOptions=-XX:MaxDirectMemorySize=2g " + Launch.SMALL)) {
            options.addAll(List.of("--conf", setting));
        }
        Launch.Ended ended = score("client", fewRows, "greedy:" + output, options.toArray(String[]::new))
                .end();
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err())
                .as("%s", ended)
                .containsPattern(
                        "sluice: error: the run failed, nothing was written: YARN ended an executor that used [0-9.]+ [MG]B of the 896 MB "
                                + "of physical memory of its container: raise spark.executor.memoryOverhead\n")
                .doesNotContain("\tat ");
        assertThat(output).doesNotExist();
    }
}
