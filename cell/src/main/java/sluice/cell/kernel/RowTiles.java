package sluice.cell.kernel;

/**
 * Rows of a table, packed in the order in which a tile reads them: for each tile and term, the values of the tile's rows.
 *
 * <pre>
 *   values[tile][k][6 rows, 2 unused]
 * </pre>
 *
 * <p>To read rows in place, a tile would hold six addresses in registers and compute six more for each term. Packed rows need one
 * address and constant offsets, and a row is packed once for all columns. For one thread.
 */
final class RowTiles {
    /** Rows of a tile. */
    static final int ROWS = 6;

    /** Distance from a term to the next: a power of two, so that an address takes a shift instead of a multiplication. */
    static final int STRIDE = 8;

    private float[] values = {};
    private int count;
    private int terms;

    /** Allocates {@code count} rows of {@code terms} terms. */
    void begin(int count, int terms) {
        this.count = count;
        this.terms = terms;
        int size = Math.multiplyExact((count + ROWS - 1) / ROWS * STRIDE, terms);
        if (values.length < size) {
            values = new float[size];
        }
    }

    /** Packs the rows {@code rows[first]} and following of a table of this width into the terms from {@code term} on. */
    void put(int term, float[] table, int[] rows, int first, int width) {
        for (int row = 0; row < count; row++) {
            put(values, offset(row) + term * STRIDE, table, rows[first + row] * width, width);
        }
    }

    /** Packs the rows at the offsets {@code offsets[first]} and following into all terms. */
    void put(float[] table, int[] offsets, int first) {
        for (int row = 0; row < count; row++) {
            put(values, offset(row), table, offsets[first + row], terms);
        }
    }

    private static void put(float[] values, int to, float[] table, int from, int width) {
        for (int k = 0; k < width; k++) {
            values[to + k * STRIDE] = table[from + k];
        }
    }

    float[] values() {
        return values;
    }

    int terms() {
        return terms;
    }

    /** Offset of a row's term 0; its next terms follow at a distance of {@value #STRIDE}. */
    int offset(int row) {
        return row / ROWS * STRIDE * terms + row % ROWS;
    }
}
