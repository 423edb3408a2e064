package sluice.cell.reference;

import breeze.linalg.DenseVector;
import sluice.cell.model.Activation;

/** An {@link Activation} in float64: each kind as the ONNX operator LSTM defines it. Immutable. */
final class ReferenceActivation {
    private final Activation.Kind kind;
    private final double alpha;
    private final double beta;

    ReferenceActivation(Activation activation) {
        this.kind = activation.kind();
        this.alpha = activation.alpha();
        this.beta = activation.beta();
    }

    DenseVector<Object> of(DenseVector<Object> z) {
        double[] values = Algebra.array(z);
        for (int at = 0; at < values.length; at++) {
            values[at] = of(values[at]);
        }
        return Algebra.vector(values);
    }

    private double of(double z) {
        return switch (kind) {
            case SIGMOID -> 1 / (1 + StrictMath.exp(-z));
            case TANH -> StrictMath.tanh(z);
            case RELU -> Math.max(0, z);
            case AFFINE -> alpha * z + beta;
            case LEAKY_RELU -> z >= 0 ? z : alpha * z;
            case THRESHOLDED_RELU -> z >= alpha ? z : 0;
            case SCALED_TANH -> alpha * StrictMath.tanh(beta * z);
            case HARD_SIGMOID -> Math.max(0, Math.min(1, alpha * z + beta));
            case ELU -> z >= 0 ? z : alpha * StrictMath.expm1(z);
            case SOFTSIGN -> z / (1 + Math.abs(z));
            case SELU -> beta * (z >= 0 ? z : alpha * StrictMath.expm1(z));
            case EXPONENTIAL -> StrictMath.exp(Math.min(z, 88)); // as far as float32 goes
            case SOFTPLUS -> Math.max(0, z) + StrictMath.log1p(StrictMath.exp(-Math.abs(z))); // exp(z) may overflow
        };
    }
}
