package sluice.cell.kernel;

import java.util.Arrays;

/**
 * The rows of the tables that a step reads and writes, for each of its sequences. Values are row numbers, not offsets. Because rows are
 * read in place, a step needs neither gathering nor padding.
 */
public final class StepRows {
    final int[] start;
    final int[] input;
    final int[] previous;
    final int[] next;
    int count;

    /** @param capacity largest number of sequences */
    public StepRows(int capacity) {
        start = new int[capacity];
        input = new int[capacity];
        previous = new int[capacity];
        next = new int[capacity];
    }

    public void clear() {
        count = 0;
    }

    /**
     * Adds a sequence.
     *
     * @param start row of the {@link GatePanels} start: the token if the input, or its first part, is looked up, else 0
     * @param input row of the input table
     * @param previous row of {@code h_{t-1}} and {@code c_{t-1}}
     * @param next row of {@code h_t} and {@code c_t}, different for each sequence
     */
    public void add(int start, int input, int previous, int next) {
        this.start[count] = start;
        this.input[count] = input;
        this.previous[count] = previous;
        this.next[count] = next;
        count++;
    }

    /** Prepares the step of the next layer, whose inputs are the rows that the layer below has written. */
    public void readFromLayerBelow() {
        Arrays.fill(start, 0, count, 0);
        System.arraycopy(next, 0, input, 0, count);
    }

    /** Copies {@code rows} rows of another list, from {@code from} on. */
    public void copy(StepRows other, int from, int rows) {
        System.arraycopy(other.start, from, start, 0, rows);
        System.arraycopy(other.input, from, input, 0, rows);
        System.arraycopy(other.previous, from, previous, 0, rows);
        System.arraycopy(other.next, from, next, 0, rows);
        count = rows;
    }

    public int count() {
        return count;
    }
}
