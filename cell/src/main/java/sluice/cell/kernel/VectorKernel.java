package sluice.cell.kernel;

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
    private static final int TILE_ROWS = 6;
    private static final int BAND_ROWS = 4 * TILE_ROWS;
    private static final int FEW_ROWS = 2; // so few that rows alone are faster than a tile that is filled up

    private final float[] band = new float[BAND_ROWS * COLUMNS]; // sums of one panel
    private final int[] offsets = new int[BAND_ROWS]; // where each row of the band reads
    private final float[] partial = new float[3 * UNITS]; // the units of a panel that isn't full

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
        for (int panel = 0; panel < gates.panels(); panel++) {
            for (int row = 0; row < rows.count; row += BAND_ROWS) {
                int count = Math.min(BAND_ROWS, rows.count - row);
                preActivations(gates, panel, rows, row, count, input, hidden);
                gateFunctions(gates, panel, rows, row, count, cell, shown);
            }
        }
    }

    /** {@code band = U x_t + W h_{t-1} + b}, for one panel of units and a band of sequences. */
    private void preActivations(
            GatePanels gates, int panel, StepRows rows, int row, int count, float[] input, float[] hidden) {
        for (int at = 0; at < count; at++) {
            int start = gates.startOffset(rows.start[row + at], panel);
            System.arraycopy(gates.start(), start, band, at * COLUMNS, COLUMNS);
        }
        int weights = gates.weightsOffset(panel);
        if (gates.inputWidth() > 0) {
            for (int at = 0; at < count; at++) {
                offsets[at] = rows.input[row + at] * gates.inputWidth();
            }
            accumulate(gates.weights(), weights, input, count, gates.inputWidth());
        }
        for (int at = 0; at < count; at++) {
            offsets[at] = rows.previous[row + at] * gates.outputWidth();
        }
        accumulate(gates.weights(), weights + gates.inputWidth() * COLUMNS, hidden, count, gates.outputWidth());
    }

    /** {@code band[row][j] += sum_k weights[k][j] * x[offsets[row] + k]}, each sum one chain in the order of k. */
    private void accumulate(float[] weights, int offset, float[] x, int count, int terms) {
        int tiled = count % TILE_ROWS <= FEW_ROWS ? count - count % TILE_ROWS : count;
        for (int column = 0; column < COLUMNS; column += 2 * LENGTH) {
            for (int row = 0; row < tiled; row += TILE_ROWS) {
                tile(weights, offset + column, x, row, column, tiled, terms);
            }
        }
        for (int row = tiled; row < count; row++) {
            for (int column = 0; column < COLUMNS; column += 4 * LENGTH) {
                oneRow(band, row * COLUMNS + column, weights, offset + column, x, offsets[row], terms);
            }
        }
    }

    /** A tile; one that isn't full computes its last row again and again, which changes nothing. */
    private void tile(float[] weights, int offset, float[] x, int row, int column, int rows, int terms) {
        int last = rows - 1;
        int b = Math.min(row + 1, last);
        int c = Math.min(row + 2, last);
        int d = Math.min(row + 3, last);
        int e = Math.min(row + 4, last);
        int f = Math.min(row + 5, last);
        sixRows(
                band,
                row,
                b,
                c,
                d,
                e,
                f,
                column,
                weights,
                offset,
                x,
                offsets[row],
                offsets[b],
                offsets[c],
                offsets[d],
                offsets[e],
                offsets[f],
                terms);
    }

    private static void sixRows(
            float[] band,
            int rowA,
            int rowB,
            int rowC,
            int rowD,
            int rowE,
            int rowF,
            int column,
            float[] weights,
            int offset,
            float[] x,
            int a,
            int b,
            int c,
            int d,
            int e,
            int f,
            int terms) {
        FloatVector a0 = sums(band, rowA, column);
        FloatVector a1 = sums(band, rowA, column + LENGTH);
        FloatVector b0 = sums(band, rowB, column);
        FloatVector b1 = sums(band, rowB, column + LENGTH);
        FloatVector c0 = sums(band, rowC, column);
        FloatVector c1 = sums(band, rowC, column + LENGTH);
        FloatVector d0 = sums(band, rowD, column);
        FloatVector d1 = sums(band, rowD, column + LENGTH);
        FloatVector e0 = sums(band, rowE, column);
        FloatVector e1 = sums(band, rowE, column + LENGTH);
        FloatVector f0 = sums(band, rowF, column);
        FloatVector f1 = sums(band, rowF, column + LENGTH);
        int at = offset;
        for (int k = 0; k < terms; k++, at += COLUMNS) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, weights, at);
            FloatVector w1 = FloatVector.fromArray(FLOATS, weights, at + LENGTH);
            FloatVector term = FloatVector.broadcast(FLOATS, x[a + k]);
            a0 = w0.fma(term, a0);
            a1 = w1.fma(term, a1);
            term = FloatVector.broadcast(FLOATS, x[b + k]);
            b0 = w0.fma(term, b0);
            b1 = w1.fma(term, b1);
            term = FloatVector.broadcast(FLOATS, x[c + k]);
            c0 = w0.fma(term, c0);
            c1 = w1.fma(term, c1);
            term = FloatVector.broadcast(FLOATS, x[d + k]);
            d0 = w0.fma(term, d0);
            d1 = w1.fma(term, d1);
            term = FloatVector.broadcast(FLOATS, x[e + k]);
            e0 = w0.fma(term, e0);
            e1 = w1.fma(term, e1);
            term = FloatVector.broadcast(FLOATS, x[f + k]);
            f0 = w0.fma(term, f0);
            f1 = w1.fma(term, f1);
        }
        store(a0, a1, band, rowA, column);
        store(b0, b1, band, rowB, column);
        store(c0, c1, band, rowC, column);
        store(d0, d1, band, rowD, column);
        store(e0, e1, band, rowE, column);
        store(f0, f1, band, rowF, column);
    }

    private static FloatVector sums(float[] band, int row, int column) {
        return FloatVector.fromArray(FLOATS, band, row * COLUMNS + column);
    }

    private static void store(FloatVector left, FloatVector right, float[] band, int row, int column) {
        left.intoArray(band, row * COLUMNS + column);
        right.intoArray(band, row * COLUMNS + column + LENGTH);
    }

    /** One row by four vectors of columns. */
    private static void oneRow(float[] band, int at, float[] weights, int offset, float[] x, int from, int terms) {
        FloatVector s0 = FloatVector.fromArray(FLOATS, band, at);
        FloatVector s1 = FloatVector.fromArray(FLOATS, band, at + LENGTH);
        FloatVector s2 = FloatVector.fromArray(FLOATS, band, at + 2 * LENGTH);
        FloatVector s3 = FloatVector.fromArray(FLOATS, band, at + 3 * LENGTH);
        int w = offset;
        for (int k = 0; k < terms; k++, w += COLUMNS) {
            FloatVector term = FloatVector.broadcast(FLOATS, x[from + k]);
            s0 = FloatVector.fromArray(FLOATS, weights, w).fma(term, s0);
            s1 = FloatVector.fromArray(FLOATS, weights, w + LENGTH).fma(term, s1);
            s2 = FloatVector.fromArray(FLOATS, weights, w + 2 * LENGTH).fma(term, s2);
            s3 = FloatVector.fromArray(FLOATS, weights, w + 3 * LENGTH).fma(term, s3);
        }
        s0.intoArray(band, at);
        s1.intoArray(band, at + LENGTH);
        s2.intoArray(band, at + 2 * LENGTH);
        s3.intoArray(band, at + 3 * LENGTH);
    }

    private void gateFunctions(
            GatePanels gates, int panel, StepRows rows, int row, int count, float[] cell, float[] shown) {
        int units = gates.units(panel);
        int first = panel * UNITS;
        VectorGateFunctions.gates(band, count);
        for (int at = 0; at < count; at++) {
            int previous = rows.previous[row + at] * gates.hiddenWidth() + first;
            int next = rows.next[row + at] * gates.hiddenWidth() + first;
            if (units == UNITS) {
                VectorGateFunctions.cellStates(band, at * COLUMNS, cell, previous, cell, next);
                VectorGateFunctions.hiddenStates(band, at * COLUMNS, cell, next, shown, next);
            } else {
                partialUnits(at * COLUMNS, units, cell, previous, shown, next);
            }
        }
    }

    /** The last panel of a layer whose width is no multiple of a panel's: its row of a table is shorter than a vector. */
    private void partialUnits(int row, int units, float[] cell, int previous, float[] shown, int next) {
        System.arraycopy(cell, previous, partial, 0, units);
        VectorGateFunctions.cellStates(band, row, partial, 0, partial, UNITS);
        VectorGateFunctions.hiddenStates(band, row, partial, UNITS, partial, 2 * UNITS);
        System.arraycopy(partial, UNITS, cell, next, units);
        System.arraycopy(partial, 2 * UNITS, shown, next, units);
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
        for (int done = 0; done < outputs; done += COLUMNS) {
            int panel = (firstOutput + done) / COLUMNS;
            int columns = Math.min(COLUMNS, outputs - done);
            for (int row = 0; row < count; row += BAND_ROWS) {
                int rows = Math.min(BAND_ROWS, count - row);
                for (int at = 0; at < rows; at++) {
                    System.arraycopy(map.bias(), panel * COLUMNS, band, at * COLUMNS, COLUMNS);
                    offsets[at] = inputOffsets[row + at];
                }
                accumulate(map.weights(), map.weightsOffset(panel), input, rows, map.inputs());
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
        return VectorGateFunctions.sumOfExponentials(values, offset, count, max, partial);
    }

    @Override
    public void exponentials(float[] values, int offset, int count, float max, float scale) {
        VectorGateFunctions.exponentials(values, offset, count, max, scale);
    }
}
