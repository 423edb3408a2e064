package sluice.cell.kernel;

import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;

/**
 * The naive twin of every kernel: one number at a time, from the model's own matrices, in the order of operations
 * that the package's page lays down. It knows of no panels, no tiles and no scratch.
 */
final class NaiveKernel {
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
                float c = GateFunctions.cellState(z[0], z[1], z[2], before);
                cell[rows.next[row] * width + unit] = c;
                shown[rows.next[row] * width + unit] = GateFunctions.hiddenState(z[3], c);
            }
        }
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

    /** Lane j is first added to lane {@code j + 8}, then pairs of four apart, of two, of one. */
    private static float tree(float[] lanes, int lane, int apart) {
        return apart == lanes.length
                ? lanes[lane]
                : tree(lanes, lane, 2 * apart) + tree(lanes, lane + apart, 2 * apart);
    }
}
