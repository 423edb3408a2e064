package sluice.cell.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.Samples;
import sluice.cell.Tolerance;

/** Errors in ULP against StrictMath in float64, and values at the edges. */
class GateFunctionsTest {
    /** For smaller arguments all functions are linear within a tenth of an ULP. */
    private static final float SMALLEST = 0x1p-28f;

    /** Every 61st float of a range, so that each mantissa pattern occurs in some binade. */
    private static final int STRIDE = 61;

    /** Floats on both sides of a critical value. */
    private static final int NEIGHBOURS = 5000;

    private static final float[] CLOSER_LOOKS = {
        SMALLEST,
        0x1p-12f,
        0.01f,
        0.125f,
        0.25f,
        0.34657359f,
        0.5f,
        0.6931472f,
        1,
        1.0397208f,
        2,
        4,
        8,
        17.32868f,
        27.725887f
    };

    /** Rounding of a step in units of 2^-24: six exponentials and the operations that combine them. */
    private static final int CELL_ROUNDINGS = 24;

    /** Distance of a gate from 0 or 1 at the clamp: 2^-40. */
    private static final double CUT = 0x1p-40;

    @Test
    void exponentials() {
        double exp = largestError(-1, 87.3f, GateFunctions::exp, StrictMath::exp);
        double below = largestError(-1, GateFunctions.CLAMP, GateFunctions::expm1, StrictMath::expm1);
        double above = largestError(1, GateFunctions.CLAMP, GateFunctions::expm1, StrictMath::expm1);
        assertLargestError("exp and expm1", Math.max(exp, Math.max(below, above)), GateFunctions.EXP_ULP);
    }

    @Test
    void sigmoid() {
        double below = largestError(-1, 27.7f, GateFunctions::sigmoid, GateFunctionsTest::exactSigmoid);
        double above = largestError(1, 27.7f, GateFunctions::sigmoid, GateFunctionsTest::exactSigmoid);
        assertLargestError("sigmoid", Math.max(below, above), GateFunctions.SIGMOID_ULP);
    }

    @Test
    void probability() {
        double below = largestError(-1, 87.3f, GateFunctions::probability, GateFunctionsTest::exactSigmoid);
        double above = largestError(1, 87.3f, GateFunctions::probability, GateFunctionsTest::exactSigmoid);
        assertLargestError("probability", Math.max(below, above), GateFunctions.PROBABILITY_ULP);
    }

    @Test
    void tanh() {
        double below = largestError(-1, 100, GateFunctions::tanh, StrictMath::tanh);
        double above = largestError(1, 100, GateFunctions::tanh, StrictMath::tanh);
        assertLargestError("tanh", Math.max(below, above), GateFunctions.TANH_ULP);
    }

    /** At most the documented error, and not so much less that the documented error should be lowered. */
    private static void assertLargestError(String name, double measured, int promised) {
        assertThat(measured).as("largest error of %s in ULP", name).isBetween(promised - 1.0, (double) promised);
    }

    @Test
    void exponentialAtTheEdges() {
        assertThat(GateFunctions.exp(0)).isEqualTo(1);
        assertThat(GateFunctions.exp(-0f)).isEqualTo(1);
        assertThat(GateFunctions.exp(-Float.MIN_VALUE)).isEqualTo(1);
        assertThat(GateFunctions.exp(GateFunctions.UNDERFLOW)).isBetween(Float.MIN_NORMAL, Float.MIN_NORMAL * 1.0001f);
        assertThat(GateFunctions.exp(Math.nextDown(GateFunctions.UNDERFLOW))).isZero();
        assertThat(GateFunctions.exp(-1e30f)).isZero();
        assertThat(GateFunctions.exp(Float.NEGATIVE_INFINITY)).isZero();
    }

    @Test
    void exponentialMinusOneAtTheEdges() {
        assertThat(GateFunctions.expm1(0)).isZero();
        assertThat(GateFunctions.expm1(-0f)).isZero();
        assertThat(GateFunctions.expm1(Float.MIN_VALUE)).isEqualTo(Float.MIN_VALUE);
        assertThat(GateFunctions.expm1(-Float.MIN_NORMAL)).isEqualTo(-Float.MIN_NORMAL);
        float highest = GateFunctions.expm1(GateFunctions.CLAMP);
        float lowest = GateFunctions.expm1(-GateFunctions.CLAMP);
        assertThat(highest).isCloseTo(0x1p40f, within(GateFunctions.EXP_ULP * Math.ulp(0x1p40f)));
        assertThat(lowest).isEqualTo(-1);
        for (float beyond : new float[] {Math.nextUp(GateFunctions.CLAMP), 1e30f, Float.POSITIVE_INFINITY}) {
            assertThat(GateFunctions.expm1(beyond)).as("expm1(%s)", beyond).isEqualTo(highest);
            assertThat(GateFunctions.expm1(-beyond)).as("expm1(%s)", -beyond).isEqualTo(lowest);
        }
    }

    @Test
    void sigmoidAtTheEdges() {
        assertThat(GateFunctions.sigmoid(0)).isEqualTo(0.5f);
        assertThat(GateFunctions.sigmoid(-0f)).isEqualTo(0.5f);
        assertThat(GateFunctions.sigmoid(Float.MIN_VALUE)).isEqualTo(0.5f);
        for (float large : new float[] {28, 1e4f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(GateFunctions.sigmoid(large)).as("sigmoid(%s)", large).isEqualTo(1);
            assertThat(GateFunctions.sigmoid(-large)).as("sigmoid(%s)", -large).isBetween(0f, 1e-12f);
        }
    }

    @Test
    void probabilityAtTheEdges() {
        assertThat(GateFunctions.probability(0)).isEqualTo(0.5f);
        assertThat(GateFunctions.probability(-0f)).isEqualTo(0.5f);
        assertThat(GateFunctions.probability(Float.MIN_VALUE)).isEqualTo(0.5f);
        assertThat(GateFunctions.probability(-80)).isBetween(1.804e-35f, 1.805e-35f);
        for (float large : new float[] {88, 1e4f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(GateFunctions.probability(large))
                    .as("probability(%s)", large)
                    .isEqualTo(1);
            assertThat(GateFunctions.probability(-large))
                    .as("probability(%s)", -large)
                    .isZero();
        }
    }

    @Test
    void tanhAtTheEdges() {
        assertThat(GateFunctions.tanh(0)).isZero();
        assertThat(GateFunctions.tanh(-0f)).isZero();
        assertThat(GateFunctions.tanh(Float.MIN_VALUE)).isEqualTo(Float.MIN_VALUE);
        assertThat(GateFunctions.tanh(-Float.MIN_NORMAL)).isEqualTo(-Float.MIN_NORMAL);
        for (float large : new float[] {20, 1e4f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(GateFunctions.tanh(large)).as("tanh(%s)", large).isEqualTo(1);
            assertThat(GateFunctions.tanh(-large)).as("tanh(%s)", -large).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {0.5f, 6, 40, 1e4f, 0x1p100f})
    void cellStateEqualsItsFormula(float magnitude) {
        Samples samples = new Samples((long) magnitude);
        float[] z = samples.floats(30_000, magnitude);
        float[] before = samples.floats(10_000, Math.min(magnitude, 0x1p40f));
        for (int at = 0; at < before.length; at++) {
            float i = z[3 * at];
            float f = z[3 * at + 1];
            float g = z[3 * at + 2];
            double kept = exactSigmoid(f) * before[at];
            double entered = exactSigmoid(i) * StrictMath.tanh(g);
            assertThat((double) GateFunctions.cellState(i, f, g, before[at]))
                    .as("cellState(%s, %s, %s, %s)", i, f, g, before[at])
                    .isBetween(
                            kept + entered - cellError(kept, entered, before[at]),
                            kept + entered + cellError(kept, entered, before[at]));
        }
    }

    /** Error relative to the two terms, because their sum may cancel. */
    private static double cellError(double kept, double entered, double before) {
        return CELL_ROUNDINGS * Tolerance.FLOAT * (Math.abs(kept) + Math.abs(entered)) + CUT * (Math.abs(before) + 1);
    }

    @ParameterizedTest
    @ValueSource(floats = {0.5f, 6, 40, 1e4f, 0x1p100f})
    void hiddenStateEqualsItsFormula(float magnitude) {
        Samples samples = new Samples((long) magnitude);
        float[] z = samples.floats(10_000, magnitude);
        float[] cell = samples.floats(10_000, Math.min(magnitude, 0x1p40f));
        for (int at = 0; at < cell.length; at++) {
            double exact = exactSigmoid(z[at]) * StrictMath.tanh(cell[at]);
            double error = CELL_ROUNDINGS * Tolerance.FLOAT * Math.abs(exact) + CUT;
            assertThat((double) GateFunctions.hiddenState(z[at], cell[at]))
                    .as("hiddenState(%s, %s)", z[at], cell[at])
                    .isBetween(exact - error, exact + error);
        }
    }

    @Test
    void aStepFromTheLargestStatesStaysFinite() {
        float[] extremes = {-Float.MAX_VALUE, -28, 0, 28, Float.MAX_VALUE};
        for (float i : extremes) {
            for (float f : extremes) {
                for (float g : extremes) {
                    float cell = GateFunctions.cellState(i, f, g, 0x1p40f);
                    assertThat(cell).as("cellState(%s, %s, %s, 2^40)", i, f, g).isBetween(-2f, 0x1.00001p40f);
                    assertThat(GateFunctions.hiddenState(i, cell))
                            .as("hiddenState(%s, %s)", i, cell)
                            .isBetween(-1f, 1f);
                }
            }
        }
    }

    private static double exactSigmoid(double z) {
        return 1 / (1 + StrictMath.exp(-z));
    }

    /** A function of one float. */
    private interface FloatFunction {
        float apply(float x);
    }

    private static double largestError(int sign, float last, FloatFunction actual, DoubleUnaryOperator exact) {
        int from = Float.floatToIntBits(SMALLEST);
        int to = Float.floatToIntBits(last);
        double sweep = largestError(from, to, STRIDE, sign, actual, exact);
        for (float look : CLOSER_LOOKS) {
            int bits = Float.floatToIntBits(look);
            int first = Math.max(from, bits - NEIGHBOURS);
            sweep = Math.max(sweep, largestError(first, Math.min(to, bits + NEIGHBOURS), 1, sign, actual, exact));
        }
        return sweep;
    }

    private static double largestError(
            int fromBits, int toBits, int stride, int sign, FloatFunction actual, DoubleUnaryOperator exact) {
        return IntStream.rangeClosed(0, (toBits - fromBits) / stride)
                .mapToDouble(at -> {
                    float x = sign * Float.intBitsToFloat(fromBits + at * stride);
                    return ulps(actual.apply(x), exact.applyAsDouble(x));
                })
                .max()
                .orElse(0);
    }

    /** Error in units of the float spacing at the exact value. */
    private static double ulps(float actual, double exact) {
        int exponent = Math.max(Math.getExponent(exact), Float.MIN_EXPONENT);
        return Math.abs(actual - exact) / Math.scalb(1.0, exponent - 23);
    }
}
