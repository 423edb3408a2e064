package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A driver and an executor on a Java that damages data are refused. The Java of the tests runs, with its own class of version numbers
 * replaced by one that says 25.0.1.
 */
@Tag("launch")
class UnsafeJavaIT {
    private static final String UNSAFE = "25.0.1";

    @TempDir
    private static Path patch;

    @TempDir
    private Path directory;

    @BeforeAll
    static void changeTheVersion() throws IOException {
        String name = "java/lang/VersionProps.class";
        String own = Runtime.version().version().stream().map(String::valueOf).reduce((a, b) -> a + "." + b).orElseThrow();
        try (InputStream file = Object.class.getResourceAsStream("/" + name)) {
            String original = new String(file.readAllBytes(), StandardCharsets.ISO_8859_1); // each byte a character
            String changed = original.replace(constant(own), constant(UNSAFE));
            assertThat(changed).isNotEqualTo(original);
            Files.createDirectories(patch.resolve(name).getParent());
            Files.write(patch.resolve(name), changed.getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    /** A text as it stands in the constants of a class: tag, length, bytes. */
    private static String constant(String text) {
        return "\u0001\u0000" + (char) text.length() + text;
    }

    private static String onUnsafeJava(String collector) {
        return "%s --patch-module=java.base=%s -XX:TieredStopAtLevel=1".formatted(collector, patch);
    }

    private Launch score(List<String> how) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--driver-memory", "512m"));
        command.addAll(how);
        command.addAll(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--config", Checkout.example("reber.conf").toString(),
                "--input", Checkout.example("strings.jsonl").toString(),
                "--output", "out"));
        return Launch.start(directory, command, Map.of());
    }

    @Test
    void aDriverIsRefusedBeforeAnythingRuns() {
        score(List.of("--master", "local[2]", "--driver-java-options", onUnsafeJava("-XX:+UseG1GC")))
                .end()
                .assertFailed(
                        2,
                        "Java " + UNSAFE,
                        "with the G1 collector can damage arrays that native code uses",
                        "pass --driver-java-options -XX:+UseParallelGC");
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @Test
    void anotherCollectorIsNotRefused() {
        score(List.of("--master", "local[2]", "--driver-java-options", onUnsafeJava("-XX:+UseParallelGC"), "--dry-run"))
                .end()
                .assertScored();
    }

    @Test
    void anExecutorIsRefusedByItsFirstTask() throws IOException {
        try (StandaloneCluster cluster = new StandaloneCluster()) {
            cluster.startWorker("127.0.0.1");
            List<String> how = new ArrayList<>(Arrays.asList(
                    "--master", cluster.master(),
                    "--executor-memory", "512m",
                    "--driver-java-options", Launch.SMALL,
                    "--conf", "spark.starvation.timeout=5min",
                    "--conf", "spark.executor.extraJavaOptions=" + onUnsafeJava("-XX:+UseG1GC")));
            score(how)
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
