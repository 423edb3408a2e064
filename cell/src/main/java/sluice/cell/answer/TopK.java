package sluice.cell.answer;

/** The few largest logits of a stream of them, kept in order: best first, on a tie the lower index first. */
final class TopK {
    private final int[] classes;
    private final float[] logits;
    private int count;

    /** @param k how many are kept */
    TopK(int k) {
        classes = new int[k];
        logits = new float[k];
    }

    void clear() {
        count = 0;
    }

    /** Whether a logit as large as this would still find a place. */
    boolean wants(float logit) {
        return count < logits.length || logit > logits[count - 1];
    }

    /** The next class; classes come in the order of their indexes. */
    void add(int index, float logit) {
        if (!wants(logit)) {
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

    int[] classes() {
        return classes.clone();
    }

    float logit(int place) {
        return logits[place];
    }
}
