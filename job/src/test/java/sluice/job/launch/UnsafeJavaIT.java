package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A driver and an executor on a Java that damages data are refused. A later Java 25 runs, whose own class of version numbers is replaced
 * by one that says 25.0.1.
 */
@Tag("launch")
class UnsafeJavaIT {
    private static final String UNSAFE = "25.0.1";

    private static final int FEATURE = 25;

    @TempDir
    private static Path patch;

    private static Jdk jdk;

    @TempDir
    private Path directory;

    @BeforeAll
    static void changeTheVersion() throws IOException {
        Optional<Jdk> other = Jdk.other().filter(one -> one.version() == FEATURE);
        assumeTrue(
                other.isPresent(),
                "no JDK 25 beside the one that runs the tests: -Dother.jdk=/path/to/its/home names one");
        jdk = other.get();
        try (FileSystem classes = FileSystems.newFileSystem(
                URI.create("jrt:/"), Map.of("java.home", jdk.home().toString()))) {
            byte[] original =
                    Files.readAllBytes(classes.getPath("modules", "java.base", "java", "lang", "VersionProps.class"));
            String text = new String(original, StandardCharsets.ISO_8859_1); // each byte a character
            assertThat(text).contains(constant(jdk.text()));
            Path changed = patch.resolve("java/lang/VersionProps.class");
            Files.createDirectories(changed.getParent());
            Files.write(
                    changed,
                    text.replace(constant(jdk.text()), constant(UNSAFE)).getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    /** A text as it stands in the constants of a class: tag, length, bytes. */
    private static String constant(String text) {
        return "\u0001\u0000" + (char) text.length() + text;
    }

    private static String unsafe(String collector) {
        return "%s --patch-module=java.base=%s -XX:TieredStopAtLevel=1".formatted(collector, patch);
    }

    private Launch score(Map<String, String> environment, List<String> how) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--driver-memory", "512m"));
        command.addAll(how);
        command.addAll(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--config", Checkout.example("reber.conf").toString(),
                "--input", Checkout.example("strings.jsonl").toString(),
                "--output", "out"));
        return Launch.start(directory, command, environment);
    }

    private Launch scoreHere(String collector) {
        return score(
                Map.of("JAVA_HOME", jdk.home().toString()),
                List.of("--master", "local[2]", "--driver-java-options", unsafe(collector)));
    }

    @Test
    void aDriverIsRefusedBeforeAnythingRuns() {
        scoreHere("-XX:+UseG1GC")
                .end()
                .assertFailed(
                        2,
                        "Java " + UNSAFE,
                        "with the G1 collector can damage arrays that native code uses",
                        "pass --driver-java-options -XX:+UseParallelGC");
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @Tag("slow")
    @Test
    void anotherCollectorIsNotRefused() {
        scoreHere("-XX:+UseParallelGC").end().assertScored();
        assertThat(directory.resolve("out")).exists();
    }

    /** The driver runs on the Java of the tests, and one executor on the other. */
    @Tag("slow")
    @Test
    void anExecutorIsRefusedByItsFirstTask() throws IOException {
        try (StandaloneCluster cluster = new StandaloneCluster()) {
            cluster.startWorker("127.0.0.1");
            score(
                            Map.of(),
                            List.of(
                                    "--master",
                                    cluster.master(),
                                    "--executor-memory",
                                    "512m",
                                    "--driver-java-options",
                                    Launch.SMALL,
                                    "--conf",
                                    "spark.starvation.timeout=5min",
                                    "--conf",
                                    "spark.executorEnv.JAVA_HOME=" + jdk.home(),
                                    "--conf",
                                    "spark.executor.extraJavaOptions=" + unsafe("-XX:+UseG1GC")))
                    .end()
                    .assertFailed(
                            2,
                            "on an executor: Java " + UNSAFE,
                            "nothing was written",
                            "spark.executor.extraJavaOptions=-XX:+UseParallelGC");
        }
        assertThat(directory.resolve("out")).doesNotExist();
    }
}
