package sluice.cell.kernel;

/**
 * Rows of a table, packed as a tile reads them: the rows of a tile side by side for each term, tile after tile.
 *
 * <pre>
 *   values[tile][k][6 rows, 2 unused]
 * </pre>
 *
 * <p>A tile that read rows where they stand would hold six addresses in registers and compute six more for every term; packed, one
 * address and constant distances do, and what a row costs to pack is paid once for all columns. Scratch of one thread.
 */
final class RowTiles {
    /** Rows of a tile. */
    static final int ROWS = 6;

    /** From a term to the next: a power of two, so that an address takes a shift and no multiplication. */
    static final int STRIDE = 8;

    private float[] values = {};
    private int count;
    private int terms;

    /** Makes room for so many rows of so many terms. */
    void begin(int count, int terms) {
        this.count = count;
        this.terms = terms;
        int size = Math.multiplyExact((count + ROWS - 1) / ROWS * STRIDE, terms);
        if (values.length < size) {
            values = new float[size];
        }
    }

    /** Packs rows of a table of this width, as the terms from {@code term} on: those numbered from {@code rows[first]} on. */
    void put(int term, float[] table, int[] rows, int first, int width) {
        for (int row = 0; row < count; row++) {
            put(values, offset(row) + term * STRIDE, table, rows[first + row] * width, width);
        }
    }

    /** Packs the rows that start at the offsets from {@code offsets[first]} on, as all terms. */
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

    /** Where term 0 of a row stands; its next terms follow at a distance of {@value #STRIDE}. */
    int offset(int row) {
        return row / ROWS * STRIDE * terms + row % ROWS;
    }
}
