package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example on two versions of Java: the same bits. */
@Tag("launch")
@Tag("slow")
class OtherJavaIT {
    private static final Pattern VERSION = Pattern.compile("(?m)^JAVA_VERSION=\"(\\d+)");

    @TempDir
    private Path directory;

    /** An installation of Java. */
    private record Jdk(Path home, int version) {
        /** Empty where there is none. */
        static Optional<Jdk> at(Path home) {
            Path release = home.resolve("release");
            if (!Files.isExecutable(home.resolve("bin/java")) || !Files.isReadable(release)) {
                return Optional.empty();
            }
            try {
                Matcher version = VERSION.matcher(Files.readString(release));
                return version.find()
                        ? Optional.of(new Jdk(home, Integer.parseInt(version.group(1))))
                        : Optional.empty();
            } catch (IOException e) {
                return Optional.empty(); // not one that can be run
            }
        }
    }

    /** The newest beside the one that runs the tests, or the one that was asked for. */
    private static Optional<Jdk> other() throws IOException {
        String asked = System.getProperty("sluice.other-jdk", "");
        if (!asked.isBlank()) {
            return Jdk.at(Path.of(asked));
        }
        try (Stream<Path> homes =
                Files.list(Path.of(System.getProperty("java.home")).toRealPath().getParent())) {
            return homes.flatMap(home -> Jdk.at(home).stream())
                    .filter(jdk -> jdk.version() >= 17)
                    .filter(jdk -> jdk.version() != Runtime.version().feature())
                    .max(Comparator.comparingInt(Jdk::version));
        }
    }

    @Test
    void theSameBitsOnAnotherJava() throws IOException {
        Optional<Jdk> other = other();
        assumeTrue(
                other.isPresent(),
                "no second JDK, 17 or later, beside the one that runs the tests: -Dother.jdk=/path/to/its/home names one");
        score("own", Map.of());
        score("other", Map.of("JAVA_HOME", other.get().home().toString()));
        assertThat(ParquetRows.bits(directory.resolve("other")))
                .as(
                        "on Java %d and %d",
                        Runtime.version().feature(), other.get().version())
                .hasSize(1_200)
                .isEqualTo(ParquetRows.bits(directory.resolve("own")));
    }

    private void score(String output, Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--master", "local[2]"));
        command.addAll(Launch.smallDriver());
        command.addAll(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--config", Checkout.example("reber.conf").toString(),
                "--input", Checkout.example("strings.jsonl").toString(),
                "--emit", "softmax,loglik,logprob,rank,hidden",
                "--output", output));
        Launch.start(directory, command, environment).end().assertScored();
    }
}
