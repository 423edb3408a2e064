package sluice.cell.kernel;

import java.util.Arrays;

/**
 * The kernel in plain Java. It runs where the vector module is absent, and its simple loops define the bits that a kernel must give.
 *
 * <p>The inner loops run over the columns of a panel, with a fixed count and no dependence between iterations, so that the
 * JIT compiler can vectorise them. One pass over the columns adds four terms of the chain, in order, which reduces the loads and stores
 * of the sums and changes no bits.
 */
final class ScalarKernel implements Kernel {
    private static final int COLUMNS = LinearPanels.COLUMNS; // of both kinds of panels
    private static final int STRIP = Strips.COLUMNS;
    private static final int TERMS = 4;

    private final float[] tile = new float[COLUMNS]; // sums of one panel
    private final float[] lanes = new float[Softmax.LANES];

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public void step(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] cell, float[] shown) {
        for (int panel = 0; panel < gates.panels(); panel++) {
            for (int row = 0; row < rows.count; row++) {
                preActivations(gates, panel, rows, row, input, hidden);
                gateFunctions(gates, panel, rows, row, cell, shown);
            }
        }
    }

    @Override
    public void preActivations(GatePanels gates, StepRows rows, float[] input, float[] hidden, float[] result) {
        for (int panel = 0; panel < gates.panels(); panel++) {
            for (int row = 0; row < rows.count; row++) {
                preActivations(gates, panel, rows, row, input, hidden);
                System.arraycopy(tile, 0, result, (row * gates.panels() + panel) * COLUMNS, COLUMNS);
            }
        }
    }

    /** {@code tile = U x_t + W h_{t-1} + b}, for one panel of units and one sequence. */
    private void preActivations(GatePanels gates, int panel, StepRows rows, int row, float[] input, float[] hidden) {
        int x = rows.input[row] * gates.inputWidth();
        int h = rows.previous[row] * gates.outputWidth();
        System.arraycopy(gates.start(), gates.startOffset(rows.start[row], panel), tile, 0, COLUMNS);
        accumulate(gates.weights(), panel, 0, input, x, gates.inputWidth());
        accumulate(gates.weights(), panel, gates.inputWidth(), hidden, h, gates.outputWidth());
    }

    private void gateFunctions(GatePanels gates, int panel, StepRows rows, int row, float[] cell, float[] shown) {
        int first = panel * GatePanels.UNITS;
        int previous = rows.previous[row] * gates.hiddenWidth() + first;
        int next = rows.next[row] * gates.hiddenWidth() + first;
        for (int unit = 0; unit < gates.units(panel); unit++) {
            float i = tile[unit];
            float f = tile[GatePanels.UNITS + unit];
            float g = tile[2 * GatePanels.UNITS + unit];
            float o = tile[3 * GatePanels.UNITS + unit];
            float c = GateFunctions.cellState(i, f, g, cell[previous + unit]);
            cell[next + unit] = c;
            shown[next + unit] = GateFunctions.hiddenState(o, c);
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
        for (int done = 0; done < outputs; done += COLUMNS) {
            int panel = (firstOutput + done) / COLUMNS;
            for (int row = 0; row < count; row++) {
                System.arraycopy(map.bias(), panel * COLUMNS, tile, 0, COLUMNS);
                accumulate(map.weights(), panel, 0, input, inputOffsets[row], map.inputs());
                System.arraycopy(tile, 0, result, resultOffsets[row] + done, Math.min(COLUMNS, outputs - done));
            }
        }
    }

    /** {@code tile_j += sum_k weights[first + k][j] * x[at + k]}, each sum one chain in the order of k. */
    private void accumulate(Strips weights, int panel, int first, float[] x, int at, int count) {
        for (int column = 0; column < COLUMNS; column += STRIP) {
            int strip = weights.offset(panel * COLUMNS + column) + first * STRIP;
            accumulate(tile, column, weights.values(), strip, x, at, count);
        }
    }

    private static void accumulate(float[] tile, int column, float[] strip, int offset, float[] x, int at, int count) {
        int k = 0;
        for (; k + TERMS <= count; k += TERMS) {
            int from = offset + k * STRIP;
            fourTerms(tile, column, strip, from, x[at + k], x[at + k + 1], x[at + k + 2], x[at + k + 3]);
        }
        for (; k < count; k++) {
            oneTerm(tile, column, strip, offset + k * STRIP, x[at + k]);
        }
    }

    private static void fourTerms(
            float[] tile, int column, float[] strip, int offset, float a, float b, float c, float d) {
        for (int j = 0; j < STRIP; j++) {
            float sum = Math.fma(strip[offset + j], a, tile[column + j]);
            sum = Math.fma(strip[offset + STRIP + j], b, sum);
            sum = Math.fma(strip[offset + 2 * STRIP + j], c, sum);
            tile[column + j] = Math.fma(strip[offset + 3 * STRIP + j], d, sum);
        }
    }

    private static void oneTerm(float[] tile, int column, float[] strip, int offset, float a) {
        for (int j = 0; j < STRIP; j++) {
            tile[column + j] = Math.fma(strip[offset + j], a, tile[column + j]);
        }
    }

    @Override
    public float max(float[] values, int offset, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int at = offset; at < offset + count; at++) {
            max = Math.max(max, values[at]);
        }
        return max + 0f; // never -0, whose sign would depend on the order of comparison
    }

    @Override
    public int countAbove(float[] values, int offset, int count, float threshold) {
        int above = 0;
        for (int at = offset; at < offset + count; at++) {
            above += values[at] > threshold ? 1 : 0;
        }
        return above;
    }

    @Override
    public float sumOfExponentials(float[] values, int offset, int count, float max) {
        Arrays.fill(lanes, 0);
        for (int j = 0; j < count; j++) {
            lanes[j % Softmax.LANES] += GateFunctions.exp(values[offset + j] - max);
        }
        return Softmax.sumOfLanes(lanes);
    }

    @Override
    public void exponentials(float[] values, int offset, int count, float max, float scale) {
        for (int at = offset; at < offset + count; at++) {
            values[at] = GateFunctions.exp(values[at] - max) * scale;
        }
    }

    @Override
    public void sigmoids(float[] values, int offset, int count) {
        for (int at = offset; at < offset + count; at++) {
            values[at] = GateFunctions.probability(values[at]);
        }
    }
}
