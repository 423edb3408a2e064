package sluice.job.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An installation of Java.
 *
 * @param version the number of its feature release, such as 17
 * @param text its whole number, such as 17.0.15
 */
record Jdk(Path home, int version, String text) {
    private static final Pattern VERSION = Pattern.compile("(?m)^JAVA_VERSION=\"((\\d+)[.\\d]*)");

    /** Empty where there is none. */
    private static Optional<Jdk> at(Path home) {
        Path release = home.resolve("release");
        if (!Files.isExecutable(home.resolve("bin/java")) || !Files.isReadable(release)) {
            return Optional.empty();
        }
        try {
            Matcher version = VERSION.matcher(Files.readString(release));
            return version.find()
                    ? Optional.of(new Jdk(home, Integer.parseInt(version.group(2)), version.group(1)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // not one that can be run
        }
    }

    /** The newest beside the one that runs the tests, or the one that was asked for. */
    static Optional<Jdk> other() throws IOException {
        String asked = System.getProperty("sluice.other-jdk", "");
        if (!asked.isBlank()) {
            return at(Path.of(asked));
        }
        try (Stream<Path> homes =
                Files.list(Path.of(System.getProperty("java.home")).toRealPath().getParent())) {
            return homes.flatMap(home -> at(home).stream())
                    .filter(jdk -> jdk.version() >= 17)
                    .filter(jdk -> jdk.version() != Runtime.version().feature())
                    .max(Comparator.comparingInt(Jdk::version));
        }
    }
}
