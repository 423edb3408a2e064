package sluice.cell.weights.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Reads every {@link Bombs bomb} and the damaged files in a JVM with a heap of 64 MB. Each is read or rejected within a
 * second, without an {@link Error}. The Surefire execution little-memory reads Jazzer's inputs with the same heap.
 */
class LittleMemoryTest {
    private static final int MAX_MINUTES = 5;
    private static final Map<String, Result> RESULTS = new TreeMap<>();

    private record Result(double seconds, String text) {}

    @BeforeAll
    static void readAll(@TempDir Path folder) throws Exception {
        List<Path> files = new ArrayList<>(badFiles());
        for (Map.Entry<String, Supplier<byte[]>> bomb : Bombs.all().entrySet()) {
            Path file = folder.resolve(bomb.getKey());
            Files.write(file, bomb.getValue().get());
            if (!bomb.getKey().startsWith(Bombs.PART)) {
                files.add(file);
            }
        }
        files.add(
                0,
                files.stream().filter(LittleMemoryTest::isValid).findFirst().orElseThrow()); // loads the classes first
        Path output = folder.resolve(Bombs.PART + "output");
        Process process = start(files, output);
        try {
            assertThat(process.waitFor(MAX_MINUTES, TimeUnit.MINUTES))
                    .as("finished within %d minutes", MAX_MINUTES)
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        for (String line : Files.readAllLines(output)) {
            String[] parts = line.split("\t", 3);
            RESULTS.put(parts[0], new Result(Double.parseDouble(parts[1]), parts[2]));
        }
        assertThat(process.exitValue()).isZero();
    }

    private static Process start(List<Path> files, Path output) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                LittleMemory.class.getName()));
        files.forEach(file -> command.add(file.toString()));
        return new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static List<Path> badFiles() throws Exception {
        Path folder = Path.of(LittleMemoryTest.class.getResource("/bad-files").toURI());
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().collect(Collectors.toList());
        }
    }

    private static boolean isValid(Path file) {
        return file.getFileName().toString().contains("valid_baseline");
    }

    static Stream<String> names() throws Exception {
        Stream<String> bombs = Bombs.all().keySet().stream().filter(name -> !name.startsWith(Bombs.PART));
        return Stream.concat(badFiles().stream().map(file -> file.getFileName().toString()), bombs);
    }

    @ParameterizedTest
    @MethodSource("names")
    void isReadOrRejectedInTimeAndWithoutAnError(String name) {
        assertThat(RESULTS).containsKey(name);
        Result result = RESULTS.get(name);
        assertThat(result.text())
                .satisfiesAnyOf(
                        text -> assertThat(text).startsWith("rejected: " + name + ": "),
                        text -> assertThat(text).startsWith("read: "));
        assertThat(result.seconds()).as(result.text()).isLessThan(Timed.MAX_SECONDS);
    }
}
