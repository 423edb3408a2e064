package sluice.cell.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import sluice.cell.LstmState;
import sluice.cell.Sequence;

/**
 * Distinct sequences as a prefix tree: in lexicographic order, each knowing how long a prefix it shares with the one before. Whatever is
 * computed for a prefix is computed once.
 *
 * <p>Only sequences of tokens that start from the same state share anything; rows of features are taken as they come.
 */
final class PrefixTree {
    /** In place of a shared length: the two don't even start from the same state. */
    static final int NOTHING = -1;

    private final List<Sequence> sequences;
    private final int[] order; // where each came, in lexicographic order
    private final int[] shared; // in this order: tokens shared with the one before

    /**
     * @param distinct sequences of which no two are equal
     * @param shareable whether they are sequences of tokens
     */
    PrefixTree(List<Sequence> distinct, boolean shareable) {
        this.sequences = distinct;
        int[] starts = starts(distinct);
        this.order = shareable
                ? LexicographicOrder.of(distinct, starts)
                : IntStream.range(0, distinct.size()).toArray();
        this.shared = new int[order.length];
        for (int place = 0; place < order.length; place++) {
            shared[place] = place == 0 ? NOTHING : common(starts, order[place - 1], order[place], shareable);
        }
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
        return Arrays.mismatch(sequences.get(a).tokens(), sequences.get(b).tokens());
    }

    /** How many sequences there are. */
    int size() {
        return order.length;
    }

    /** A sequence, in lexicographic order. */
    Sequence sequence(int place) {
        return sequences.get(order[place]);
    }

    /** Where it came. */
    int origin(int place) {
        return order[place];
    }

    /** How many tokens it shares with the one before it, or {@link #NOTHING}. */
    int shared(int place) {
        return shared[place];
    }

    /**
     * How many steps have to be computed.
     *
     * @param left how many of its last tokens each sequence leaves out
     */
    long steps(int left) {
        long steps = 0;
        int reach = 0; // how far the path to the sequence at hand is computed
        for (int place = 0; place < order.length; place++) {
            int walked = Math.max(0, sequence(place).length() - left);
            reach = Math.min(reach, Math.max(0, shared[place]));
            steps += Math.max(0, walked - reach);
            reach = Math.max(reach, walked);
        }
        return steps;
    }
}
