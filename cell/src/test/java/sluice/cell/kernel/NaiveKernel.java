package sluice.cell.kernel;

import sluice.cell.model.CellVariant;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;

/**
 * A naive kernel: one value at a time, from the model's own matrices, in the order of operations that the package page defines. It has
 * no panels, tiles or scratch.
 */
final class NaiveKernel {
    /** Limit of a variant's state; a larger one is an overflow. */
    static final float LIMIT = 0x1p40f;

    private NaiveKernel() {}

    static void step(
            LstmDirection direction,
            boolean oneHot,
            StepRows rows,
            float[] input,
            float[] hidden,
            float[] cell,
            float[] shown) {
        int width = direction.hiddenWidth();
        for (int row = 0; row < rows.count; row++) {
            int x = rows.input[row] * direction.inputWidth();
            int h = rows.previous[row] * direction.outputWidth();
            for (int unit = 0; unit < width; unit++) {
                float[] z = new float[Gate.COUNT];
                for (int gate = 0; gate < Gate.COUNT; gate++) {
                    int at = gate * width + unit;
                    z[gate] = direction.bias()[at];
                    z[gate] = oneHot
                            ? z[gate] + direction.inputWeights().at(at, rows.start[row])
                            : chain(z[gate], direction.inputWeights(), at, input, x);
                    z[gate] = chain(z[gate], direction.hiddenWeights(), at, hidden, h);
                }
                float before = cell[rows.previous[row] * width + unit];
                float[] after = direction.variant().isPlain() ? plain(z, before) : variant(direction, unit, z, before);
                cell[rows.next[row] * width + unit] = after[0];
                shown[rows.next[row] * width + unit] = after[1];
            }
        }
    }

    /** i, f, g and o of one sequence after its step, each of width H. */
    static float[] gates(LstmDirection direction, StepRows rows, int row, float[] input, float[] hidden, float[] cell) {
        int width = direction.hiddenWidth();
        CellVariant variant = direction.variant();
        float[] all = preActivations(direction, rows, row, input, hidden);
        for (int unit = 0; unit < width; unit++) {
            float[] z = {all[unit], all[width + unit], all[2 * width + unit], all[3 * width + unit]};
            float before = cell[rows.previous[row] * width + unit];
            float after = cell[rows.next[row] * width + unit];
            float[] gates = variant.isPlain()
                    ? new float[] {
                        GateFunctions.sigmoid(z[0]),
                        GateFunctions.sigmoid(z[1]),
                        GateFunctions.tanh(z[2]),
                        GateFunctions.sigmoid(z[3])
                    }
                    : gates(direction, unit, z, before, after);
            for (int gate = 0; gate < Gate.COUNT; gate++) {
                all[gate * width + unit] = gates[gate];
            }
        }
        return all;
    }

    private static float[] gates(LstmDirection direction, int unit, float[] z, float before, float after) {
        CellVariant variant = direction.variant();
        CellVariant.Peepholes seen = variant.peepholes().orElse(null);
        ActivationFunction gate = new ActivationFunction(variant.gate());
        float zi = seen == null ? z[0] : Math.fma(seen.input()[unit], before, z[0]);
        float zf = seen == null ? z[1] : Math.fma(seen.forget()[unit], before, z[1]);
        float zo = seen == null ? z[3] : Math.fma(seen.output()[unit], after, z[3]);
        float i = gate.of(clipped(zi, variant.clip()));
        return new float[] {
            i,
            variant.coupled() ? 1 - i : gate.of(clipped(zf, variant.clip())),
            new ActivationFunction(variant.candidate()).of(clipped(z[2], variant.clip())),
            gate.of(clipped(zo, variant.clip()))
        };
    }

    private static float[] plain(float[] z, float before) {
        float c = GateFunctions.cellState(z[0], z[1], z[2], before);
        return new float[] {c, GateFunctions.hiddenState(z[3], c)};
    }

    private static float[] variant(LstmDirection direction, int unit, float[] z, float before) {
        CellVariant variant = direction.variant();
        CellVariant.Peepholes seen = variant.peepholes().orElse(null);
        ActivationFunction gate = new ActivationFunction(variant.gate());
        float zi = seen == null ? z[0] : Math.fma(seen.input()[unit], before, z[0]);
        float zf = seen == null ? z[1] : Math.fma(seen.forget()[unit], before, z[1]);
        float i = gate.of(clipped(zi, variant.clip()));
        float f = variant.coupled() ? 1 - i : gate.of(clipped(zf, variant.clip()));
        float g = new ActivationFunction(variant.candidate()).of(clipped(z[2], variant.clip()));
        float c = Math.fma(f, before, i * g);
        float zo = seen == null ? z[3] : Math.fma(seen.output()[unit], c, z[3]);
        float o = gate.of(clipped(zo, variant.clip()));
        float shown = o * new ActivationFunction(variant.output()).of(c);
        boolean overflown = !(Math.abs(c) <= LIMIT) || !(Math.abs(shown) <= LIMIT);
        return overflown ? new float[] {Float.NaN, 0} : new float[] {c, shown};
    }

    private static float clipped(float z, float clip) {
        return Math.abs(z) <= clip ? z : Math.copySign(clip, z);
    }

    /** Pre-activations of one sequence, {@code (4H)} in the model's order. */
    static float[] preActivations(LstmDirection direction, StepRows rows, int row, float[] input, float[] hidden) {
        float[] z = direction.bias().clone();
        for (int at = 0; at < z.length; at++) {
            z[at] = chain(z[at], direction.inputWeights(), at, input, rows.input[row] * direction.inputWidth());
            z[at] = chain(z[at], direction.hiddenWeights(), at, hidden, rows.previous[row] * direction.outputWidth());
        }
        return z;
    }

    /** {@code start + sum_k matrix[row][k] * x[k]}, in the order of k. */
    static float chain(float start, Matrix matrix, int row, float[] x, int offset) {
        float sum = start;
        for (int k = 0; k < matrix.columns(); k++) {
            sum = Math.fma(matrix.at(row, k), x[offset + k], sum);
        }
        return sum;
    }

    static float sumOfExponentials(float[] values, int offset, int count, float max) {
        float[] lanes = new float[Softmax.LANES];
        for (int j = 0; j < count; j++) {
            lanes[j % Softmax.LANES] += GateFunctions.exp(values[offset + j] - max);
        }
        return tree(lanes, 0, 1);
    }

    /** Adds lanes in a tree: lane j and lane {@code j + 8}, then lanes 4 apart, 2 apart and 1 apart. */
    private static float tree(float[] lanes, int lane, int apart) {
        return apart == lanes.length
                ? lanes[lane]
                : tree(lanes, lane, 2 * apart) + tree(lanes, lane + apart, 2 * apart);
    }
}
