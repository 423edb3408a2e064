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

/** The program of {@link LittleMemoryTest}'s virtual machine: reads files, and prints how each was answered. */
final class LittleMemory {
    private LittleMemory() {}

    /** @param files to read; of each a line is printed: its name, the processor's seconds, and the answer */
    public static void main(String[] files) {
        for (String file : files) {
            Timed<String> answer = Timed.reading(() -> answer(Path.of(file)));
            System.out.printf(
                    Locale.ROOT, "%s\t%.3f\t%s%n", Path.of(file).getFileName(), answer.seconds(), answer.found());
        }
    }

    private static String answer(Path file) {
        try {
            return "read: " + ModelReader.read(file, TensorNames.automatic()).format();
        } catch (ModelException e) {
            String refused = "refused: " + e.getMessage();
            return error(e).map(error -> "caught " + error + ": " + refused).orElse(refused);
        } catch (Exception | Error e) { // whatever it is, the test is to say of which file
            return "failed: " + Arrays.asList(e.toString(), e.getStackTrace());
        }
    }

    /**
     * The error among the causes of a refusal: memory is to be bounded, not to run out. Only HDF5's library may run out of stack, which it
     * does where a file leads it from one place to the next, and which is always there again.
     */
    static Optional<Throwable> error(ModelException refusal) {
        return Stream.<Throwable>iterate(refusal, Objects::nonNull, Throwable::getCause)
                .filter(cause -> cause instanceof Error && !(cause instanceof StackOverflowError))
                .findFirst();
    }
}
