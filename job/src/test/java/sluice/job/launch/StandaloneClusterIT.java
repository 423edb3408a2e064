package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same table on a cluster and on this machine alone, the same bits; and again while executors, workers and drivers die: each row
 * once, nothing of a dead run in sight.
 */
@Tag("launch")
class StandaloneClusterIT {
    private static final int ROWS = 600;

    /** Of the table whose run is held half-way: each a file, and so a task. */
    private static final int FEW_ROWS = 10;

    /** When something happens to a run: some tasks are done, and some are not. */
    private static final int HALF_WAY = 3;

    private static final int KILLED = 137;

    /** How the names of hidden places begin where a run writes before it shows its output. */
    private static final String STAGING = ".out.staging-";

    private static final List<String> QUICKLY =
            List.of("--conf", "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");

    @TempDir
    private static Path all;

    private static StandaloneCluster cluster;
    private static final Map<String, StandaloneCluster.Worker> WORKERS = new LinkedHashMap<>();
    private static Path table;
    private static Path fewRows;
    private static Path alone;
    private static Map<String, String> expected;
    private static Map<String, String> expectedOfFew;

    @TempDir
    private Path directory;

    private Path output;

    @BeforeAll
    static void scoreAloneAndStartTheCluster() throws IOException {
        List<String> lines =
                Files.readAllLines(Checkout.example("strings.jsonl")).subList(0, ROWS);
        table = Files.write(all.resolve("in.jsonl"), lines);
        fewRows = Files.createDirectory(all.resolve("few"));
        for (int row = 0; row < FEW_ROWS; row++) {
            Files.writeString(fewRows.resolve(String.format(Locale.ROOT, "row-%d.jsonl", row)), lines.get(row) + "\n");
        }
        alone = all.resolve("alone");
        score(all, table, alone.toString(), "--master", "local[2]").end().assertScored();
        expected = ParquetRows.bits(alone);
        assertThat(expected).hasSize(ROWS);
        expectedOfFew = new TreeMap<>(expected);
        expectedOfFew.keySet().removeIf(id -> Integer.parseInt(id.substring(1)) > FEW_ROWS);
        assertThat(expectedOfFew).hasSize(FEW_ROWS);

        cluster = new StandaloneCluster();
        startWorker("127.0.0.1");
        startWorker("127.0.0.2");
    }

    private static void startWorker(String host) throws IOException {
        WORKERS.put(host, cluster.startWorker(host));
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

    private static Launch score(Path directory, Path input, String output, String... more) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString()));
        command.addAll(Launch.smallDriver());
        command.addAll(List.of(
                "--model",
                Checkout.example("reber.safetensors").toString(),
                "--config",
                Checkout.example("reber.conf").toString(),
                "--input",
                input.toString(),
                "--emit",
                "softmax,loglik,logprob,rank,hidden",
                "--output",
                output));
        command.addAll(Arrays.asList(more));
        return Launch.start(directory, command, Map.of());
    }

    private Launch scoreOnTheCluster(Path input, List<String> how, String... more) {
        return scoreOnTheCluster(input, output.toString(), how, more);
    }

    private Launch scoreOnTheCluster(Path input, String to, List<String> how, String... more) {
        List<String> options = new ArrayList<>(List.of(
                "--master", cluster.master(),
                "--executor-memory", "512m",
                "--executor-cores", "1",
                // On a busy machine executors take a while to come, and Spark would warn.
                "--conf", "spark.starvation.timeout=5min",
                // Small splits, so that there is work for several tasks.
                "--conf", "spark.sql.files.maxPartitionBytes=8k"));
        options.addAll(how);
        options.addAll(Arrays.asList(more));
        return score(directory, input, to, options.toArray(String[]::new));
    }

    /** A run with a task for each row, and an event log, that stands still half-way until the gate opens. */
    private Launch scoreUpToTheGate(String... more) throws IOException {
        waitForTheCores();
        List<String> options = new ArrayList<>(QUICKLY);
        options.addAll(SparkEvents.options(Files.createDirectories(directory.resolve("events"))));
        options.addAll(GatedFileSystem.options(Files.createDirectories(gate()), HALF_WAY));
        options.addAll(List.of("--set", "scoring.task-seconds=0"));
        options.addAll(Arrays.asList(more));
        return scoreOnTheCluster(fewRows, "gated:" + output, options);
    }

    private Path gate() {
        return directory.resolve("gate");
    }

    private SparkEvents events() throws IOException {
        return SparkEvents.read(directory.resolve("events"));
    }

    /** Executors of runs that have ended do so a moment later. */
    private static void waitForTheCores() {
        Waiting.until(
                "executors of other runs to end",
                () -> WORKERS.values().stream()
                        .allMatch(worker -> worker.executors().isEmpty()));
    }

    /** How many tasks have committed their rows to what is not published yet. */
    private int tasksDone() {
        return list(output.getParent(), name -> name.startsWith(STAGING))
                .flatMap(staging -> list(staging.resolve("_temporary/0"), name -> name.startsWith("task_")))
                .toList()
                .size();
    }

    /** What is there now, while others may write and delete. */
    private static Stream<Path> list(Path folder, Predicate<String> names) {
        String[] found = Objects.requireNonNullElse(folder.toFile().list(), new String[0]);
        return Arrays.stream(found).filter(names).map(folder::resolve);
    }

    /** Some tasks have committed, and each executor waits at the gate with another. */
    private boolean isHalfWay() throws IOException {
        return tasksDone() == HALF_WAY && GatedFileSystem.arrived(gate()) == HALF_WAY + WORKERS.size();
    }

    private static ProcessHandle executorOf(String host) {
        List<ProcessHandle> executors = WORKERS.get(host).executors();
        assertThat(executors).as("executors at %s", host).hasSize(1);
        return executors.get(0);
    }

    /** Each row once, with the bits that it has on one machine; and nothing beside the table. */
    private void assertEachRowOnce() throws IOException {
        assertThat(ParquetRows.bits(output)).isEqualTo(expectedOfFew);
        assertThat(output.getParent()).isDirectoryNotContaining(file -> !file.equals(output));
    }

    @Test
    void aClusterGivesTheSameBitsFromTheThinJarAlone() throws IOException {
        waitForTheCores();
        Path metrics = Files.createDirectory(directory.resolve("metrics"));
        scoreOnTheCluster(
                        table,
                        QUICKLY,
                        "--conf",
                        "spark.plugins=sluice.job.report.MetricsPlugin",
                        "--conf",
                        "spark.metrics.namespace=sluice",
                        "--conf",
                        "spark.metrics.conf.*.sink.csv.class=org.apache.spark.metrics.sink.CsvSink",
                        "--conf",
                        "spark.metrics.conf.*.sink.csv.directory=" + metrics,
                        "--conf",
                        "spark.metrics.conf.*.sink.csv.period=1")
                .end()
                .assertScored();
        assertThat(ParquetRows.files(output)).as("more than one task").hasSizeGreaterThan(2);
        assertThat(ParquetRows.bits(output)).isEqualTo(expected);
        assertExecutorsFetchedTheJar();
        assertThat(lastOf(metrics.resolve("sluice.driver.plugin.sluice.job.report.MetricsPlugin.rows.csv")))
                .as("the executors have told the driver of their rows")
                .isEqualTo(ROWS);
        // Their last values may be missing: a Worker ends an executor while it writes them.
        assertThat(metrics.toFile().list())
                .as("the executors had the plugin when they started, from the driver's jar alone")
                .anyMatch(name ->
                        name.matches("sluice\\.\\d+\\.plugin\\.sluice\\.job\\.report\\.MetricsPlugin\\.rows\\.csv"));
    }

    /** What Spark has written last of a counter. */
    private static long lastOf(Path metric) throws IOException {
        List<String> lines = Files.readAllLines(metric);
        return Long.parseLong(lines.get(lines.size() - 1).split(",", -1)[1]);
    }

    /** The Workers' class path has nothing of ours, so what the executors ran came from the driver. */
    private static void assertExecutorsFetchedTheJar() throws IOException {
        try (Stream<Path> files = Files.walk(cluster.work())) {
            assertThat(files.filter(file -> file.getFileName().toString().equals("sluice.jar")))
                    .isNotEmpty();
        }
    }

    @Tag("slow")
    @Test
    void anExecutorIsKilledHalfWay() throws IOException {
        Launch launch = scoreUpToTheGate();
        launch.waitUntil("half of the tasks", this::isHalfWay);
        executorOf("127.0.0.1").destroyForcibly();
        GatedFileSystem.open(gate());

        Launch.Ended ended = launch.end();
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        assertThat(events().tasks("ExecutorLostFailure"))
                .as("a task died with its executor")
                .isEqualTo(1);
        assertEachRowOnce();
    }

    @Tag("slow")
    @Test
    void aWorkerIsLostHalfWay() throws IOException {
        Launch launch = scoreUpToTheGate();
        launch.waitUntil("half of the tasks", this::isHalfWay);
        WORKERS.get("127.0.0.2").lose();
        GatedFileSystem.open(gate());
        try {
            Launch.Ended ended = launch.end();
            assertThat(ended.exitCode()).as("%s", ended).isZero();
            assertThat(events().tasks("ExecutorLostFailure"))
                    .as("a task died with its machine")
                    .isEqualTo(1);
            assertEachRowOnce();
        } finally {
            startWorker("127.0.0.2");
        }
    }

    /** It stands still with a task in its hands; the other executor does it a second time. */
    @Tag("slow")
    @Test
    void anExecutorThatStandsStillIsOvertaken() throws Exception {
        Launch launch = scoreUpToTheGate(
                "--conf", "spark.speculation=true",
                "--conf", "spark.speculation.interval=100ms",
                "--conf", "spark.speculation.quantile=0.5",
                "--conf", "spark.speculation.multiplier=1.5",
                // Longer than the run, so that its executor isn't given up as lost.
                "--conf", "spark.network.timeout=10min");
        launch.waitUntil("half of the tasks", this::isHalfWay);
        ProcessHandle straggler = executorOf("127.0.0.1");
        signal("STOP", straggler);
        GatedFileSystem.open(gate());
        Map<String, String> published;
        try {
            Launch.Ended ended = launch.end();
            assertThat(ended.exitCode()).as("%s", ended).isZero();
            assertThat(events().overtaken())
                    .as("second copies that were done first")
                    .isPositive();
            published = files();
            assertEachRowOnce();
        } finally {
            signal("CONT", straggler);
            waitForTheCores();
        }
        assertShownAndUnchanged(published);
    }

    /**
     * An executor that wakes up when its run is over may still make files, and their directories, where it was told to write, before it
     * learns that nobody waits for them. That place is hidden, and the next run names it; the table stays as it is.
     */
    private void assertShownAndUnchanged(Map<String, String> published) throws IOException {
        Map<String, String> now = files();
        now.keySet().removeIf(file -> isStaged(output.getParent().relativize(Path.of(file))));
        assertThat(now).as("when the straggler has woken and gone").isEqualTo(published);
        assertThat(ParquetRows.bits(output)).isEqualTo(expectedOfFew);
        assertThat(output.getParent())
                .isDirectoryNotContaining(file ->
                        !file.equals(output) && !isStaged(output.getParent().relativize(file)));
    }

    private static boolean isStaged(Path beside) {
        return beside.getName(0).toString().startsWith(STAGING);
    }

    private static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start();
        assertThat(kill.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }

    /** All files of the output, hidden ones too, by their size and time. */
    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(output.getParent())) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(file.toString(), Files.size(file) + " " + Files.getLastModifiedTime(file));
            }
        }
        return files;
    }

    @Tag("slow")
    @Test
    void aDriverIsKilledWhileItScoresAndBeforeItCommitsAndStartedAgain() throws IOException {
        copy(alone, output);
        Map<String, String> before = files();

        scoreUpToTheGate("--mode", "overwrite").killWhen("half of the tasks", this::isHalfWay);
        waitForTheCores(); // executors whose driver is gone end by themselves
        assertOldTable(before);

        // All tasks are done and have committed, and the run dies when it begins to draft its journal.
        Launch.Ended halted = scoreOnTheCluster(
                        fewRows,
                        "killing:" + output,
                        QUICKLY,
                        "--mode",
                        "overwrite",
                        "--driver-class-path",
                        Checkout.target("test-classes").toString(),
                        "--conf",
                        "spark.executor.extraClassPath=" + Checkout.target("test-classes"),
                        "--conf",
                        "spark.hadoop.fs.killing.impl=sluice.job.fixture.KillingFileSystem",
                        "--conf",
                        "spark.hadoop.sluice.test.halt-at=1")
                .end();
        assertThat(halted.exitCode()).as("%s", halted).isEqualTo(KILLED);
        assertOldTable(before);
        assertThat(stagings()).as("what two dead runs left").hasSize(2);

        waitForTheCores();
        Launch.Ended ended =
                scoreOnTheCluster(fewRows, QUICKLY, "--mode", "overwrite").end();
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        assertThat(ended.err())
                .contains("staging directories of other runs lie beside it, [")
                .contains(stagings());
        assertThat(ParquetRows.bits(output)).isEqualTo(expectedOfFew);
        assertThat(list(output.getParent(), name -> !name.startsWith(".")))
                .as("what a reader sees")
                .containsExactly(output);
    }

    private List<String> stagings() {
        return list(output.getParent(), name -> name.startsWith(STAGING))
                .map(staging -> staging.getFileName().toString())
                .sorted()
                .toList();
    }

    private void assertOldTable(Map<String, String> before) throws IOException {
        assertThat(files()).containsAllEntriesOf(before);
        assertThat(ParquetRows.bits(output)).isEqualTo(expected);
        assertThat(list(output.getParent(), name -> !name.startsWith(".")))
                .as("what a reader sees")
                .containsExactly(output);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
    }

    /** Spark adds the module itself, so it takes a Java that leaves it away. */
    @Tag("slow")
    @Test
    void executorsWithoutTheVectorModuleSaySoOnceAndGiveTheSameBits() throws IOException {
        waitForTheCores();
        Path home = directory.resolve("java");
        Path java = Files.createDirectories(home.resolve("bin")).resolve("java");
        Files.writeString(java, """
                #!/usr/bin/env bash
                options=()
                for option; do
                  [ "$option" = --add-modules=jdk.incubator.vector ] || options+=("$option")
                done
                exec '%s' "${options[@]}"
                """.formatted(Checkout.java()));
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        scoreOnTheCluster(table, QUICKLY, "--conf", "spark.executorEnv.JAVA_HOME=" + home)
                .end()
                .assertScored();
        assertThat(ParquetRows.bits(output)).isEqualTo(expected);
        List<List<String>> said = kernelsOfExecutors();
        assertThat(said).as("what executors say of their kernels").isNotEmpty();
        assertThat(said)
                .allSatisfy(
                        lines -> assertThat(lines)
                                .singleElement()
                                .asString()
                                .contains(
                                        " WARN CompiledModel: kernel scalar (the module jdk.incubator.vector is not loaded; "
                                                + "--add-modules=jdk.incubator.vector makes it several times faster, with the same bits)"));
    }

    /** Of each executor of the run that has scored: what it said of its kernel. */
    private List<List<String>> kernelsOfExecutors() throws IOException {
        File report = output.resolve("_sluice/report.json").toFile();
        String application =
                new ObjectMapper().readTree(report).path("application").textValue();
        List<List<String>> said = new ArrayList<>();
        try (Stream<Path> files = Files.walk(cluster.work())) {
            for (Path log : files.filter(file -> file.endsWith("stderr"))
                    .filter(file -> file.toString().contains(application))
                    .toList()) {
                List<String> lines = Files.readAllLines(log).stream()
                        .filter(line -> line.contains(" CompiledModel: "))
                        .toList();
                if (!lines.isEmpty()) {
                    said.add(lines);
                }
            }
        }
        return said;
    }

    /** The submitting process can't know how a driver ended that runs on the cluster; the report does. */
    @Tag("slow")
    @Test
    void aDriverOnTheClusterLeavesItsExitCodeInItsReport() throws IOException {
        waitForTheCores();
        Path report = directory.resolve("report.json");
        Path bad = Files.writeString(directory.resolve("bad.jsonl"), "{\"id\":\"bad\",\"text\":\"BTQ\"}\n");
        Launch.Ended submitted = scoreOnTheCluster(
                        bad,
                        QUICKLY,
                        "--deploy-mode",
                        "cluster",
                        "--conf",
                        "spark.standalone.submit.waitAppCompletion=true",
                        "--report",
                        report.toString(),
                        "--run",
                        "tonight")
                .end();
        assertThat(submitted.exitCode()).as("%s", submitted).isZero();
        Launch.local(directory, "--status", report.toString(), "--run", "tonight")
                .end()
                .assertFailed(3, "row id=bad", "'Q' at step 2");
        assertThat(output.getParent())
                .as("the note of the named run alone")
                .isDirectoryContaining(file -> file.getFileName().toString().equals(".out.runs"))
                .isDirectoryNotContaining(file -> !file.getFileName().toString().equals(".out.runs"));
    }
}
