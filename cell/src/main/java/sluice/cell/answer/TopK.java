package sluice.cell.answer;

import java.util.Arrays;

/** The k largest logits of those added, in descending order; on a tie the lower class index comes first. */
final class TopK {
    private final int[] classes;
    private final float[] logits;
    private int count;

    /** @param k number of classes to keep */
    TopK(int k) {
        classes = new int[k];
        logits = new float[k];
    }

    void clear() {
        count = 0;
    }

    /** Whether a logit of this value would be kept. */
    boolean accepts(float logit) {
        return count < logits.length || logit > logits[count - 1];
    }

    /** Adds a class. Classes must be added in ascending order of their indexes. */
    void add(int index, float logit) {
        if (!accepts(logit)) {
            return;
        }
        int at = count < logits.length ? count++ : count - 1;
        while (at > 0 && logits[at - 1] < logit) {
            logits[at] = logits[at - 1];
            classes[at] = classes[at - 1];
            at--;
        }
        logits[at] = logit;
        classes[at] = index;
    }

    /** At most k, the best first. */
    int[] classes() {
        return Arrays.copyOf(classes, count);
    }

    float logit(int place) {
        return logits[place];
    }
}
