package sluice.cell.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.model.Activation;

/** Errors in ULP against the definitions of the ONNX operator LSTM in float64, and edge cases. */
class ActivationFunctionTest {
    private static final int LEAST_EXPONENT = -20;
    private static final int LARGEST_EXPONENT = 6;
    private static final int STEPS = 997; // samples of a binade

    private static Stream<Arguments> functions() {
        return Stream.of(
                row(Activation.of(Activation.Kind.RELU), 0, z -> Math.max(0, z)),
                row(new Activation(Activation.Kind.AFFINE, 0.7f, -0.3f), 0.5, z -> 0.7f * z - 0.3f),
                row(Activation.of(Activation.Kind.LEAKY_RELU), 0.5, z -> z >= 0 ? z : 0.01f * z),
                row(Activation.of(Activation.Kind.THRESHOLDED_RELU), 0, z -> z >= 1 ? z : 0),
                row(Activation.of(Activation.Kind.HARD_SIGMOID), 0.5, z -> Math.max(0, Math.min(1, 0.2f * z + 0.5f))),
                row(Activation.of(Activation.Kind.ELU), 2, z -> z >= 0 ? z : StrictMath.expm1(z)),
                row(new Activation(Activation.Kind.ELU, 0.3f, 0), 3, z -> z >= 0 ? z : 0.3f * StrictMath.expm1(z)),
                row(Activation.of(Activation.Kind.SOFTSIGN), 1.5, z -> z / (1 + Math.abs(z))),
                row(
                        Activation.of(Activation.Kind.SOFTPLUS),
                        0.51,
                        z -> z > 0 ? z + StrictMath.log1p(StrictMath.exp(-z)) : StrictMath.log1p(StrictMath.exp(z))),
                row(
                        Activation.of(Activation.Kind.SELU),
                        4,
                        z -> 1.050701f * (z >= 0 ? z : 1.6732632f * StrictMath.expm1(z))),
                row(Activation.of(Activation.Kind.EXPONENTIAL), 0.51, z -> StrictMath.exp(Math.min(z, 88))),
                row(Activation.of(Activation.Kind.SCALED_TANH), 3, StrictMath::tanh),
                row(
                        new Activation(Activation.Kind.SCALED_TANH, 1.7159f, 0.6667f),
                        6,
                        z -> 1.7159f * StrictMath.tanh(0.6667f * z)));
    }

    private static Arguments row(Activation activation, double ulp, DoubleUnaryOperator exact) {
        return Arguments.of(activation, ulp, exact);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void errorsAreSmall(Activation activation, double ulp, DoubleUnaryOperator exact) {
        ActivationFunction function = new ActivationFunction(activation);
        for (int exponent = LEAST_EXPONENT; exponent <= LARGEST_EXPONENT; exponent++) {
            for (int step = 0; step < STEPS; step++) {
                float z = (float) Math.scalb(1 + step / (double) STEPS, exponent);
                assertError(function, z, exact, ulp);
                assertError(function, -z, exact, ulp);
            }
        }
        assertError(function, 0, exact, ulp);
    }

    private static void assertError(ActivationFunction function, float z, DoubleUnaryOperator exact, double ulp) {
        double expected = exact.applyAsDouble(z);
        double error = Math.abs(function.of(z) - expected) / Math.ulp((float) expected);
        assertThat(error).as("of %s in ULP, expected %s", z, expected).isLessThanOrEqualTo(ulp + 1e-6);
    }

    /** The same bits as in the plain cell. */
    @Test
    void sigmoidAndTanhEqualThoseOfThePlainCell() {
        for (float z : new float[] {-50, -1.5f, -0f, 0.25f, 3, 50}) {
            assertThat(of(Activation.Kind.SIGMOID, z)).isEqualTo(GateFunctions.sigmoid(z));
            assertThat(of(Activation.Kind.TANH, z)).isEqualTo(GateFunctions.tanh(z));
        }
    }

    @Test
    void largeArgumentsDoNotBecomeNaN() {
        for (Activation.Kind kind : Activation.Kind.values()) {
            for (float large : new float[] {1e30f, 0x1p126f, -1e30f, -0x1p126f}) {
                assertThat(of(kind, large)).as("%s of %s", kind, large).isNotNaN();
            }
        }
        assertThat(of(Activation.Kind.SOFTPLUS, 1e30f)).isEqualTo(1e30f);
        assertThat(of(Activation.Kind.SOFTPLUS, -1e30f)).isZero();
        assertThat(of(Activation.Kind.ELU, -1e30f)).isEqualTo(-1);
        assertThat(of(Activation.Kind.EXPONENTIAL, 1e30f)).isFinite();
        assertThat(of(Activation.Kind.SOFTSIGN, -1e30f)).isEqualTo(-1);
    }

    /** Values outside of the range are not changed. */
    @Test
    void aRangeIsReplaced() {
        float[] values = {-1, -2, 3, -4, -5};
        new ActivationFunction(Activation.of(Activation.Kind.RELU)).apply(values, 1, 3);
        assertThat(values).containsExactly(-1, 0, 3, 0, -5);
    }

    private static float of(Activation.Kind kind, float z) {
        return new ActivationFunction(Activation.of(kind)).of(z);
    }
}
