package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of classes that {@code submit/score} makes beside its jar, once, for later runs. */
@Tag("launch")
@Tag("slow")
class ClassArchiveIT {
    private static final String CREATING = "sluice: creating ";

    @TempDir
    private Path directory;

    private Path jar;

    @BeforeEach
    void copyTheJar() throws IOException {
        jar = Files.copy(
                Checkout.jar(),
                Files.createDirectory(directory.resolve("place")).resolve("scoring.jar"));
    }

    private Launch.Ended score(String output, Map<String, String> environment, String... options) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--driver-memory", "512m"));
        command.addAll(Arrays.asList(options));
        command.addAll(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--config", Checkout.example("reber.conf").toString(),
                "--input", Checkout.example("strings.jsonl").toString(),
                "--output", output));
        return Launch.start(directory, command, environment).end().assertScored();
    }

    /** The files beside the jar. */
    private List<Path> archives() throws IOException {
        try (Stream<Path> files = Files.list(jar.getParent())) {
            return files.filter(file -> !file.equals(jar)).toList();
        }
    }

    private String sourceOfMain(String output) throws IOException {
        Path log = directory.resolve(output + ".log");
        // Log files have no spaces in their names here, because a space ends an option of Java.
        String options = "-Xlog:class+load:file=" + output + ".log " + Launch.SMALL;
        score(output, Map.of("SLUICE_JAR", jar.toString()), "--driver-java-options", options);
        return Files.readAllLines(log).stream()
                .filter(line -> line.contains(" sluice.job.Main source: "))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theFirstRunMakesAnArchiveAndLaterRunsMapItAndWriteTheSameBits() throws IOException {
        Launch.Ended first = score("first", Map.of("SLUICE_JAR", jar.toString()), "--driver-class-path", "/none");
        assertThat(first.err()).doesNotContain(CREATING);
        assertThat(archives())
                .as("other jars come first, so no archive would fit")
                .isEmpty();

        Launch.Ended second = score("second", Map.of("SLUICE_JAR", jar.toString()));
        assertThat(archives()).hasSize(1).allMatch(file -> file.toFile().length() > 0);
        assertThat(second.err()).contains(CREATING + archives().get(0));
        assertThat(sourceOfMain("third")).contains("shared objects file");
        Map<String, String> bits = ParquetRows.bits(directory.resolve("first"));
        for (String output : List.of("second", "third")) {
            assertThat(ParquetRows.bits(directory.resolve(output))).isEqualTo(bits);
        }
    }

    @Test
    void aJavaThatCannotMakeOneIsAskedOnce() throws IOException {
        Path bin = Files.createDirectories(directory.resolve("java home/bin"));
        Path java = Files.writeString(bin.resolve("java"), """
                #!/bin/sh
                case "$*" in *ArchiveClassesAtExit*|*AOTCacheOutput*) exit 1 ;; esac
                exec '%s' "$@"
                """.formatted(Checkout.java()));
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        Map<String, String> environment = Map.of(
                "SLUICE_JAR", jar.toString(), "JAVA_HOME", bin.getParent().toString());
        assertThat(score("first", environment).err()).contains(CREATING, "sluice: warning: ");
        assertThat(archives()).hasSize(1).allMatch(file -> file.toFile().length() == 0);
        assertThat(score("second", environment).err()).doesNotContain(CREATING, "sluice: warning: ");
    }
}
