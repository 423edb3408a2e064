package sluice.cell.kernel;

import java.util.Arrays;

/**
 * Which rows of the tables a step reads and writes, for each sequence that takes it. All are row numbers, not offsets; reading
 * rows where they stand is what makes gathering and padding needless.
 */
public final class StepRows {
    final int[] start;
    final int[] input;
    final int[] previous;
    final int[] next;
    int count;

    /** @param capacity how many sequences may take the step together */
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
     * One more sequence.
     *
     * @param start row of {@link GatePanels}' start: the token where the input is one-hot, 0 elsewhere
     * @param input row of the input table
     * @param previous row of {@code h_{t-1}} and {@code c_{t-1}}
     * @param next row of {@code h_t} and {@code c_t}, of no other sequence
     */
    public void add(int start, int input, int previous, int next) {
        this.start[count] = start;
        this.input[count] = input;
        this.previous[count] = previous;
        this.next[count] = next;
        count++;
    }

    /** Makes ready for a layer above: each sequence's input is the row that the layer below has just written. */
    public void readFromLayerBelow() {
        Arrays.fill(start, 0, count, 0);
        System.arraycopy(next, 0, input, 0, count);
    }

    /** Makes these the same as some of the others. */
    void copy(StepRows other, int from, int rows) {
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
