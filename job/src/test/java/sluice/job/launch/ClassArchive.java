package sluice.job.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/**
 * Spark's classes as a virtual machine of {@code submit/score} had them in its memory: the next one maps them instead of reading them
 * from jars. Java looks at the class path itself, and does without the archive where another jar stands in it.
 */
final class ClassArchive {
    private static ClassArchive spark;

    private final Path file;

    private ClassArchive(Path file) {
        this.file = file;
    }

    /** The archive below the build's directory, made by the first launch that asks. */
    static synchronized ClassArchive ofSpark() {
        if (spark == null) {
            try {
                Path file = Checkout.target("spark.jsa");
                if (!Files.exists(file) || isOlder(file, Checkout.target("spark.classpath"))) {
                    make(file);
                }
                spark = new ClassArchive(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return spark;
    }

    private static boolean isOlder(Path file, Path other) throws IOException {
        return Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(other)) < 0;
    }

    /** Scores the example, which loads most of what any run loads. */
    private static void make(Path file) throws IOException {
        Path directory = Files.createTempDirectory(Checkout.target("."), "spark-jsa");
        Path draft = directory.resolve("draft.jsa");
        List<String> command = List.of(
                Checkout.launcher().toString(),
                "--master",
                "local[2]",
                "--driver-memory",
                "512m",
                "--driver-java-options",
                "%s -XX:ArchiveClassesAtExit=%s -Xlog:cds*=off".formatted(Launch.SMALL, draft),
                "--model",
                Checkout.example("reber.safetensors").toString(),
                "--config",
                Checkout.example("reber.conf").toString(),
                "--input",
                Checkout.example("strings.jsonl").toString(),
                "--show",
                "1",
                "--output",
                "out");
        Launch.start(directory, command, Map.of()).end().assertScored();
        Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The flags that use it, and say nothing where it doesn't fit. The launcher parts flags at spaces, so none may be in its path. */
    List<String> flags() {
        return file.toString().contains(" ") ? List.of() : List.of("-XX:SharedArchiveFile=" + file, "-Xlog:cds*=off");
    }
}
