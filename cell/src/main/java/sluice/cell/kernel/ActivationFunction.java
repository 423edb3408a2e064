package sluice.cell.kernel;

import sluice.cell.model.Activation;

/**
 * An {@link Activation} in float32, in a fixed order of operations. Immutable.
 *
 * <p>Errors for finite arguments, in ULP: sigmoid and tanh {@value GateFunctions#SIGMOID_ULP}, as {@link GateFunctions} computes them for
 * the plain cell; scaled tanh two more, plus the effect of rounding {@code beta z}; the exponential of ELU
 * {@value GateFunctions#EXP_ULP}, its product one more, and those of SELU two more. Softplus and the exponential are float64 results, rounded once. All others are one or two correctly
 * rounded operations.
 */
final class ActivationFunction {
    private static final float LARGEST_EXPONENT = 88; // exp is finite in float32

    private final Activation.Kind kind;
    private final float alpha;
    private final float beta;

    ActivationFunction(Activation activation) {
        this.kind = activation.kind();
        this.alpha = activation.alpha();
        this.beta = activation.beta();
    }

    /** Replaces {@code count} values by their function values. */
    void apply(float[] values, int offset, int count) {
        for (int at = offset; at < offset + count; at++) {
            values[at] = of(values[at]);
        }
    }

    float of(float z) {
        return switch (kind) {
            case SIGMOID -> GateFunctions.sigmoid(z);
            case TANH -> GateFunctions.tanh(z);
            case RELU -> Math.max(0f, z);
            case AFFINE -> Math.fma(alpha, z, beta);
            case LEAKY_RELU -> z >= 0 ? z : alpha * z;
            case THRESHOLDED_RELU -> z >= alpha ? z : 0;
            case SCALED_TANH -> alpha * GateFunctions.tanh(beta * z);
            case HARD_SIGMOID -> Math.max(0f, Math.min(1f, Math.fma(alpha, z, beta)));
            case ELU -> z >= 0 ? z : alpha * GateFunctions.expm1(z);
            case SOFTSIGN -> z / (1 + Math.abs(z));
            case SOFTPLUS -> softplus(z);
            case SELU -> beta * (z >= 0 ? z : alpha * GateFunctions.expm1(z));
            case EXPONENTIAL -> (float) StrictMath.exp(Math.min(z, LARGEST_EXPONENT));
        };
    }

    /** {@code log(1 + exp(z))}; {@code StrictMath} is the same on every Java, unlike {@code Math}. */
    private static float softplus(double z) {
        return (float) (Math.max(0, z) + StrictMath.log1p(StrictMath.exp(-Math.abs(z))));
    }
}
