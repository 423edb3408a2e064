package sluice.cell.kernel;

import sluice.cell.model.ModelException;

/**
 * Weights as a kernel reads them: {@value #COLUMNS} columns side by side for each term of their chains, strip after strip.
 *
 * <pre>
 *   values[strip][k][16 columns]
 * </pre>
 *
 * <p>A strip is one line of the cache wide, so that a tile, which is at most a few vectors wide, walks down consecutive lines: a
 * wider packing leaves gaps between the lines that a tile reads, and then most of the first-level cache's sets stay empty.
 * Columns beyond the last are zeros.
 */
final class Strips {
    /** Columns of a strip. */
    static final int COLUMNS = 16;

    private final int terms;
    private final float[] values;

    /**
     * @param what for the error where the packed weights are too many
     * @param columns how many chains, a multiple of {@value #COLUMNS}
     * @param terms how long a chain is
     */
    Strips(String what, long columns, long terms) {
        this.terms = Math.toIntExact(terms);
        this.values = array(what, columns, terms);
    }

    /** Room for a packed table. */
    static float[] array(String what, long rows, long stride) {
        long size = Math.multiplyExact(rows, stride);
        if (size > Integer.MAX_VALUE - 8) {
            throw new ModelException("the %s of a layer would take %d numbers, packed; the limit is %d"
                    .formatted(what, size, Integer.MAX_VALUE - 8));
        }
        return new float[(int) size];
    }

    void set(int column, int term, float value) {
        values[offset(column) + term * COLUMNS] = value;
    }

    /** Where term 0 of a column stands; its next terms follow at a distance of {@value #COLUMNS}. */
    int offset(int column) {
        return column / COLUMNS * size() + column % COLUMNS;
    }

    /** How many numbers a strip is; a column in the next strip stands so far away. */
    int size() {
        return terms * COLUMNS;
    }

    float[] values() {
        return values;
    }

    long bytes() {
        return (long) Float.BYTES * values.length;
    }
}
