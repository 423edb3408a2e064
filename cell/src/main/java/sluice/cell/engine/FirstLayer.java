package sluice.cell.engine;

import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.StepRows;

/**
 * The first layer's input. For each step that is a row of a lookup table, a row of the embedding to multiply, or a row of
 * {@link StepInputs}. For one thread.
 */
final class FirstLayer {
    private static final float[] NO_INPUT = {};

    private final PackedModel packed;
    private final TokenTable
            table; // null unless it is wanted, and the lookup table of the whole embedding exceeds its limit
    private final float[] embedding; // its rows, or empty

    FirstLayer(PackedModel packed, Kernel kernel) {
        this(packed, packed.tokenTable(kernel));
    }

    private FirstLayer(PackedModel packed, TokenTable table) {
        this.packed = packed;
        this.table = table;
        this.embedding =
                packed.model().embedding().map(rows -> rows.table().values()).orElse(NO_INPUT);
    }

    /** The first layer without a lookup table of a batch's tokens: it multiplies them, if there is no table of all tokens. */
    static FirstLayer withoutTokenTable(PackedModel packed) {
        return new FirstLayer(packed, (TokenTable) null);
    }

    /** Whether all tokens of a batch must be registered by {@link #add} before {@link #prepare}. */
    boolean needsTokens() {
        return table != null;
    }

    /** Forgets the registered tokens. */
    void clear() {
        table.clear();
    }

    /** Registers a token of the batch. */
    void add(int token) {
        table.add(token);
    }

    /**
     * Builds the lookup table of the registered tokens.
     *
     * @param steps time steps that read them
     */
    void prepare(long steps) {
        table.prepare(steps);
    }

    /** The weights of one direction of the first layer. */
    GatePanels gates(int direction) {
        return usesTokenTable() ? table.gates(direction) : packed.gates(direction);
    }

    /**
     * The table of inputs that are multiplied, row by row; empty if inputs are looked up.
     *
     * @param inputs rows of {@link StepInputs}, for a model whose input is not the tokens of one input
     */
    float[] input(float[] inputs) {
        return switch (packed.input()) {
            case EMBEDDING -> looksUp() ? NO_INPUT : embedding;
            case ONE_HOT -> NO_INPUT;
            case FEATURES, PARTS -> inputs;
        };
    }

    /** Adds a step that reads this token. */
    void addToken(StepRows rows, int token, int previous, int next) {
        if (usesTokenTable()) {
            rows.add(table.row(token), 0, previous, next);
        } else if (looksUp()) {
            rows.add(token, 0, previous, next);
        } else {
            rows.add(0, token, previous, next);
        }
    }

    private boolean looksUp() {
        return packed.looksUp() || usesTokenTable();
    }

    /** Whether the lookup table of the registered tokens is used. */
    private boolean usesTokenTable() {
        return table != null && table.ready();
    }
}
