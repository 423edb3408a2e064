package sluice.cell;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A batch as a prefix tree: its distinct sequences in lexicographic order, each knowing how long a prefix it shares with the one
 * before. Whatever is computed for a prefix is computed once, and whole duplicates are answered once.
 *
 * <p>Only sequences of tokens that start from the same state share anything; rows of features are taken as they come.
 */
final class PrefixTree {
    /** In place of a shared length: the two don't even start from the same state. */
    static final int NOTHING = -1;

    private final List<Sequence> sequences;
    private final int[] distinct; // of each distinct sequence, in order: its place in the batch
    private final int[] shared; // of each distinct sequence: tokens shared with the one before
    private final int[] representative; // of each sequence of the batch: its distinct one

    PrefixTree(List<Sequence> sequences, boolean shareable) {
        this.sequences = sequences;
        int count = sequences.size();
        int[] starts = starts(sequences);
        int[] order = shareable
                ? LexicographicOrder.of(sequences, starts)
                : IntStream.range(0, count).toArray();
        int[] distinctPlaces = new int[count];
        int[] sharedLengths = new int[count];
        this.representative = new int[count];
        int last = -1;
        for (int s : order) {
            int common = last < 0 ? NOTHING : common(starts, distinctPlaces[last], s, shareable);
            boolean duplicate = last >= 0
                    && shareable
                    && common == sequences.get(s).length()
                    && common == sequences.get(distinctPlaces[last]).length();
            if (!duplicate) {
                last++;
                distinctPlaces[last] = s;
                sharedLengths[last] = common;
            }
            representative[s] = last;
        }
        this.distinct = Arrays.copyOf(distinctPlaces, last + 1);
        this.shared = Arrays.copyOf(sharedLengths, last + 1);
    }

    /** A number for each sequence's start: equal numbers, equal states. */
    private static int[] starts(List<Sequence> sequences) {
        Map<LstmState, Integer> known = new HashMap<>();
        return sequences.stream()
                .mapToInt(sequence -> sequence.start()
                        .map(state -> known.computeIfAbsent(state, unseen -> known.size() + 1))
                        .orElse(0))
                .toArray();
    }

    private int common(int[] starts, int a, int b, boolean shareable) {
        if (starts[a] != starts[b]) {
            return NOTHING;
        }
        if (!shareable) {
            return 0;
        }
        int[] left = sequences.get(a).tokens();
        int[] right = sequences.get(b).tokens();
        int mismatch = Arrays.mismatch(left, right);
        return mismatch < 0 ? left.length : mismatch;
    }

    /** How many distinct sequences there are. */
    int size() {
        return distinct.length;
    }

    /** A distinct sequence, in lexicographic order. */
    Sequence sequence(int place) {
        return sequences.get(distinct[place]);
    }

    /** How many tokens it shares with the one before it, or {@link #NOTHING}. */
    int shared(int place) {
        return shared[place];
    }

    /** Which distinct sequence stands for this one of the batch. */
    int representative(int s) {
        return representative[s];
    }

    /**
     * How many steps have to be computed.
     *
     * @param sharesPrefixes whether a prefix that several sequences have is computed once: where a stack reads forward alone
     */
    long steps(boolean sharesPrefixes) {
        long steps = 0;
        for (int place = 0; place < distinct.length; place++) {
            int known = sharesPrefixes ? Math.max(0, shared[place]) : 0;
            steps += sequence(place).length() - known;
        }
        return steps;
    }

    /** The distinct sequences, in lexicographic order. */
    List<Sequence> distinctSequences() {
        return Arrays.stream(distinct).mapToObj(sequences::get).toList();
    }
}
