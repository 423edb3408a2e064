package sluice.cell.bench;

import java.util.Collections;
import java.util.List;

/**
 * How long to measure.
 *
 * @param operations that one pass over a workload takes, about, were nothing shared
 * @param wholeFiles whether files are scored whole, whatever that takes: more of them shares more
 * @param seconds of a turn, at least; a turn is at least one pass
 * @param begins whether beginnings and two threads are measured too
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
     * @throws IllegalArgumentException where there is none
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

    /** Seconds for which each batch size is tried. */
    double trial() {
        return seconds / 2;
    }

    /** Seconds that a fresh virtual machine scores. */
    double beginning() {
        return Math.max(3, 2.5 * warmUp);
    }
}
