package sluice.cell.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import sluice.cell.InputKind;
import sluice.cell.LstmState;
import sluice.cell.Sequence;

/**
 * The prefix tree of distinct sequences: the sequences in lexicographic order, each with the length of the prefix that it shares with
 * the one before. A step that several sequences share is computed once.
 *
 * <p>Sequences with the same start state share prefixes: equal tokens, also if the model reads the tokens as numbers, or with several
 * inputs equal {@linkplain StepIds steps}. Other sequences of features keep their order and share nothing. The token that
 * {@linkplain Sequence#next() follows} a sequence is not a step: two sequences that differ in it alone share all steps.
 */
final class PrefixTree {
    /** Value of a shared length for two sequences with different start states. */
    static final int NOTHING = -1;

    private final List<Sequence> sequences;
    private final int[] order; // indexes of the sequences, in lexicographic order
    private final int[] shared; // in the same order: number of steps shared with the sequence before

    /**
     * @param distinct sequences, no two of them equal
     * @param input their kind: all but features can share prefixes
     */
    PrefixTree(List<Sequence> distinct, InputKind input) {
        this.sequences = distinct;
        int[] starts = starts(distinct);
        int[][] steps = steps(distinct, input);
        this.order =
                steps == null ? IntStream.range(0, distinct.size()).toArray() : LexicographicOrder.of(steps, starts);
        this.shared = new int[order.length];
        for (int place = 0; place < order.length; place++) {
            shared[place] = place == 0 ? NOTHING : common(starts, order[place - 1], order[place], steps);
        }
    }

    /** For each sequence the ids of its steps, which are equal if the steps are; null if sequences share nothing. */
    private static int[][] steps(List<Sequence> sequences, InputKind input) {
        return switch (input) {
            case EMBEDDING, ONE_HOT -> sequences.stream().map(Sequence::tokens).toArray(int[][]::new);
            case PARTS -> StepIds.of(sequences);
            case FEATURES ->
                sequences.stream().allMatch(Sequence::hasTokens)
                        ? sequences.stream().map(Sequence::tokens).toArray(int[][]::new)
                        : null;
        };
    }

    /** A number for each sequence's start state; equal states have equal numbers. */
    private static int[] starts(List<Sequence> sequences) {
        Map<LstmState, Integer> known = new HashMap<>();
        return sequences.stream()
                .mapToInt(sequence -> sequence.start()
                        .map(state -> known.computeIfAbsent(state, unseen -> known.size() + 1))
                        .orElse(0))
                .toArray();
    }

    private int common(int[] starts, int a, int b, int[][] steps) {
        if (starts[a] != starts[b]) {
            return NOTHING;
        }
        if (steps == null) {
            return 0;
        }
        Sequence first = sequences.get(a);
        Sequence second = sequences.get(b);
        int equal = equalSteps(Arrays.mismatch(steps[a], steps[b]), first, 1);
        if (!first.hasFeatures() || !second.hasFeatures() || equal == 0) {
            return equal;
        }
        int width = first.features().length / first.length();
        return Math.min(equal, equalSteps(Arrays.mismatch(first.features(), second.features()), first, width));
    }

    /** @param mismatch index of the first difference, -1 for equal arrays */
    private static int equalSteps(int mismatch, Sequence sequence, int width) {
        return mismatch < 0 ? sequence.length() : mismatch / width;
    }

    /** Number of sequences. */
    int size() {
        return order.length;
    }

    /** Number of steps of all sequences. */
    long length() {
        return sequences.stream().mapToLong(Sequence::length).sum();
    }

    /** The sequence at this place of the lexicographic order. */
    Sequence sequence(int place) {
        return sequences.get(order[place]);
    }

    /** The index that this sequence had in the constructor's list. */
    int origin(int place) {
        return order[place];
    }

    /** Number of steps that it shares with the sequence before it, or {@link #NOTHING}. */
    int shared(int place) {
        return shared[place];
    }

    /**
     * Number of steps to compute.
     *
     * @param left number of steps at the end of each sequence that are not read
     */
    long steps(int left) {
        long steps = 0;
        int reach = 0; // length of the computed prefix of the current sequence
        for (int place = 0; place < order.length; place++) {
            int walked = Math.max(0, sequence(place).length() - left);
            reach = Math.min(reach, Math.max(0, shared[place]));
            steps += Math.max(0, walked - reach);
            reach = Math.max(reach, walked);
        }
        return steps;
    }
}
