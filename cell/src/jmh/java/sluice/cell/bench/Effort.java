package sluice.cell.bench;

import java.util.Collections;
import java.util.List;

/**
 * How long to measure.
 *
 * @param operations approximate number of operations in a pass over a workload, without shared prefixes
 * @param wholeFiles whether files are scored completely, however long that takes; larger parts share more prefixes
 * @param seconds minimum time of a measurement, which is at least one pass
 * @param begins whether the start of a JVM and two threads are measured as well
 */
record Effort(
        double operations,
        boolean wholeFiles,
        int rounds,
        double seconds,
        double warmUp,
        List<Integer> batchSizes,
        boolean begins) {
    private static final List<Integer> BATCH_SIZES = List.of(1, 8, 32, 64, 128, 256);

    /**
     * An effort by its name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Effort named(String name) {
        return switch (name) {
            case "tiny" -> new Effort(1e9, false, 1, 0.02, 0.1, List.of(8, 32), true);
            case "short" -> new Effort(6e10, false, 5, 0.5, 2, BATCH_SIZES, false);
            case "full" -> new Effort(3e11, true, 7, 2, 4, BATCH_SIZES, true);
            default -> throw new IllegalArgumentException("effort '%s': expected tiny, short or full".formatted(name));
        };
    }

    int largestBatch() {
        return Collections.max(batchSizes);
    }

    /** Duration of the trial of a batch size, in seconds. */
    double trial() {
        return seconds / 2;
    }

    /** Duration of {@link Beginning}, in seconds. */
    double beginning() {
        return Math.max(3, 2.5 * warmUp);
    }
}
