package sluice.cell.kernel;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernel on the Vector API: SIMD without native code. Read this page before a change; {@code cell/bench step} measures its effect.
 *
 * <h2>The tile</h2>
 *
 * <p>The kernel computes {@code z = start + sum_k w_k x_k} for many rows of x and the columns of a panel. A tile is {@value #TILE_ROWS}
 * rows by two vectors of columns. Its twelve sums stay in registers over the whole chain: for each k, two vectors of weights are loaded
 * and multiplied by one number of each row. Twelve independent chains hide the latency of a multiply-add on two ports (eight would be
 * just enough). Twelve sums, two weights and two broadcasts are sixteen registers, so the same shape serves 128, 256 and 512 bits. A
 * term costs eight loads and twelve multiply-adds: four cycles on two load ports, hidden by six cycles on two arithmetic ports.
 *
 * <p>Lanes run over columns, which are outputs, and each sum is one chain in the order of k. So the result depends neither on the vector
 * width nor on the tile nor on the other rows, and equals that of {@link ScalarKernel} bit for bit.
 *
 * <h2>Memory layout</h2>
 *
 * <p>Weights are packed in {@linkplain Strips strips} of one cache line and rows in {@linkplain RowTiles tiles}, so that both are read
 * sequentially. A panel has 64 columns. A band of {@value #BAND_ROWS} rows is multiplied with it strip by strip: the strip stays in the
 * L1 cache for all tiles of the band (16 KiB for 256 terms), and the panel stays in the L2 cache for all bands (64 KiB). Rows are packed
 * once for all panels, {@value #PACKED_ROWS} at a time. A wide layer's weights come from memory or the L3 cache once for all packed
 * rows, so a step should have a few hundred rows.
 *
 * <p>The sums of a band take 6 KiB of scratch. The gate functions read them while they are in the L1 cache, so that pre-activations are
 * never written to memory as a whole. A unit takes five exponentials and two divisions. They are a fifth of a step's time at H = 64 and
 * a twentieth at H = 256, because the length of the chains grows with H.
 *
 * <h2>The JIT compiler (C2)</h2>
 *
 * <ul>
 *   <li>C2 stops inlining at a budget of nodes ({@code NodeCountInliningCutoff} in {@code -XX:+PrintInlining}), and a vector that is
 *       passed to a call that is not inlined is boxed, which is ten times slower and makes garbage. So a tile only multiplies and
 *       stores, and each gate function is a method with one loop and at most one exponential. Such a loop also lets the processor
 *       overlap the chains of many rows; with one call per row it would wait for the end of each chain.
 *   <li>C2 schedules the loads of a loop as early as possible. To free registers, it spills sums to the stack and reloads them in each
 *       iteration, which halves the speed. {@link #orderLoads} keeps the load of each row after that of the row before. With 32
 *       registers it does nothing.
 *   <li>C2 removes bounds checks from a loop whose limit is known before the loop and whose indexes are multiples of its counter; the
 *       condition {@code k + 2 <= terms} would keep them. C2 does not unroll so large a body, so two terms are written out, and an odd
 *       last term is left to {@link #lastTerm}.
 * </ul>
 */
final class VectorKernel implements Kernel {
    private static final VectorSpecies<Float> FLOATS = VectorGateFunctions.FLOATS;
    private static final VectorSpecies<Integer> INTS = FLOATS.vectorShape().withLanes(int.class);
    private static final int MAGNITUDE = GateFunctions.MAGNITUDE;
    private static final int LENGTH = FLOATS.length();
    private static final int COLUMNS = LinearPanels.COLUMNS; // of both kinds of panels
    private static final int UNITS = GatePanels.UNITS;
    private static final int STRIP = Strips.COLUMNS;
    private static final int TILE_ROWS = RowTiles.ROWS;
    private static final int BAND_ROWS = 4 * TILE_ROWS;
    private static final int PACKED_ROWS = 16 * BAND_ROWS;
    private static final int FEW_ROWS = 2; // up to this many rows, two single rows are faster than a padded tile

    /** Whether there are 16 vector registers, not 32. */
    private static final boolean FEW_REGISTERS =
            FLOATS.vectorBitSize() < 512 && Set.of("amd64", "x86_64").contains(System.getProperty("os.arch"));

    /** Offsets of a band's rows in a scratch array of one panel's units. */
    private static final int[] BAND =
            IntStream.range(0, BAND_ROWS).map(row -> row * UNITS).toArray();

    private final float[] band = new float[BAND_ROWS * COLUMNS]; // sums of one panel
    private final RowTiles tiles = new RowTiles();
    private final int[] starts = new int[BAND_ROWS]; // offset of each row's chain start
    private final int[] previous = new int[BAND_ROWS]; // offset at which each row reads its cell states
    private final int[] next = new int[BAND_ROWS]; // offset at which it writes its states
    private final float[] tanhs = new float[BAND_ROWS * UNITS];
    private final float[] partialCell = new float[BAND_ROWS * UNITS]; // for a panel with fewer units
    private final float[] partialShown = new float[BAND_ROWS * UNITS];
    private final float[] lanes = new float[Softmax.LANES];

    @Override
    public String name() {
        return "vector";
    }

    /** Number of floats in a vector on this machine. */
    static int lanes() {
        return LENGTH;
    }

    @Override
    public void step(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] cell, float[] shown) {
        for (int row = 0; row < rows.count; row += PACKED_ROWS) {
            int count = Math.min(PACKED_ROWS, rows.count - row);
            pack(gates, rows, row, count, input, hidden);
            int first = count == 1 ? pairsOfPanels(gates, rows, row, cell, shown) : 0;
            for (int panel = first; panel < gates.panels(); panel++) {
                for (int packed = 0; packed < count; packed += BAND_ROWS) {
                    int banded = Math.min(BAND_ROWS, count - packed);
                    preActivations(gates, panel, rows, row + packed, packed, banded);
                    gateFunctions(gates, panel, rows, row + packed, banded, cell, shown);
                }
            }
        }
    }

    /**
     * A step of one sequence, for two panels at a time, which take the places of two rows in the band.
     *
     * @return number of panels that are computed: all pairs without padding
     */
    private int pairsOfPanels(GatePanels gates, StepRows rows, int row, float[] cell, float[] shown) {
        int panel = 0;
        for (; panel + 1 < gates.panels() && gates.units(panel + 1) == UNITS; panel += 2) {
            for (int at = 0; at < 2; at++) {
                starts[at] = gates.startOffset(rows.start[row], panel + at);
                previous[at] = rows.previous[row] * gates.hiddenWidth() + (panel + at) * UNITS;
                next[at] = rows.next[row] * gates.hiddenWidth() + (panel + at) * UNITS;
            }
            accumulatePair(gates.start(), gates.weights(), panel);
            states(2, cell, previous, shown, next);
        }
        return panel;
    }

    @Override
    public void preActivations(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] result) {
        for (int row = 0; row < rows.count; row += PACKED_ROWS) {
            int count = Math.min(PACKED_ROWS, rows.count - row);
            pack(gates, rows, row, count, input, hidden);
            for (int panel = 0; panel < gates.panels(); panel++) {
                for (int packed = 0; packed < count; packed += BAND_ROWS) {
                    int banded = Math.min(BAND_ROWS, count - packed);
                    preActivations(gates, panel, rows, row + packed, packed, banded);
                    for (int at = 0; at < banded; at++) {
                        int to = ((row + packed + at) * gates.panels() + panel) * COLUMNS;
                        System.arraycopy(band, at * COLUMNS, result, to, COLUMNS);
                    }
                }
            }
        }
    }

    private void pack(GatePanels gates, StepRows rows, int row, int count, float[] input, float[] hidden) {
        tiles.begin(count, gates.inputWidth() + gates.outputWidth());
        tiles.put(0, input, rows.input, row, gates.inputWidth());
        tiles.put(gates.inputWidth(), hidden, rows.previous, row, gates.outputWidth());
    }

    /** {@code band = U x_t + W h_{t-1} + b}, for one panel of units and a band of sequences. */
    private void preActivations(GatePanels gates, int panel, StepRows rows, int row, int packed, int count) {
        for (int at = 0; at < count; at++) {
            starts[at] = gates.startOffset(rows.start[row + at], panel);
        }
        accumulate(gates.start(), gates.weights(), panel, COLUMNS, packed, count);
    }

    /**
     * {@code band[r][j] = start[starts[r] + j] + sum_k weights[k][j] * tiles[packed + r][k]}, each sum one chain in the order of k, for
     * the first {@code columns} columns of a panel, rounded up to the width of a tile.
     */
    private void accumulate(float[] start, Strips weights, int panel, int columns, int packed, int count) {
        int tiled = count % TILE_ROWS <= FEW_ROWS ? count - count % TILE_ROWS : count;
        int terms = tiles.terms();
        int pairs = terms & ~1;
        for (int at = count; at < count + TILE_ROWS && at < BAND_ROWS; at++) {
            starts[at] = starts[count - 1]; // padding rows of the last tile
        }
        for (int column = 0; column < columns; column += 2 * LENGTH) {
            int left = weights.offset(panel * COLUMNS + column);
            for (int r = 0; r < tiled; r += TILE_ROWS) {
                sixRows(
                        start,
                        starts,
                        r,
                        column,
                        band,
                        weights.values(),
                        left,
                        weights.size(),
                        tiles.values(),
                        tiles.offset(packed + r),
                        pairs);
            }
            for (int r = 0; r < tiled && pairs < terms; r++) {
                int from = tiles.offset(packed + r) + pairs * RowTiles.STRIDE;
                int at = r * COLUMNS + column;
                lastTerm(band, at, weights.values(), left + pairs * STRIP, weights.size(), tiles.values()[from]);
            }
        }
        for (int column = 0; column < columns && tiled < count; column += 4 * LENGTH) {
            int first = panel * COLUMNS + column;
            twoRows(
                    start,
                    starts[tiled] + column,
                    starts[tiled + 1] + column,
                    band,
                    tiled * COLUMNS + column,
                    weights.values(),
                    weights.offset(first),
                    weights.offset(first + LENGTH),
                    weights.offset(first + 2 * LENGTH),
                    weights.offset(first + 3 * LENGTH),
                    tiles.values(),
                    tiles.offset(packed + tiled),
                    terms);
        }
    }

    /** {@link #accumulate} for the only packed row and two panels: {@code band[p][j] = start[starts[p] + j] + ...}. */
    private void accumulatePair(float[] start, Strips weights, int panel) {
        for (int column = 0; column < COLUMNS; column += 4 * LENGTH) {
            int left = panel * COLUMNS + column;
            int right = left + COLUMNS;
            oneRow(
                    start,
                    starts[0] + column,
                    starts[1] + column,
                    band,
                    column,
                    weights.values(),
                    weights.offset(left),
                    weights.offset(left + LENGTH),
                    weights.offset(left + 2 * LENGTH),
                    weights.offset(left + 3 * LENGTH),
                    weights.offset(right) - weights.offset(left),
                    tiles.values(),
                    tiles.offset(0),
                    tiles.terms());
        }
    }

    /** A tile: six rows of two vectors, for an even number of terms. */
    private static void sixRows(
            float[] start,
            int[] starts,
            int row,
            int column,
            float[] band,
            float[] weights,
            int offset,
            int strip,
            float[] x,
            int from,
            int terms) {
        int right = LENGTH < STRIP ? LENGTH : strip;
        FloatVector a0 = FloatVector.fromArray(FLOATS, start, starts[row] + column);
        FloatVector a1 = FloatVector.fromArray(FLOATS, start, starts[row] + column + LENGTH);
        FloatVector b0 = FloatVector.fromArray(FLOATS, start, starts[row + 1] + column);
        FloatVector b1 = FloatVector.fromArray(FLOATS, start, starts[row + 1] + column + LENGTH);
        FloatVector c0 = FloatVector.fromArray(FLOATS, start, starts[row + 2] + column);
        FloatVector c1 = FloatVector.fromArray(FLOATS, start, starts[row + 2] + column + LENGTH);
        FloatVector d0 = FloatVector.fromArray(FLOATS, start, starts[row + 3] + column);
        FloatVector d1 = FloatVector.fromArray(FLOATS, start, starts[row + 3] + column + LENGTH);
        FloatVector e0 = FloatVector.fromArray(FLOATS, start, starts[row + 4] + column);
        FloatVector e1 = FloatVector.fromArray(FLOATS, start, starts[row + 4] + column + LENGTH);
        FloatVector f0 = FloatVector.fromArray(FLOATS, start, starts[row + 5] + column);
        FloatVector f1 = FloatVector.fromArray(FLOATS, start, starts[row + 5] + column + LENGTH);
        for (int k = 0; k < terms; k += 2) {
            int w = offset + k * STRIP;
            int r = from + k * RowTiles.STRIDE;
            FloatVector w0 = FloatVector.fromArray(FLOATS, weights, w);
            FloatVector w1 = FloatVector.fromArray(FLOATS, weights, w + right);
            FloatVector term = FloatVector.broadcast(FLOATS, x[r]);
            a0 = w0.fma(term, a0);
            a1 = w1.fma(term, a1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + 1]);
            b0 = w0.fma(term, b0);
            b1 = w1.fma(term, b1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + 2]);
            c0 = w0.fma(term, c0);
            c1 = w1.fma(term, c1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + 3]);
            d0 = w0.fma(term, d0);
            d1 = w1.fma(term, d1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + 4]);
            e0 = w0.fma(term, e0);
            e1 = w1.fma(term, e1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + 5]);
            f0 = w0.fma(term, f0);
            f1 = w1.fma(term, f1);
            orderLoads();
            w0 = FloatVector.fromArray(FLOATS, weights, w + STRIP);
            w1 = FloatVector.fromArray(FLOATS, weights, w + STRIP + right);
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE]);
            a0 = w0.fma(term, a0);
            a1 = w1.fma(term, a1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 1]);
            b0 = w0.fma(term, b0);
            b1 = w1.fma(term, b1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 2]);
            c0 = w0.fma(term, c0);
            c1 = w1.fma(term, c1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 3]);
            d0 = w0.fma(term, d0);
            d1 = w1.fma(term, d1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 4]);
            e0 = w0.fma(term, e0);
            e1 = w1.fma(term, e1);
            orderLoads();
            term = FloatVector.broadcast(FLOATS, x[r + RowTiles.STRIDE + 5]);
            f0 = w0.fma(term, f0);
            f1 = w1.fma(term, f1);
        }
        int at = row * COLUMNS + column;
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

    /** Keeps the compiler from moving later loads before earlier ones. On x86 the fence takes no instruction. */
    private static void orderLoads() {
        if (FEW_REGISTERS) {
            VarHandle.acquireFence();
        }
    }

    /** Adds one term to one row of two vectors. */
    private static void lastTerm(float[] band, int at, float[] weights, int offset, int strip, float x) {
        int right = LENGTH < STRIP ? LENGTH : strip;
        FloatVector term = FloatVector.broadcast(FLOATS, x);
        FloatVector s0 = FloatVector.fromArray(FLOATS, band, at);
        FloatVector s1 = FloatVector.fromArray(FLOATS, band, at + LENGTH);
        FloatVector.fromArray(FLOATS, weights, offset).fma(term, s0).intoArray(band, at);
        FloatVector.fromArray(FLOATS, weights, offset + right).fma(term, s1).intoArray(band, at + LENGTH);
    }

    /**
     * Two rows of four vectors: eight chains, for one or two rows, for which a tile would be too large. A single row uses it for the panels
     * that {@link #oneRow} leaves. Each vector's weights have their own offset.
     */
    private static void twoRows(
            float[] start,
            int startA,
            int startB,
            float[] band,
            int at,
            float[] weights,
            int offset0,
            int offset1,
            int offset2,
            int offset3,
            float[] x,
            int from,
            int terms) {
        FloatVector a0 = FloatVector.fromArray(FLOATS, start, startA);
        FloatVector a1 = FloatVector.fromArray(FLOATS, start, startA + LENGTH);
        FloatVector a2 = FloatVector.fromArray(FLOATS, start, startA + 2 * LENGTH);
        FloatVector a3 = FloatVector.fromArray(FLOATS, start, startA + 3 * LENGTH);
        FloatVector b0 = FloatVector.fromArray(FLOATS, start, startB);
        FloatVector b1 = FloatVector.fromArray(FLOATS, start, startB + LENGTH);
        FloatVector b2 = FloatVector.fromArray(FLOATS, start, startB + 2 * LENGTH);
        FloatVector b3 = FloatVector.fromArray(FLOATS, start, startB + 3 * LENGTH);
        for (int k = 0; k < terms; k++) {
            int w = k * STRIP;
            int r = from + k * RowTiles.STRIDE;
            FloatVector a = FloatVector.broadcast(FLOATS, x[r]);
            FloatVector b = FloatVector.broadcast(FLOATS, x[r + 1]);
            FloatVector column = FloatVector.fromArray(FLOATS, weights, offset0 + w);
            a0 = column.fma(a, a0);
            b0 = column.fma(b, b0);
            column = FloatVector.fromArray(FLOATS, weights, offset1 + w);
            a1 = column.fma(a, a1);
            b1 = column.fma(b, b1);
            column = FloatVector.fromArray(FLOATS, weights, offset2 + w);
            a2 = column.fma(a, a2);
            b2 = column.fma(b, b2);
            column = FloatVector.fromArray(FLOATS, weights, offset3 + w);
            a3 = column.fma(a, a3);
            b3 = column.fma(b, b3);
        }
        a0.intoArray(band, at);
        a1.intoArray(band, at + LENGTH);
        a2.intoArray(band, at + 2 * LENGTH);
        a3.intoArray(band, at + 3 * LENGTH);
        b0.intoArray(band, at + COLUMNS);
        b1.intoArray(band, at + COLUMNS + LENGTH);
        b2.intoArray(band, at + COLUMNS + 2 * LENGTH);
        b3.intoArray(band, at + COLUMNS + 3 * LENGTH);
    }

    /**
     * One row of four vectors of two panels: eight chains. With the two rows of {@link #twoRows}, one of them padding, half of the
     * multiply-adds would be in vain.
     *
     * @param apart distance from the weights of the left panel to those of the right one
     */
    private static void oneRow(
            float[] start,
            int startA,
            int startB,
            float[] band,
            int at,
            float[] weights,
            int offset0,
            int offset1,
            int offset2,
            int offset3,
            int apart,
            float[] x,
            int from,
            int terms) {
        FloatVector a0 = FloatVector.fromArray(FLOATS, start, startA);
        FloatVector a1 = FloatVector.fromArray(FLOATS, start, startA + LENGTH);
        FloatVector a2 = FloatVector.fromArray(FLOATS, start, startA + 2 * LENGTH);
        FloatVector a3 = FloatVector.fromArray(FLOATS, start, startA + 3 * LENGTH);
        FloatVector b0 = FloatVector.fromArray(FLOATS, start, startB);
        FloatVector b1 = FloatVector.fromArray(FLOATS, start, startB + LENGTH);
        FloatVector b2 = FloatVector.fromArray(FLOATS, start, startB + 2 * LENGTH);
        FloatVector b3 = FloatVector.fromArray(FLOATS, start, startB + 3 * LENGTH);
        for (int k = 0; k < terms; k++) {
            int w = k * STRIP;
            FloatVector term = FloatVector.broadcast(FLOATS, x[from + k * RowTiles.STRIDE]);
            a0 = FloatVector.fromArray(FLOATS, weights, offset0 + w).fma(term, a0);
            a1 = FloatVector.fromArray(FLOATS, weights, offset1 + w).fma(term, a1);
            a2 = FloatVector.fromArray(FLOATS, weights, offset2 + w).fma(term, a2);
            a3 = FloatVector.fromArray(FLOATS, weights, offset3 + w).fma(term, a3);
            b0 = FloatVector.fromArray(FLOATS, weights, offset0 + apart + w).fma(term, b0);
            b1 = FloatVector.fromArray(FLOATS, weights, offset1 + apart + w).fma(term, b1);
            b2 = FloatVector.fromArray(FLOATS, weights, offset2 + apart + w).fma(term, b2);
            b3 = FloatVector.fromArray(FLOATS, weights, offset3 + apart + w).fma(term, b3);
        }
        a0.intoArray(band, at);
        a1.intoArray(band, at + LENGTH);
        a2.intoArray(band, at + 2 * LENGTH);
        a3.intoArray(band, at + 3 * LENGTH);
        b0.intoArray(band, at + COLUMNS);
        b1.intoArray(band, at + COLUMNS + LENGTH);
        b2.intoArray(band, at + COLUMNS + 2 * LENGTH);
        b3.intoArray(band, at + COLUMNS + 3 * LENGTH);
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

    /** Cell and hidden states of a panel's units, from the pre-activations in the band. */
    private void states(int count, float[] cell, int[] previous, float[] shown, int[] next) {
        VectorGateFunctions.gates(band, count);
        VectorGateFunctions.cellStates(band, count, cell, previous, next);
        VectorGateFunctions.tanhs(cell, next, count, tanhs);
        VectorGateFunctions.hiddenStates(band, count, tanhs, shown, next);
    }

    /** States of a panel with fewer units, by way of scratch: a whole vector would reach into the next row of a table. */
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
        for (int row = 0; row < count; row += PACKED_ROWS) {
            int packed = Math.min(PACKED_ROWS, count - row);
            tiles.begin(packed, map.inputs());
            tiles.put(input, inputOffsets, row);
            int pairs = packed == 1 ? outputs / (2 * COLUMNS) : 0;
            for (int pair = 0; pair < pairs; pair++) {
                int panel = firstOutput / COLUMNS + 2 * pair;
                starts[0] = panel * COLUMNS;
                starts[1] = starts[0] + COLUMNS;
                accumulatePair(map.bias(), map.weights(), panel);
                System.arraycopy(band, 0, result, resultOffsets[row] + 2 * pair * COLUMNS, 2 * COLUMNS);
            }
            for (int done = 2 * pairs * COLUMNS; done < outputs; done += COLUMNS) {
                int panel = (firstOutput + done) / COLUMNS;
                multiply(map, panel, packed, result, resultOffsets, row, done, Math.min(COLUMNS, outputs - done));
            }
        }
    }

    /** Computes the outputs of one panel for the packed rows. */
    private void multiply(
            LinearPanels map, int panel, int packed, float[] result, int[] offsets, int row, int done, int columns) {
        for (int first = 0; first < packed; first += BAND_ROWS) {
            int count = Math.min(BAND_ROWS, packed - first);
            Arrays.fill(starts, 0, count, panel * COLUMNS);
            accumulate(map.bias(), map.weights(), panel, columns, first, count);
            for (int at = 0; at < count; at++) {
                System.arraycopy(band, at * COLUMNS, result, offsets[row + first + at] + done, columns);
            }
        }
    }

    @Override
    public float max(float[] values, int offset, int count) {
        int vectorised = FLOATS.loopBound(count);
        IntVector largest = IntVector.broadcast(INTS, Integer.MIN_VALUE);
        for (int j = 0; j < vectorised; j += LENGTH) {
            largest = largest.max(ordered(FloatVector.fromArray(FLOATS, values, offset + j)));
        }
        int bits = largest.reduceLanes(VectorOperators.MAX);
        float max = vectorised == 0 ? Float.NEGATIVE_INFINITY : Float.intBitsToFloat(bits ^ (bits >> 31 & MAGNITUDE));
        for (int j = vectorised; j < count; j++) {
            max = Math.max(max, values[offset + j]);
        }
        return max + 0f; // never -0: its sign would depend on the order of comparison
    }

    /**
     * Bits in the order of the numbers. A maximum of integers takes one cycle; one of floats takes a comparison and a blend, and each would
     * wait for the one before.
     */
    private static IntVector ordered(FloatVector value) {
        IntVector bits = value.reinterpretAsInts();
        return bits.lanewise(VectorOperators.ASHR, 31).and(MAGNITUDE).lanewise(VectorOperators.XOR, bits);
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

    @Override
    public void sigmoids(float[] values, int offset, int count) {
        VectorGateFunctions.probabilities(values, offset, count);
    }
}
