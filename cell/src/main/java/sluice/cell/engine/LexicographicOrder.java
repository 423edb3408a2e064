package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import sluice.cell.Sequence;

/**
 * Sorts sequences of tokens by their start state, then lexicographically by token; a prefix comes before its extensions. The sort is
 * stable.
 *
 * <p>A sort key is a long: as many tokens as fit in the high bits, and the sequence's index in the low bits. Sequences whose keys tie
 * are sorted again by the tokens after those. Where sequences share long prefixes, as in logs, each token is compared about once.
 */
final class LexicographicOrder {
    private static final int STARTS = -1; // the position before the first token: sorts by start state

    private final List<Sequence> sequences;
    private final int[] starts;
    private final int smallest; // token, 0 or below
    private final int placeBits;
    private final int tokenBits;
    private final int tokensInKey;
    private final long[] keys; // (tokens, index in the batch), sorted

    private LexicographicOrder(List<Sequence> sequences, int[] starts) {
        int largest = 0;
        int least = 0; // numbers that a model reads as features may be negative
        for (Sequence sequence : sequences) {
            for (int token : sequence.tokens()) {
                largest = Math.max(largest, token);
                least = Math.min(least, token);
            }
        }
        this.smallest = least;
        this.sequences = sequences;
        this.starts = starts;
        this.placeBits = bits(sequences.size());
        this.tokenBits = bits(largest - (long) least + 1);
        this.tokensInKey = (Long.SIZE - 1 - placeBits) / tokenBits;
        this.keys = new long[sequences.size()];
        Arrays.setAll(keys, place -> place);
    }

    /**
     * The indexes of the sequences in sorted order.
     *
     * @param starts a number for each sequence's start state; equal states have equal numbers
     */
    static int[] of(List<Sequence> sequences, int[] starts) {
        LexicographicOrder order = new LexicographicOrder(sequences, starts);
        if (starts.length > 1) {
            order.sort(0, starts.length, STARTS);
        }
        return Arrays.stream(order.keys).mapToInt(order::place).toArray();
    }

    /** Number of bits, at least 1, that hold any number from 0 to this one. */
    private static int bits(long largest) {
        return Math.max(1, Long.SIZE - Long.numberOfLeadingZeros(largest));
    }

    private int place(long key) {
        return (int) (key & ((1L << placeBits) - 1));
    }

    /** Sorts a range of sequences that agree in all tokens before this position. */
    private void sort(int from, int to, int token) {
        int first = token;
        while (allTie(from, to, first)) {
            if (ended(keys[from], first)) {
                return;
            }
            first = after(first);
        }
        Arrays.sort(keys, from, to);
        for (int begin = from; begin < to; ) {
            int end = begin + 1;
            while (end < to && ties(keys[begin], keys[end])) {
                end++;
            }
            if (end - begin > 1 && !ended(keys[begin], first)) {
                sort(begin, end, after(first));
            }
            begin = end;
        }
    }

    /** Packs the tokens from this position on into the keys; returns whether all keys of the range tie. */
    private boolean allTie(int from, int to, int token) {
        boolean tie = true;
        for (int at = from; at < to; at++) {
            int place = place(keys[at]);
            keys[at] = key(place, token) << placeBits | place;
            tie &= ties(keys[from], keys[at]);
        }
        return tie;
    }

    private boolean ties(long left, long right) {
        return left >>> placeBits == right >>> placeBits;
    }

    private long key(int place, int token) {
        if (token == STARTS) {
            return starts[place];
        }
        int[] tokens = sequences.get(place).tokens();
        long key = 0;
        for (int at = token; at < token + tokensInKey; at++) {
            key = key << tokenBits | (at < tokens.length ? tokens[at] - (long) smallest + 1 : 0);
        }
        return key;
    }

    private int after(int token) {
        return token == STARTS ? 0 : token + tokensInKey;
    }

    /** Whether the sequence has no tokens after those packed last. */
    private boolean ended(long key, int token) {
        return token != STARTS && sequences.get(place(key)).length() <= after(token);
    }
}
