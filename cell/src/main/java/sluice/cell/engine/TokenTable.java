package sluice.cell.engine;

import java.util.Arrays;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;

/**
 * The first layer's lookup table for a vocabulary whose whole table is too large: {@code U x + b} of a batch's distinct tokens, each
 * multiplied once. If nearly all tokens are distinct, or if their table is too large as well, it is not built, and the first layer
 * multiplies each step's input, which gives the same bits. For one thread.
 */
final class TokenTable {
    /** Builds the table if at least one in {@code WORTH} lookups repeats a token. */
    private static final int WORTH = 8;

    private static final int NONE = -1;

    private final TokenPanels panels;
    private final Kernel kernel;
    private final long limitBytes;
    private final GatePanels[] current; // one for each direction of the first layer
    private final int[] rowOf; // of each token of the vocabulary; NONE if it is not registered
    private int[] tokens = {};
    private int count;
    private boolean ready;

    TokenTable(TokenPanels panels, Kernel kernel, long limitBytes) {
        this.panels = panels;
        this.kernel = kernel;
        this.limitBytes = limitBytes;
        this.current = new GatePanels[panels.directions()];
        this.rowOf = new int[panels.embedding().tokens()];
        Arrays.fill(rowOf, NONE);
    }

    /** Forgets the registered tokens. */
    void clear() {
        for (int at = 0; at < count; at++) {
            rowOf[tokens[at]] = NONE;
        }
        count = 0;
        ready = false;
    }

    /** Registers a token. */
    void add(int token) {
        if (rowOf[token] == NONE) {
            if (count == tokens.length) {
                tokens = Arrays.copyOf(tokens, Math.max(1024, 2 * count));
            }
            rowOf[token] = count;
            tokens[count++] = token;
        }
    }

    /**
     * Builds the table of the registered tokens, if it pays.
     *
     * @param steps number of inputs that would be multiplied without it
     */
    void prepare(long steps) {
        ready = panels.startBytes(count) <= limitBytes && count <= steps - steps / WORTH;
        if (ready) {
            int width = panels.embedding().width();
            int[] from = new int[count];
            for (int row = 0; row < count; row++) {
                from[row] = tokens[row] * width;
            }
            for (int direction = 0; direction < current.length; direction++) {
                current[direction] =
                        panels.hiddenOnly(direction).startingFrom(multiplied(panels.inputs(direction), from));
            }
        }
    }

    private float[] multiplied(LinearPanels map, int[] from) {
        int[] to = new int[count];
        for (int row = 0; row < count; row++) {
            to[row] = row * map.outputs();
        }
        float[] start = new float[count * map.outputs()];
        kernel.multiply(map, 0, map.outputs(), panels.embedding().table().values(), from, count, start, to);
        return start;
    }

    /** The weights of a direction of the first layer, if tokens are looked up. */
    GatePanels gates(int direction) {
        return current[direction];
    }

    /** Whether the table is built, so that an input is a row of it; else an input is a row of the embedding. */
    boolean ready() {
        return ready;
    }

    /** The row of a registered token. */
    int row(int token) {
        return rowOf[token];
    }
}
