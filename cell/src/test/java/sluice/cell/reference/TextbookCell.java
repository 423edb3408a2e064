package sluice.cell.reference;

import java.util.function.DoubleUnaryOperator;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;

/** One step of any cell in plain doubles, unit by unit, following the text of the ONNX operator LSTM, without matrices. */
final class TextbookCell {
    private final LstmDirection weights;
    private final CellVariant variant;

    TextbookCell(LstmDirection weights) {
        this.weights = weights;
        this.variant = weights.variant();
    }

    /** @param gates i, f, g and o of the step */
    record State(double[] h, double[] c, double[][] gates) {}

    State step(double[] x, double[] h, double[] c) {
        double[] shown = new double[weights.hiddenWidth()];
        double[] after = new double[weights.hiddenWidth()];
        double[][] gates = new double[Gate.COUNT][weights.hiddenWidth()];
        DoubleUnaryOperator f = function(variant.gate());
        DoubleUnaryOperator g = function(variant.candidate());
        for (int unit = 0; unit < shown.length; unit++) {
            CellVariant.Peepholes seen = variant.peepholes().orElse(null);
            double toInput = seen == null ? 0 : seen.input()[unit] * c[unit];
            double toForget = seen == null ? 0 : seen.forget()[unit] * c[unit];
            double enter = f.applyAsDouble(clipped(sum(Gate.INPUT, unit, x, h) + toInput));
            double keep =
                    variant.coupled() ? 1 - enter : f.applyAsDouble(clipped(sum(Gate.FORGET, unit, x, h) + toForget));
            double candidate = g.applyAsDouble(clipped(sum(Gate.CANDIDATE, unit, x, h)));
            after[unit] = keep * c[unit] + enter * candidate;
            double toOutput = seen == null ? 0 : seen.output()[unit] * after[unit];
            double show = f.applyAsDouble(clipped(sum(Gate.OUTPUT, unit, x, h) + toOutput));
            gates[0][unit] = enter;
            gates[1][unit] = keep;
            gates[2][unit] = candidate;
            gates[3][unit] = show;
            shown[unit] = show * function(variant.output()).applyAsDouble(after[unit]);
        }
        return new State(weights.projection().map(r -> projected(r, shown)).orElse(shown), after, gates);
    }

    private double sum(Gate gate, int unit, double[] x, double[] h) {
        int row = gate.block() * weights.hiddenWidth() + unit;
        return dot(weights.inputWeights(), row, x) + dot(weights.hiddenWeights(), row, h) + weights.bias()[row];
    }

    private double clipped(double z) {
        if (z > variant.clip()) {
            return variant.clip();
        }
        return z < -variant.clip() ? -variant.clip() : z;
    }

    private static double[] projected(Matrix r, double[] shown) {
        double[] projected = new double[r.rows()];
        for (int row = 0; row < projected.length; row++) {
            projected[row] = dot(r, row, shown);
        }
        return projected;
    }

    private static double dot(Matrix matrix, int row, double[] x) {
        double sum = 0;
        for (int k = 0; k < x.length; k++) {
            sum += matrix.at(row, k) * x[k];
        }
        return sum;
    }

    /** Computed with exponentials and logarithms only, which is accurate enough for the moderate values of a test. */
    static DoubleUnaryOperator function(Activation activation) {
        double alpha = activation.alpha();
        double beta = activation.beta();
        return switch (activation.kind()) {
            case SIGMOID -> z -> 1 / (1 + Math.exp(-z));
            case TANH -> z -> (1 - Math.exp(-2 * z)) / (1 + Math.exp(-2 * z));
            case RELU -> z -> z < 0 ? 0 : z;
            case AFFINE -> z -> alpha * z + beta;
            case LEAKY_RELU -> z -> z < 0 ? alpha * z : z;
            case THRESHOLDED_RELU -> z -> z < alpha ? 0 : z;
            case SCALED_TANH -> z -> alpha * (1 - Math.exp(-2 * beta * z)) / (1 + Math.exp(-2 * beta * z));
            case HARD_SIGMOID -> z -> alpha * z + beta < 0 ? 0 : alpha * z + beta > 1 ? 1 : alpha * z + beta;
            case ELU -> z -> z < 0 ? alpha * (Math.exp(z) - 1) : z;
            case SOFTSIGN -> z -> z / (1 + (z < 0 ? -z : z));
            case SOFTPLUS -> z -> Math.log(1 + Math.exp(z));
            case SELU -> z -> z < 0 ? beta * alpha * (Math.exp(z) - 1) : beta * z;
            case EXPONENTIAL -> Math::exp;
        };
    }
}
