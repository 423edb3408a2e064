package sluice.cell.model;

import java.io.Serializable;

/** One row of numbers for each token: what a token looks like to the first layer. */
public final class Embedding implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Matrix table; // (tokens, width)

    /** @param table one row per token */
    public Embedding(Matrix table) {
        this.table = table;
    }

    /** How many tokens it knows: ids are {@code 0 .. tokens() - 1}. */
    public int tokens() {
        return table.rows();
    }

    public int width() {
        return table.columns();
    }

    public Matrix table() {
        return table;
    }
}
