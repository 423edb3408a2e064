package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;

/**
 * The classes that the answer to one sequence is about, where it is not about all: candidates, excluded classes, or both. Immutable.
 *
 * <p>Candidates replace all classes in softmax, logits, sigmoid and rank, in the given order, and limit top-k and prediction. Excluded
 * classes are left out of top-k and prediction only.
 */
public final class ClassChoice implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int[] NONE = {};

    /** All classes. */
    public static final ClassChoice ALL = new ClassChoice(null, NONE);

    private final int[] candidates; // in the given order; null: all classes
    private final int[] excluded; // in ascending order, each once

    private ClassChoice(int[] candidates, int[] excluded) {
        this.candidates = candidates;
        this.excluded = excluded;
    }

    private static int[] ascending(int[] classes) {
        int[] sorted = classes.clone();
        Arrays.sort(sorted);
        int distinct = 0;
        for (int at = 0; at < sorted.length; at++) {
            if (distinct == 0 || sorted[distinct - 1] != sorted[at]) {
                sorted[distinct++] = sorted[at];
            }
        }
        return Arrays.copyOf(sorted, distinct);
    }

    /** @param classes in any order; duplicates have their value twice */
    public static ClassChoice ofCandidates(int... classes) {
        return new ClassChoice(classes.clone(), NONE);
    }

    /** The same choice without these classes. A number that is no class of the model excludes nothing. */
    public ClassChoice excluding(int... classes) {
        return new ClassChoice(candidates, ascending(classes));
    }

    public boolean hasCandidates() {
        return candidates != null;
    }

    /** The candidates in their order; null: all classes. Not a copy. */
    public int[] candidates() {
        return candidates;
    }

    /** The excluded classes in ascending order, each once. Not a copy. */
    public int[] excluded() {
        return excluded;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClassChoice that
                && Arrays.equals(candidates, that.candidates)
                && Arrays.equals(excluded, that.excluded);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(candidates) + Arrays.hashCode(excluded);
    }
}
