package sluice.cell.engine;

import java.util.Arrays;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;

/**
 * The first layer's look-up for a vocabulary whose whole table would be too large: {@code U x + b} of the distinct tokens at hand,
 * each multiplied once. Where nearly all tokens at hand are distinct, or even their table is too large, it stands aside and the
 * first layer multiplies each step's input itself, to the same bits. Scratch of one thread.
 */
final class TokenTable {
    /** A table pays where at least one in so many look-ups is a token seen before. */
    private static final int WORTH = 8;

    private static final int NONE = -1;

    private final TokenPanels panels;
    private final Kernel kernel;
    private final long limitBytes;
    private final GatePanels[] current; // of each direction of the first layer
    private final int[] rowOf; // of each token of the vocabulary; NONE where it isn't at hand
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

    /** Forgets the tokens at hand. */
    void clear() {
        for (int at = 0; at < count; at++) {
            rowOf[tokens[at]] = NONE;
        }
        count = 0;
        ready = false;
    }

    /** One more token at hand. */
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
     * Makes the table of the tokens at hand, if it pays.
     *
     * @param steps how many inputs would be multiplied without it
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

    /** The weights to step a direction of the first layer with, where tokens are looked up. */
    GatePanels gates(int direction) {
        return current[direction];
    }

    /** Whether tokens are looked up: then an input is a row of the start, else a row of the embedding. */
    boolean ready() {
        return ready;
    }

    /** The row of a token at hand. */
    int row(int token) {
        return rowOf[token];
    }
}
