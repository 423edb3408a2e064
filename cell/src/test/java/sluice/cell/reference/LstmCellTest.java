package sluice.cell.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import breeze.linalg.DenseVector;
import org.junit.jupiter.api.Test;
import sluice.cell.Tolerance;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;

/** One step against the formulas in plain doubles: H = 2, I = 3; all gates differ, so that no two can be swapped unnoticed. */
class LstmCellTest {
    private static final float[][] U_INPUT = {{0.5f, -1, 0.25f}, {-0.75f, 0.125f, 1}};
    private static final float[][] U_FORGET = {{1.5f, 0.5f, -0.25f}, {0.375f, -1.25f, 0.5f}};
    private static final float[][] U_CANDIDATE = {{-0.5f, 0.25f, 2}, {1, 0.75f, -1.5f}};
    private static final float[][] U_OUTPUT = {{0.25f, 0.625f, -0.875f}, {-2, 0.5f, 0.125f}};
    private static final float[][] W_INPUT = {{0.25f, 0.5f}, {-0.5f, 1.25f}};
    private static final float[][] W_FORGET = {{-1, 0.75f}, {0.5f, 0.125f}};
    private static final float[][] W_CANDIDATE = {{1.5f, -0.25f}, {0.25f, -0.75f}};
    private static final float[][] W_OUTPUT = {{-0.125f, 1}, {0.875f, 0.375f}};
    private static final float[] B_INPUT = {0.1f, -0.2f};
    private static final float[] B_FORGET = {1, 0.75f};
    private static final float[] B_CANDIDATE = {-0.3f, 0.05f};
    private static final float[] B_OUTPUT = {0.6f, -0.45f};

    private static final double[] X = {0.3, -0.7, 1.1};
    private static final double[] H_BEFORE = {0.2, -0.4};
    private static final double[] C_BEFORE = {-0.9, 1.6};

    private static final Matrix U = stack(U_INPUT, U_FORGET, U_CANDIDATE, U_OUTPUT);
    private static final Matrix W = stack(W_INPUT, W_FORGET, W_CANDIDATE, W_OUTPUT);
    private static final float[] B =
            stack(B_INPUT, B_FORGET, B_CANDIDATE, B_OUTPUT).values();

    @Test
    void aStepEqualsItsSixEquations() {
        LstmCell.Step step = step(LstmDirection.plain(U, W, B));
        LstmCell.State after = step.after();
        for (int unit = 0; unit < 2; unit++) {
            assertGate(step.gates().f(), unit, sigmoid(sum(U_FORGET, W_FORGET, B_FORGET, unit)));
            assertGate(step.gates().i(), unit, sigmoid(sum(U_INPUT, W_INPUT, B_INPUT, unit)));
            assertGate(step.gates().g(), unit, tanh(sum(U_CANDIDATE, W_CANDIDATE, B_CANDIDATE, unit)));
            assertGate(step.gates().o(), unit, sigmoid(sum(U_OUTPUT, W_OUTPUT, B_OUTPUT, unit)));
            assertThat(Algebra.array(after.c())[unit]).isCloseTo(cellState(unit), within(Tolerance.oracleStep()));
            assertThat(Algebra.array(after.h())[unit]).isCloseTo(shown(unit), within(Tolerance.oracleStep()));
        }
    }

    @Test
    void aProjectionIsAppliedLast() {
        float[][] r = {{0.5f, -2}, {1.25f, 0.75f}};
        LstmCell.State after = step(LstmDirection.projected(U, W, B, stack(r))).after();
        for (int unit = 0; unit < 2; unit++) {
            double projected = r[unit][0] * shown(0) + r[unit][1] * shown(1);
            assertThat(Algebra.array(after.c())[unit]).isCloseTo(cellState(unit), within(Tolerance.oracleStep()));
            assertThat(Algebra.array(after.h())[unit]).isCloseTo(projected, within(Tolerance.oracleStep()));
        }
    }

    /** P = 1 and H = 2: the hidden state is narrower than the cell state. */
    @Test
    void aProjectionMayBeNarrower() {
        Matrix narrowW = Matrix.of(8, 1, new float[] {0.25f, -0.5f, -1, 0.5f, 1.5f, 0.25f, -0.125f, 0.875f});
        LstmDirection direction = LstmDirection.projected(U, narrowW, B, Matrix.of(1, 2, new float[] {0.5f, -2}));
        LstmCell.State before = new LstmCell.State(Algebra.vector(0.0), Algebra.vector(0.0, 0));
        LstmCell.State after =
                new LstmCell(direction).step(Algebra.vector(0.0, 0, 0), before).after();
        double first = sigmoid(B_OUTPUT[0]) * tanh(sigmoid(B_INPUT[0]) * tanh(B_CANDIDATE[0]));
        double second = sigmoid(B_OUTPUT[1]) * tanh(sigmoid(B_INPUT[1]) * tanh(B_CANDIDATE[1]));
        assertThat(Algebra.array(after.h())).hasSize(1);
        assertThat(Algebra.array(after.h())[0]).isCloseTo(0.5 * first - 2 * second, within(Tolerance.oracleStep()));
    }

    private static LstmCell.Step step(LstmDirection direction) {
        LstmCell.State before = new LstmCell.State(Algebra.vector(H_BEFORE), Algebra.vector(C_BEFORE));
        return new LstmCell(direction).step(Algebra.vector(X), before);
    }

    private static void assertGate(DenseVector<Object> gate, int unit, double expected) {
        assertThat(Algebra.array(gate)[unit]).isCloseTo(expected, within(Tolerance.oracleStep()));
    }

    private static double cellState(int unit) {
        double f = sigmoid(sum(U_FORGET, W_FORGET, B_FORGET, unit));
        double i = sigmoid(sum(U_INPUT, W_INPUT, B_INPUT, unit));
        double g = tanh(sum(U_CANDIDATE, W_CANDIDATE, B_CANDIDATE, unit));
        return f * C_BEFORE[unit] + i * g;
    }

    private static double shown(int unit) {
        return sigmoid(sum(U_OUTPUT, W_OUTPUT, B_OUTPUT, unit)) * tanh(cellState(unit));
    }

    private static double sum(float[][] u, float[][] w, float[] b, int unit) {
        return dot(u[unit], X) + dot(w[unit], H_BEFORE) + b[unit];
    }

    private static double dot(float[] row, double[] x) {
        double sum = 0;
        for (int k = 0; k < row.length; k++) {
            sum += row[k] * x[k];
        }
        return sum;
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    private static double tanh(double z) {
        return Math.tanh(z);
    }

    /** A matrix of blocks of rows, one below the other. */
    private static Matrix stack(float[][]... blocks) {
        int columns = blocks[0][0].length;
        float[] values = new float[blocks.length * blocks[0].length * columns];
        int at = 0;
        for (float[][] block : blocks) {
            for (float[] row : block) {
                System.arraycopy(row, 0, values, at, columns);
                at += columns;
            }
        }
        return Matrix.of(values.length / columns, columns, values);
    }

    private static Matrix stack(float[]... rows) {
        return stack(new float[][][] {rows});
    }
}
