package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import sluice.cell.InputColumn;
import sluice.cell.Sequence;

/**
 * Numbers the distinct steps of a batch of sequences with several inputs: equal steps, those with the same tokens and the same bits of
 * all numbers, have equal ids. So their prefixes can be found and shared as those of tokens.
 */
final class StepIds {
    private static final int SPREAD = 0x9E3779B9; // 2^32 / golden ratio
    private static final int FIRST_CAPACITY = 1024;

    private final List<Sequence> sequences;
    private int[] slots = new int[FIRST_CAPACITY]; // open addressing: 1 + an id, or 0
    private int[] hashes = new int[FIRST_CAPACITY / 2]; // of each id
    private int[] sequenceOf = new int[FIRST_CAPACITY / 2]; // the first sequence that has the id
    private int[] stepOf = new int[FIRST_CAPACITY / 2]; // and its step
    private int count;

    private StepIds(List<Sequence> sequences) {
        this.sequences = sequences;
    }

    /** The ids of each sequence's steps. */
    static int[][] of(List<Sequence> sequences) {
        StepIds ids = new StepIds(sequences);
        int[][] all = new int[sequences.size()][];
        for (int s = 0; s < all.length; s++) {
            all[s] = new int[sequences.get(s).length()];
            for (int step = 0; step < all[s].length; step++) {
                all[s][step] = ids.id(s, step);
            }
        }
        return all;
    }

    private int id(int s, int step) {
        int hash = hash(sequences.get(s), step);
        int slot = hash & (slots.length - 1);
        while (slots[slot] != 0) {
            int known = slots[slot] - 1;
            if (hashes[known] == hash && equal(s, step, known)) {
                return known;
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        if (count == hashes.length) {
            grow();
            return id(s, step);
        }
        hashes[count] = hash;
        sequenceOf[count] = s;
        stepOf[count] = step;
        slots[slot] = ++count;
        return count - 1;
    }

    private void grow() {
        int capacity = Math.multiplyExact(2, hashes.length);
        hashes = Arrays.copyOf(hashes, capacity);
        sequenceOf = Arrays.copyOf(sequenceOf, capacity);
        stepOf = Arrays.copyOf(stepOf, capacity);
        slots = new int[Math.multiplyExact(2, capacity)];
        for (int id = 0; id < count; id++) {
            int slot = hashes[id] & (slots.length - 1);
            while (slots[slot] != 0) {
                slot = (slot + 1) & (slots.length - 1);
            }
            slots[slot] = id + 1;
        }
    }

    private static int hash(Sequence sequence, int step) {
        int hash = 1;
        for (InputColumn column : sequence.columns()) {
            if (column.tokens() != null) {
                hash = (hash ^ column.tokens()[step]) * SPREAD;
            } else {
                int width = width(column, sequence);
                for (int at = step * width; at < (step + 1) * width; at++) {
                    hash = (hash ^ Float.floatToRawIntBits(column.numbers()[at])) * SPREAD;
                }
            }
            hash ^= hash >>> 15;
        }
        return hash;
    }

    private boolean equal(int s, int step, int id) {
        Sequence sequence = sequences.get(s);
        Sequence other = sequences.get(sequenceOf[id]);
        for (int at = 0; at < sequence.columns().length; at++) {
            if (!equal(sequence, step, other, stepOf[id], at)) {
                return false;
            }
        }
        return true;
    }

    private static boolean equal(Sequence left, int leftStep, Sequence right, int rightStep, int at) {
        InputColumn a = left.columns()[at];
        InputColumn b = right.columns()[at];
        if (a.tokens() != null) {
            return a.tokens()[leftStep] == b.tokens()[rightStep];
        }
        int width = width(a, left);
        for (int k = 0; k < width; k++) {
            int bits = Float.floatToRawIntBits(a.numbers()[leftStep * width + k]);
            if (bits != Float.floatToRawIntBits(b.numbers()[rightStep * width + k])) {
                return false;
            }
        }
        return true;
    }

    private static int width(InputColumn column, Sequence sequence) {
        return column.numbers().length / sequence.length();
    }
}
