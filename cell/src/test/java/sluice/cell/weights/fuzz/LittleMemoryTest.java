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
 * Every {@link Bombs bomb}, and the files that others damaged, in a virtual machine of 64 MB: each is answered within a
 * second, and no error is thrown. Jazzer's inputs are read in a machine as small, by Surefire's execution little-memory.
 */
class LittleMemoryTest {
    private static final int MAX_MINUTES = 5;
    private static final Map<String, Answer> ANSWERS = new TreeMap<>();

    private record Answer(double seconds, String text) {}

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
                0, files.stream().filter(LittleMemoryTest::isSound).findFirst().orElseThrow()); // loads classes
        Path said = folder.resolve(Bombs.PART + "said");
        Process process = start(files, said);
        try {
            assertThat(process.waitFor(MAX_MINUTES, TimeUnit.MINUTES))
                    .as("done in time")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        for (String line : Files.readAllLines(said)) {
            String[] parts = line.split("\t", 3);
            ANSWERS.put(parts[0], new Answer(Double.parseDouble(parts[1]), parts[2]));
        }
        assertThat(process.exitValue()).isZero();
    }

    private static Process start(List<Path> files, Path said) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                LittleMemory.class.getName()));
        files.forEach(file -> command.add(file.toString()));
        return new ProcessBuilder(command)
                .redirectOutput(said.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static List<Path> badFiles() throws Exception {
        Path folder = Path.of(LittleMemoryTest.class.getResource("/bad-files").toURI());
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().collect(Collectors.toList());
        }
    }

    private static boolean isSound(Path file) {
        return file.getFileName().toString().contains("valid_baseline");
    }

    static Stream<String> names() throws Exception {
        Stream<String> bombs = Bombs.all().keySet().stream().filter(name -> !name.startsWith(Bombs.PART));
        return Stream.concat(badFiles().stream().map(file -> file.getFileName().toString()), bombs);
    }

    @ParameterizedTest
    @MethodSource("names")
    void isAnsweredSoonAndWithoutAnError(String name) {
        assertThat(ANSWERS).containsKey(name);
        Answer answer = ANSWERS.get(name);
        assertThat(answer.text())
                .satisfiesAnyOf(
                        text -> assertThat(text).startsWith("refused: " + name + ": "),
                        text -> assertThat(text).startsWith("read: "));
        assertThat(answer.seconds()).as(answer.text()).isLessThan(Timed.MAX_SECONDS);
    }
}
