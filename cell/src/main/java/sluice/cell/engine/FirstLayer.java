package sluice.cell.engine;

import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.StepRows;

/**
 * What the first layer reads: decides, for the tokens at hand, whether a step's input is a row of a look-up table, a row of the
 * embedding to be multiplied, or a row of features. Scratch of one thread.
 */
final class FirstLayer {
    private static final float[] NO_INPUT = {};

    private final CompiledModel compiled;
    private final TokenTable table; // for an embedding too large to be looked up as a whole, else null

    FirstLayer(CompiledModel compiled, Kernel kernel) {
        this.compiled = compiled;
        this.table = compiled.tokenTable(kernel);
    }

    /** Whether {@link #begin} wants to be told of all tokens at hand. */
    boolean wantsTokens() {
        return table != null;
    }

    void clear() {
        table.clear();
    }

    void add(int token) {
        table.add(token);
    }

    /** All tokens at hand have been told; they make so many steps. */
    void begin(long steps) {
        table.prepare(steps);
    }

    /** The weights of one of its directions. */
    GatePanels gates(int direction) {
        return atHand() ? table.gates(direction) : compiled.gates(direction);
    }

    /**
     * The table whose rows are multiplied.
     *
     * @param features rows of features, read where the model takes them
     */
    float[] input(float[] features) {
        return switch (compiled.input()) {
            case EMBEDDING ->
                looksUp()
                        ? NO_INPUT
                        : compiled.model().embedding().orElseThrow().table().values();
            case ONE_HOT -> NO_INPUT;
            case FEATURES -> features;
        };
    }

    /** One more sequence takes a step, reading this token. */
    void addToken(StepRows rows, int token, int previous, int next) {
        if (atHand()) {
            rows.add(table.row(token), 0, previous, next);
        } else if (looksUp()) {
            rows.add(token, 0, previous, next);
        } else {
            rows.add(0, token, previous, next);
        }
    }

    private boolean looksUp() {
        return compiled.looksUp() || atHand();
    }

    /** Whether there is a table of the tokens at hand. */
    private boolean atHand() {
        return table != null && table.ready();
    }
}
