package sluice.cell.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Counts and samples sequences. */
final class Sequences {
    private Sequences() {}

    static long tokens(List<int[]> sequences) {
        return sequences.stream().mapToLong(sequence -> sequence.length).sum();
    }

    /** At most {@code count} sequences, evenly spaced. */
    static List<int[]> spread(List<int[]> sequences, int count) {
        int size = Math.min(count, sequences.size());
        List<int[]> spread = new ArrayList<>();
        for (int at = 0; at < size; at++) {
            spread.add(sequences.get((int) ((long) sequences.size() * at / size)));
        }
        return spread;
    }

    /** Number of distinct prefixes: the nodes of the prefix tree. */
    static long distinct(List<int[]> sequences) {
        int[][] sorted = sequences.toArray(int[][]::new);
        Arrays.sort(sorted, Arrays::compare);
        long nodes = 0;
        int[] before = {};
        for (int[] sequence : sorted) {
            int mismatch = Arrays.mismatch(before, sequence);
            nodes += mismatch < 0 ? 0 : sequence.length - mismatch;
            before = sequence;
        }
        return nodes;
    }
}
