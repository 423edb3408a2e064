package sluice.cell.engine;

import java.util.Arrays;
import sluice.cell.Pooling;

/**
 * The running {@linkplain Pooling pool} of the top layer's hidden states, for the nodes of two consecutive levels: of each node, over the
 * steps of its path from the start of its sequences. So a prefix that sequences share is added up once, in the order of its steps, and the
 * start state is not part of it. For one thread.
 */
final class PooledStates {
    private final Pooling pooling;
    private final int band; // largest number of nodes in a level
    private final int width;
    private final double[] values; // (2 band, width): sums, or largest values
    private int half; // 0 or 1: the half that holds the current level

    PooledStates(Pooling pooling, int band, int width) {
        this.pooling = pooling;
        this.band = band;
        this.width = width;
        this.values = new double[2 * band * width];
    }

    /** Sets a node of the current level to the pool of no step. */
    void start(int node) {
        int at = offset(half, node);
        Arrays.fill(values, at, at + width, pooling == Pooling.MEAN ? 0 : Double.NEGATIVE_INFINITY);
    }

    /** Starts the next level. Its nodes are added in their order. */
    void nextLevel() {
        half = 1 - half;
    }

    /**
     * Adds a node to the level.
     *
     * @param parent its parent's index in the previous level
     * @param hidden the node's own hidden state, at this offset
     */
    void add(int node, int parent, float[] hidden, int offset) {
        int from = offset(1 - half, parent);
        int to = offset(half, node);
        for (int unit = 0; unit < width; unit++) {
            values[to + unit] = plus(pooling, values[from + unit], hidden[offset + unit]);
        }
    }

    /** The pool of a node of the current level. */
    float[] of(int node, int steps) {
        int at = offset(half, node);
        return result(pooling, Arrays.copyOfRange(values, at, at + width), steps);
    }

    private int offset(int ofHalf, int node) {
        return (ofHalf * band + node) * width;
    }

    /**
     * The pool of rows, added up as the nodes of a level are.
     *
     * @param first index of the first row in the table
     */
    static float[] ofRows(Pooling pooling, LayerOutput table, int first, int steps) {
        double[] pool = new double[table.width()];
        Arrays.fill(pool, pooling == Pooling.MEAN ? 0 : Double.NEGATIVE_INFINITY);
        for (int row = first; row < first + steps; row++) {
            for (int unit = 0; unit < pool.length; unit++) {
                pool[unit] = plus(pooling, pool[unit], table.values()[row * pool.length + unit]);
            }
        }
        return result(pooling, pool, steps);
    }

    private static double plus(Pooling pooling, double pool, float hidden) {
        return pooling == Pooling.MEAN ? pool + hidden : Math.max(pool, hidden);
    }

    private static float[] result(Pooling pooling, double[] pool, int steps) {
        float[] result = new float[pool.length];
        for (int unit = 0; unit < result.length; unit++) {
            result[unit] = (float) (pooling == Pooling.MEAN ? pool[unit] / steps : pool[unit]);
        }
        return result;
    }
}
