package sluice.cell.model;

import java.io.Serializable;
import java.util.OptionalInt;

/** One row of numbers for each token: what a token looks like to the first layer. */
public final class Embedding implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final int NO_PADDING = -1;

    private final Matrix table; // (tokens, width)
    private final int padding;

    /** @param table one row per token */
    public Embedding(Matrix table) {
        this(table, NO_PADDING);
    }

    private Embedding(Matrix table, int padding) {
        this.table = table;
        this.padding = padding;
    }

    /**
     * The same with one token that stands for nothing: the model was trained to pass over it, so no sequence may hold it.
     *
     * @throws ModelException where there is no such token
     */
    public Embedding withPadding(int token) {
        if (token < 0 || token >= tokens()) {
            throw new ModelException("padding by token %d: expected one of [0, %d)".formatted(token, tokens()));
        }
        return new Embedding(table, token);
    }

    /** The token that stands for nothing, where there is one. */
    public OptionalInt padding() {
        return padding == NO_PADDING ? OptionalInt.empty() : OptionalInt.of(padding);
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
