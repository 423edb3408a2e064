package sluice.cell.answer;

import java.util.Arrays;
import sluice.cell.ClassChoice;
import sluice.cell.kernel.LinearRows;

/** The logits of one node's candidates. */
final class CandidateLogits {
    private final int[] order; // the candidates as given
    private final int[] classes; // in ascending order, each once
    private final float[] logits; // of these
    private int taken;

    CandidateLogits(ClassChoice choice) {
        this.order = choice.candidates();
        this.classes = choice.distinctCandidates();
        this.logits = new float[classes.length];
    }

    /** Number of distinct candidates. */
    int count() {
        return classes.length;
    }

    /** The class at this place of the ascending order. */
    int classAt(int at) {
        return classes[at];
    }

    float logitAt(int at) {
        return logits[at];
    }

    /** Computes all logits. */
    void compute(LinearRows rows, float[] hidden, int offset) {
        rows.multiply(classes, hidden, offset, logits);
    }

    /** Takes the candidates' logits from a block of {@code count} classes from {@code firstClass} on; blocks come in order. */
    void take(float[] block, int offset, int firstClass, int count) {
        for (; taken < classes.length && classes[taken] < firstClass + count; taken++) {
            logits[taken] = block[offset + classes[taken] - firstClass];
        }
    }

    /** The logits in the order of the candidates as given; a new array. */
    float[] inOrder() {
        float[] values = new float[order.length];
        for (int at = 0; at < values.length; at++) {
            values[at] = logits[Arrays.binarySearch(classes, order[at])];
        }
        return values;
    }

    /** 1 + the number of distinct candidates with a strictly larger logit, in the order of the candidates as given. */
    int[] ranks() {
        float[] sorted = new float[logits.length];
        for (int at = 0; at < sorted.length; at++) {
            sorted[at] = logits[at] + 0f; // +0 and -0 are equal, but are sorted as different numbers
        }
        Arrays.sort(sorted);
        int[] ranks = new int[order.length];
        for (int at = 0; at < ranks.length; at++) {
            float logit = logits[Arrays.binarySearch(classes, order[at])];
            ranks[at] = 1 + sorted.length - countUpTo(sorted, logit);
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
