package sluice.cell.kernel;

import java.util.Locale;
import sluice.cell.model.ModelException;

/**
 * Weights in the order in which a kernel reads them: for each strip and term, the weights of {@value #COLUMNS} columns.
 *
 * <pre>
 *   values[strip][k][16 columns]
 * </pre>
 *
 * <p>A strip is one cache line wide, so that a tile, which is at most two vectors wide, reads consecutive lines. With wider strips there
 * would be gaps between those lines, and most sets of the L1 cache would stay unused. Columns after the last are zeros.
 */
final class Strips {
    /** Columns of a strip. */
    static final int COLUMNS = 16;

    private final float[] values;
    private final int size; // values in a strip
    private final int first; // offset of the first term in a strip

    /**
     * @param what name of the weights, for the error if they are too many
     * @param columns number of chains, a multiple of {@value #COLUMNS}
     * @param terms length of a chain
     */
    Strips(String what, long columns, long terms) {
        this.values = array(what, columns, terms);
        this.size = (int) terms * COLUMNS;
        this.first = 0;
    }

    private Strips(float[] values, int size, int first) {
        this.values = values;
        this.size = size;
        this.first = first;
    }

    /** A view of the weights that begins at this term. */
    Strips from(int term) {
        return new Strips(values, size, first + term * COLUMNS);
    }

    /** Allocates a packed table. */
    static float[] array(String what, long rows, long stride) {
        long size = Math.multiplyExact(rows, stride);
        if (size > Integer.MAX_VALUE - 8) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the %s of a layer would take %d float32 values: expected at most %d, the limit of a Java array",
                    what,
                    size,
                    Integer.MAX_VALUE - 8));
        }
        return new float[(int) size];
    }

    void set(int column, int term, float value) {
        values[offset(column) + term * COLUMNS] = value;
    }

    /** Offset of a column's term 0; its next terms follow at a distance of {@value #COLUMNS}. */
    int offset(int column) {
        return column / COLUMNS * size + first + column % COLUMNS;
    }

    /** The distance from a column to the same column of the next strip. */
    int size() {
        return size;
    }

    float[] values() {
        return values;
    }

    long bytes() {
        return (long) Float.BYTES * values.length;
    }
}
