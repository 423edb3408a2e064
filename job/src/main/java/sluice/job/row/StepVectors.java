package sluice.job.row;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import sluice.job.memory.TaskHeap;
import sluice.job.message.HumanText;
import sluice.job.message.RowTooLargeException;
import sluice.job.vector.VectorNumbers;

/** Reads steps of features from vectors of Spark's ML library. */
public final class StepVectors {
    /** Memory of one number of a sequence until it is scored, in bytes. */
    private static final long NUMBER_BYTES = 16;

    private StepVectors() {}

    /**
     * The numbers of one vector.
     *
     * @throws RowTooLargeException if a sparse vector has more numbers than fit into memory once they are written out
     */
    public static List<Number> flat(Object vector) throws UnreadableRow {
        List<Number> numbers = numbers(vector, "it is ");
        long bytes = NUMBER_BYTES * numbers.size();
        if (bytes > TaskHeap.bytes()) {
            throw new RowTooLargeException(String.format(
                    Locale.ROOT,
                    "a sparse vector of %,d numbers takes %s as a sequence, of the %s that a task has here; nothing was written; if each vector is one"
                            + " step, pass an array of them, or set input.group-by; otherwise leave such rows out with input.filter",
                    numbers.size(),
                    HumanText.size(bytes),
                    HumanText.size(TaskHeap.bytes())));
        }
        return numbers;
    }

    /** The numbers of each vector; null for a null. */
    public static List<List<Number>> rows(List<?> vectors) throws UnreadableRow {
        List<List<Number>> rows = new ArrayList<>(vectors.size());
        for (Object vector : vectors) {
            rows.add(
                    vector == null
                            ? null
                            : numbers(vector, String.format(Locale.ROOT, "the element at step %d is ", rows.size())));
        }
        return rows;
    }

    private static List<Number> numbers(Object vector, String where) throws UnreadableRow {
        try {
            return VectorNumbers.of(vector);
        } catch (IllegalArgumentException e) {
            throw new UnreadableRow(RowDefect.WRONG_TYPE, where + e.getMessage());
        }
    }
}
