package sluice.cell.kernel;

import java.lang.invoke.VarHandle;
import java.util.Set;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Vector API: SIMD without native code.
 *
 * <h2>The tile</h2>
 *
 * <p>The work is {@code z = start + sum_k w_k x_k} for many rows of x and the columns of a panel. A tile is {@value #TILE_ROWS}
 * rows by two vectors of columns, its twelve sums held in registers over the whole chain: for each k, two vectors of weights are
 * loaded and multiplied by one number of each row. Twelve chains hide the latency of a multiply-add on two ports, and with two weights
 * and a broadcast they fit 16 registers, so one shape serves 128, 256 and 512 bits. {@value #BAND_ROWS} rows pass over a panel's
 * columns before the next columns are taken, so that weights are read from the first-level cache more than once.
 *
 * <p>Lanes run over columns, that is over outputs; every sum is one chain in the order of k. That is what makes the result
 * independent of the width, of the tile and of a row's neighbours, and equal to {@link ScalarKernel} to the bit.
 *
 * <h2>Why the methods are short</h2>
 *
 * <p>The just-in-time compiler stops inlining at a budget of nodes ({@code NodeCountInliningCutoff} in
 * {@code -XX:+PrintInlining}), and a vector that is passed to a call that is not inlined is boxed: ten times slower, with garbage.
 * So a tile only multiplies and stores to a small scratch, and the gate functions are methods of their own over that scratch while it
 * is in the first-level cache. Pre-activations never go to memory as a whole.
 */
final class VectorKernel implements Kernel {
    private static final VectorSpecies<Float> FLOATS = VectorGateFunctions.FLOATS;
    private static final int LENGTH = FLOATS.length();
    private static final int COLUMNS = LinearPanels.COLUMNS; // of both kinds of panels
    private static final int UNITS = GatePanels.UNITS;
    private static final int STRIP = Strips.COLUMNS;
    private static final int TILE_ROWS = RowTiles.ROWS;
    private static final int BAND_ROWS = 4 * TILE_ROWS;
    private static final boolean FEW_REGISTERS = VectorGateFunctions.FLOATS.vectorBitSize() < 512
            && Set.of("amd64", "x86_64").contains(System.getProperty("os.arch"));
    private static final int FEW_ROWS = 2; // so few that rows alone are faster than a tile that is filled up

    private final float[] band = new float[BAND_ROWS * COLUMNS]; // sums of one panel
    private static final int[] BAND =
            IntStream.range(0, BAND_ROWS).map(row -> row * UNITS).toArray();

    private final RowTiles tiles = new RowTiles();
    private final int[] previous = new int[BAND_ROWS]; // where the band's rows read cell states
    private final int[] next = new int[BAND_ROWS]; // and where they write states
    private final float[] tanhs = new float[BAND_ROWS * UNITS];
    private final float[] partialCell = new float[BAND_ROWS * UNITS]; // of a panel that isn't full
    private final float[] partialShown = new float[BAND_ROWS * UNITS];
    private final float[] lanes = new float[Softmax.LANES];

    @Override
    public String name() {
        return "vector";
    }

    /** How many floats a vector holds on this machine. */
    static int lanes() {
        return LENGTH;
    }

    @Override
    public void step(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] cell, float[] shown) {
        tiles.begin(rows.count, gates.inputWidth() + gates.outputWidth());
        tiles.put(0, input, rows.input, gates.inputWidth());
        tiles.put(gates.inputWidth(), hidden, rows.previous, gates.outputWidth());
        for (int panel = 0; panel < gates.panels(); panel++) {
            for (int row = 0; row < rows.count; row += BAND_ROWS) {
                int count = Math.min(BAND_ROWS, rows.count - row);
                preActivations(gates, panel, rows, row, count);
                gateFunctions(gates, panel, rows, row, count, cell, shown);
            }
        }
    }

    @Override
    public void preActivations(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] result) {
        tiles.begin(rows.count, gates.inputWidth() + gates.outputWidth());
        tiles.put(0, input, rows.input, gates.inputWidth());
        tiles.put(gates.inputWidth(), hidden, rows.previous, gates.outputWidth());
        for (int panel = 0; panel < gates.panels(); panel++) {
            for (int row = 0; row < rows.count; row += BAND_ROWS) {
                int count = Math.min(BAND_ROWS, rows.count - row);
                preActivations(gates, panel, rows, row, count);
                for (int at = 0; at < count; at++) {
                    int to = ((row + at) * gates.panels() + panel) * COLUMNS;
                    System.arraycopy(band, at * COLUMNS, result, to, COLUMNS);
                }
            }
        }
    }

    /** {@code band = U x_t + W h_{t-1} + b}, for one panel of units and a band of sequences. */
    private void preActivations(GatePanels gates, int panel, StepRows rows, int row, int count) {
        for (int at = 0; at < count; at++) {
            int start = gates.startOffset(rows.start[row + at], panel);
            System.arraycopy(gates.start(), start, band, at * COLUMNS, COLUMNS);
        }
        accumulate(gates.weights(), panel, row, count);
    }

    /**
     * {@code band[r][j] += sum_k weights[k][j] * tiles[row + r][k]}, each sum one chain in the order of k, for the columns of a panel.
     */
    private void accumulate(Strips weights, int panel, int row, int count) {
        int tiled = count % TILE_ROWS <= FEW_ROWS ? count - count % TILE_ROWS : count;
        int terms = tiles.terms();
        int pairs = terms & ~1;
        for (int column = 0; column < COLUMNS; column += 2 * LENGTH) {
            int left = weights.offset(panel * COLUMNS + column);
            for (int r = 0; r < tiled; r += TILE_ROWS) {
                int at = r * COLUMNS + column;
                sixRows(band, at, weights.values(), left, weights.size(), tiles.values(), tiles.offset(row + r), pairs);
            }
            for (int r = pairs < terms ? 0 : tiled; r < count; r++) {
                int done = r < tiled ? pairs : 0;
                int from = tiles.offset(row + r) + done * RowTiles.STRIDE;
                int at = r * COLUMNS + column;
                oneRow(
                        band,
                        at,
                        weights.values(),
                        left + done * STRIP,
                        weights.size(),
                        tiles.values(),
                        from,
                        terms - done);
            }
        }
    }

    /** Six rows of two vectors: a tile, for an even number of terms. */
    private static void sixRows(
            float[] band, int at, float[] weights, int offset, int strip, float[] x, int from, int terms) {
        int right = LENGTH < STRIP ? LENGTH : strip;
        FloatVector a0 = FloatVector.fromArray(FLOATS, band, at);
        FloatVector a1 = FloatVector.fromArray(FLOATS, band, at + LENGTH);
        FloatVector b0 = FloatVector.fromArray(FLOATS, band, at + COLUMNS);
        FloatVector b1 = FloatVector.fromArray(FLOATS, band, at + COLUMNS + LENGTH);
        FloatVector c0 = FloatVector.fromArray(FLOATS, band, at + 2 * COLUMNS);
        FloatVector c1 = FloatVector.fromArray(FLOATS, band, at + 2 * COLUMNS + LENGTH);
        FloatVector d0 = FloatVector.fromArray(FLOATS, band, at + 3 * COLUMNS);
        FloatVector d1 = FloatVector.fromArray(FLOATS, band, at + 3 * COLUMNS + LENGTH);
        FloatVector e0 = FloatVector.fromArray(FLOATS, band, at + 4 * COLUMNS);
        FloatVector e1 = FloatVector.fromArray(FLOATS, band, at + 4 * COLUMNS + LENGTH);
        FloatVector f0 = FloatVector.fromArray(FLOATS, band, at + 5 * COLUMNS);
        FloatVector f1 = FloatVector.fromArray(FLOATS, band, at + 5 * COLUMNS + LENGTH);
        for (int k = 0; k < terms; k += 2) {
            int w = offset + k * STRIP;
            int r = from + k * RowTiles.STRIDE;
            FloatVector w0 = FloatVector.fromArray(FLOATS, weights, w);
            FloatVector w1 = FloatVector.fromArray(FLOATS, weights, w + right);
            FloatVector term = FloatVector.broadcast(FLOATS, x[r]);
            a0 = w0.fma(term, a0);
            a1 = w1.fma(term, a1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + 1]);
            b0 = w0.fma(term, b0);
            b1 = w1.fma(term, b1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + 2]);
            c0 = w0.fma(term, c0);
            c1 = w1.fma(term, c1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + 3]);
            d0 = w0.fma(term, d0);
            d1 = w1.fma(term, d1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + 4]);
            e0 = w0.fma(term, e0);
            e1 = w1.fma(term, e1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + 5]);
            f0 = w0.fma(term, f0);
            f1 = w1.fma(term, f1);
            oneByOne();
            w0 = FloatVector.fromArray(FLOATS, weights, w + STRIP);
            w1 = FloatVector.fromArray(FLOATS, weights, w + STRIP + right);
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE]);
            a0 = w0.fma(term, a0);
            a1 = w1.fma(term, a1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 1]);
            b0 = w0.fma(term, b0);
            b1 = w1.fma(term, b1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 2]);
            c0 = w0.fma(term, c0);
            c1 = w1.fma(term, c1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 3]);
            d0 = w0.fma(term, d0);
            d1 = w1.fma(term, d1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 4]);
            e0 = w0.fma(term, e0);
            e1 = w1.fma(term, e1);
            oneByOne();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 5]);
            f0 = w0.fma(term, f0);
            f1 = w1.fma(term, f1);
        }
        a0.intoArray(band, at);
        a1.intoArray(band, at + LENGTH);
        b0.intoArray(band, at + COLUMNS);
        b1.intoArray(band, at + COLUMNS + LENGTH);
        c0.intoArray(band, at + 2 * COLUMNS);
        c1.intoArray(band, at + 2 * COLUMNS + LENGTH);
        d0.intoArray(band, at + 3 * COLUMNS);
        d1.intoArray(band, at + 3 * COLUMNS + LENGTH);
        e0.intoArray(band, at + 4 * COLUMNS);
        e1.intoArray(band, at + 4 * COLUMNS + LENGTH);
        f0.intoArray(band, at + 5 * COLUMNS);
        f1.intoArray(band, at + 5 * COLUMNS + LENGTH);
    }

    /** Keeps what is loaded after it behind what is loaded before it; on this architecture that takes no instruction. */
    private static void oneByOne() {
        if (FEW_REGISTERS) {
            VarHandle.acquireFence();
        }
    }

    /** One row of two vectors. */
    private static void oneRow(
            float[] band, int at, float[] weights, int offset, int strip, float[] x, int from, int terms) {
        int right = LENGTH < STRIP ? LENGTH : strip;
        FloatVector s0 = FloatVector.fromArray(FLOATS, band, at);
        FloatVector s1 = FloatVector.fromArray(FLOATS, band, at + LENGTH);
        for (int k = 0; k < terms; k++) {
            int w = offset + k * STRIP;
            FloatVector term = FloatVector.broadcast(FLOATS, x[from + k * RowTiles.STRIDE]);
            s0 = FloatVector.fromArray(FLOATS, weights, w).fma(term, s0);
            s1 = FloatVector.fromArray(FLOATS, weights, w + right).fma(term, s1);
        }
        s0.intoArray(band, at);
        s1.intoArray(band, at + LENGTH);
    }

    private void gateFunctions(
            GatePanels gates, int panel, StepRows rows, int row, int count, float[] cell, float[] shown) {
        int units = gates.units(panel);
        for (int at = 0; at < count; at++) {
            previous[at] = rows.previous[row + at] * gates.hiddenWidth() + panel * UNITS;
            next[at] = rows.next[row + at] * gates.hiddenWidth() + panel * UNITS;
        }
        if (units == UNITS) {
            states(count, cell, previous, shown, next);
        } else {
            partialStates(count, units, cell, shown);
        }
    }

    /** The seven equations' last two, for the units of a panel: the first four are in the band. */
    private void states(int count, float[] cell, int[] previous, float[] shown, int[] next) {
        VectorGateFunctions.gates(band, count);
        VectorGateFunctions.cellStates(band, count, cell, previous, next);
        VectorGateFunctions.tanhs(cell, next, count, tanhs);
        VectorGateFunctions.hiddenStates(band, count, tanhs, shown, next);
    }

    /** The last panel of a layer whose width is no multiple of a panel's: a vector would reach into the next row of a table. */
    private void partialStates(int count, int units, float[] cell, float[] shown) {
        for (int at = 0; at < count; at++) {
            System.arraycopy(cell, previous[at], partialCell, at * UNITS, units);
        }
        states(count, partialCell, BAND, partialShown, BAND);
        for (int at = 0; at < count; at++) {
            System.arraycopy(partialCell, at * UNITS, cell, next[at], units);
            System.arraycopy(partialShown, at * UNITS, shown, next[at], units);
        }
    }

    @Override
    public void multiply(
            LinearPanels map,
            int firstOutput,
            int outputs,
            float[] input,
            int[] inputOffsets,
            int count,
            float[] result,
            int[] resultOffsets) {
        tiles.begin(count, map.inputs());
        tiles.put(input, inputOffsets);
        for (int done = 0; done < outputs; done += COLUMNS) {
            int panel = (firstOutput + done) / COLUMNS;
            int columns = Math.min(COLUMNS, outputs - done);
            for (int row = 0; row < count; row += BAND_ROWS) {
                int rows = Math.min(BAND_ROWS, count - row);
                for (int at = 0; at < rows; at++) {
                    System.arraycopy(map.bias(), panel * COLUMNS, band, at * COLUMNS, COLUMNS);
                }
                accumulate(map.weights(), panel, row, rows);
                for (int at = 0; at < rows; at++) {
                    System.arraycopy(band, at * COLUMNS, result, resultOffsets[row + at] + done, columns);
                }
            }
        }
    }

    @Override
    public float max(float[] values, int offset, int count) {
        int vectorised = FLOATS.loopBound(count);
        FloatVector largest = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int j = 0; j < vectorised; j += LENGTH) {
            FloatVector value = FloatVector.fromArray(FLOATS, values, offset + j);
            largest = largest.blend(value, value.compare(VectorOperators.GT, largest));
        }
        float max = largest.reduceLanes(VectorOperators.MAX);
        for (int j = vectorised; j < count; j++) {
            max = Math.max(max, values[offset + j]);
        }
        return max + 0f; // never -0, whose sign would depend on the order of comparison
    }

    @Override
    public int countAbove(float[] values, int offset, int count, float threshold) {
        int vectorised = FLOATS.loopBound(count);
        int above = 0;
        for (int j = 0; j < vectorised; j += LENGTH) {
            FloatVector value = FloatVector.fromArray(FLOATS, values, offset + j);
            above += value.compare(VectorOperators.GT, threshold).trueCount();
        }
        for (int j = vectorised; j < count; j++) {
            above += values[offset + j] > threshold ? 1 : 0;
        }
        return above;
    }

    @Override
    public float sumOfExponentials(float[] values, int offset, int count, float max) {
        return VectorGateFunctions.sumOfExponentials(values, offset, count, max, lanes);
    }

    @Override
    public void exponentials(float[] values, int offset, int count, float max, float scale) {
        VectorGateFunctions.exponentials(values, offset, count, max, scale);
    }
}
