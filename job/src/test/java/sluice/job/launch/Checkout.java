package sluice.job.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** This checkout as the build has left it: the launcher, the jar, and what the launcher starts it with. */
final class Checkout {
    private static final Path ROOT =
            Path.of(System.getProperty("sluice.root", "..")).toAbsolutePath().normalize();

    private Checkout() {}

    static Path launcher() {
        return ROOT.resolve("submit/score");
    }

    static Path example(String file) {
        return ROOT.resolve("submit/example").resolve(file);
    }

    static Path root() {
        return ROOT;
    }

    /** A file of a schedule. */
    static Path schedule(String file) {
        return ROOT.resolve("submit/schedule").resolve(file);
    }

    /** A file of one of Keras' cases. */
    static Path kerasModel(String file) {
        return ROOT.resolve("cell/src/test/resources/keras/models").resolve(file);
    }

    /** A place below the build's own directory. */
    static Path target(String file) {
        return ROOT.resolve("job/target").resolve(file);
    }

    static Path jar() {
        return target("sluice.jar");
    }

    /** Spark's own jars, and nothing of ours. */
    static String sparkClassPath() {
        return text(target("spark.classpath"));
    }

    /** The flags of the virtual machine. */
    static List<String> sparkFlags() {
        return List.of(text(target("spark.options")).split("\\s+"));
    }

    static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("%s is missing: is it built?".formatted(file), e);
        }
    }
}
