package sluice.cell.answer;

import java.util.Arrays;
import sluice.cell.ClassChoice;
import sluice.cell.kernel.LinearRows;

/** The logits of one node's candidates, in the order in which they are given. */
final class CandidateLogits {
    private final int[] classes;
    private final float[] logits; // of these

    CandidateLogits(ClassChoice choice) {
        this.classes = choice.candidates();
        this.logits = new float[classes.length];
    }

    int count() {
        return classes.length;
    }

    /** Computes all logits. */
    void compute(LinearRows rows, float[] hidden, int offset) {
        rows.multiply(classes, hidden, offset, logits);
    }

    /** Takes the candidates' logits from a block of {@code count} classes from {@code firstClass} on. */
    void take(float[] block, int offset, int firstClass, int count) {
        for (int at = 0; at < classes.length; at++) {
            int column = classes[at] - firstClass;
            if (column >= 0 && column < count) {
                logits[at] = block[offset + column];
            }
        }
    }

    float[] logits() {
        return logits;
    }

    /** Index of each distinct candidate, in the ascending order of the classes. */
    int[] ascending() {
        long[] keys = new long[classes.length]; // class, then index
        for (int at = 0; at < keys.length; at++) {
            keys[at] = (long) classes[at] << Integer.SIZE | at;
        }
        Arrays.sort(keys);
        int[] indexes = new int[keys.length];
        int distinct = 0;
        for (int at = 0; at < keys.length; at++) {
            int index = (int) keys[at];
            if (distinct == 0 || classes[indexes[distinct - 1]] != classes[index]) {
                indexes[distinct++] = index;
            }
        }
        return Arrays.copyOf(indexes, distinct);
    }

    int classAt(int index) {
        return classes[index];
    }

    float logitAt(int index) {
        return logits[index];
    }

    /**
     * For each candidate: 1 + the number of distinct candidates with a strictly larger logit.
     *
     * @param distinct their indexes
     */
    int[] ranks(int[] distinct) {
        float[] sorted = new float[distinct.length];
        for (int at = 0; at < sorted.length; at++) {
            sorted[at] = logits[distinct[at]] + 0f; // +0 and -0 are equal, but are sorted as different numbers
        }
        Arrays.sort(sorted);
        int[] ranks = new int[classes.length];
        for (int at = 0; at < ranks.length; at++) {
            ranks[at] = 1 + sorted.length - countUpTo(sorted, logits[at]);
        }
        return ranks;
    }

    /** How many of the sorted numbers are at most this one. */
    private static int countUpTo(float[] sorted, float most) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] <= most) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
