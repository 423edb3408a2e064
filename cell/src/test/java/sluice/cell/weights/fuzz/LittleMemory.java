package sluice.cell.weights.fuzz;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import sluice.cell.model.ModelException;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;

/** The main class of the JVM that {@link LittleMemoryTest} starts: reads files and prints the result of each. */
final class LittleMemory {
    private LittleMemory() {}

    /** @param files paths to read; prints a line for each: file name, CPU seconds, result */
    public static void main(String[] files) {
        for (String file : files) {
            Timed<String> result = Timed.reading(() -> read(Path.of(file)));
            System.out.printf(
                    Locale.ROOT, "%s\t%.3f\t%s%n", Path.of(file).getFileName(), result.seconds(), result.found());
        }
    }

    private static String read(Path file) {
        try {
            return "read: " + ModelReader.read(file, TensorNames.automatic()).format();
        } catch (ModelException e) {
            String rejected = "rejected: " + e.getMessage();
            return error(e).map(error -> "caught " + error + ": " + rejected).orElse(rejected);
        } catch (Exception | Error e) { // reported with the file name, so that the test names the file
            return "failed: " + Arrays.asList(e.toString(), e.getStackTrace());
        }
    }

    /**
     * The {@link Error} among the causes of a rejection. Memory must be limited before it runs out, so an OutOfMemoryError is
     * a failure. A StackOverflowError is allowed: the HDF5 library follows nested references recursively.
     */
    static Optional<Throwable> error(ModelException rejection) {
        return Stream.<Throwable>iterate(rejection, Objects::nonNull, Throwable::getCause)
                .filter(cause -> cause instanceof Error && !(cause instanceof StackOverflowError))
                .findFirst();
    }
}
