package sluice.cell.model;

import java.io.Serializable;
import java.util.Locale;
import java.util.OptionalInt;

/** The embedding: for each token the row of numbers that the first layer reads. */
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
     * A copy with a padding token. The model was trained to skip it, so no sequence may contain it.
     *
     * @throws ModelException if the embedding has no such token
     */
    public Embedding withPadding(int token) {
        if (token < 0 || token >= tokens()) {
            throw new ModelException(
                    String.format(Locale.ROOT, "padding by token %d: expected one of [0, %d)", token, tokens()));
        }
        return new Embedding(table, token);
    }

    /** The padding token, if there is one. */
    public OptionalInt padding() {
        return padding == NO_PADDING ? OptionalInt.empty() : OptionalInt.of(padding);
    }

    /** Number of tokens; ids are {@code 0 .. tokens() - 1}. */
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
