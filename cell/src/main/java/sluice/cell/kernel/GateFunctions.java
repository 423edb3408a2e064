package sluice.cell.kernel;

/**
 * The exponential, sigmoid and tanh in float32, in a fixed order of operations.
 *
 * <p>With {@code E(x) = exp(x) - 1}, computed without cancellation near 0:
 *
 * <pre>
 *   sigmoid(z) =  1      / (2 + E(-z))
 *   tanh(z)    = -E(-2z) / (2 + E(-2z))
 * </pre>
 *
 * <p>So a cell needs five values of E, and its quotients can share divisions (see {@link #cellState}).
 *
 * <p>{@code E} follows the classic reduction {@code x = n ln 2 + r}, {@code |r| <= ln 2 / 2}, with the minimax polynomial of
 * Moshier's Cephes library ({@code expf}, degree 7) for {@code exp(r) - 1}, evaluated in fused multiply-adds.
 * Errors, measured over a dense sweep by the tests: {@link #exp} and {@link #expm1} {@value #EXP_ULP} ULP, {@link #sigmoid}
 * {@value #SIGMOID_ULP} ULP, {@link #tanh} {@value #TANH_ULP} ULP.
 */
final class GateFunctions {
    /** Largest error of {@link #exp} and {@link #expm1}, in units of the last place of the exact value. */
    public static final int EXP_ULP = 2;

    /** Largest error of {@link #sigmoid} for {@code |z| <= 27.7}. */
    public static final int SIGMOID_ULP = 3;

    /** Largest error of {@link #probability} for {@code |z| <= 87.3}. */
    public static final int PROBABILITY_ULP = 3;

    /** Largest error of {@link #tanh}. */
    public static final int TANH_ULP = 3;

    /**
     * Arguments of {@link #expm1} are clamped to plus or minus 40 ln 2. Beyond that a sigmoid is 0 or 1 to within 1e-12 and a tanh is
     * exactly 1. Within it the product of three denominators and a cell state stays below 2^127.
     */
    static final float CLAMP = 27.725887f;

    /** Smallest argument whose {@code exp} is a normal float32; smaller arguments give 0. */
    static final float UNDERFLOW = -87.33654f;

    static final int MAGNITUDE = 0x7fff_ffff;
    static final int CLAMP_BITS = Float.floatToRawIntBits(CLAMP);
    static final float LOG2_E = 1.44269504f;
    static final float LN2_HIGH = 0.693359375f; // the leading nine bits of ln 2, so that n * LN2_HIGH is exact
    static final float LN2_LOW = -2.12194440e-4f;
    static final float ROUND = 0x1.8p23f; // adding it puts the nearest integer into the lowest bits
    static final int EXPONENT_SHIFT = 23;
    static final int ONE_BITS = Float.floatToRawIntBits(1f);

    static final float C2 = 5.0000001201e-1f;
    static final float C3 = 1.6666665459e-1f;
    static final float C4 = 4.1665795894e-2f;
    static final float C5 = 8.3334519073e-3f;
    static final float C6 = 1.3981999507e-3f;
    static final float C7 = 1.9875691500e-4f;

    private GateFunctions() {}

    /** {@code exp(x)} for {@code x <= 0}, as a softmax needs it; 0 below {@link #UNDERFLOW}. */
    public static float exp(float x) {
        if (x < UNDERFLOW) {
            return 0;
        }
        float shifted = Math.fma(x, LOG2_E, ROUND);
        float scale = powerOfTwo(shifted);
        return Math.fma(scale, polynomial(remainder(x, shifted - ROUND)), scale);
    }

    /** {@code exp(x) - 1}, with {@code x} clamped to {@code +-40 ln 2}; accurate near 0. */
    public static float expm1(float x) {
        float clamped = clamp(x);
        float shifted = Math.fma(clamped, LOG2_E, ROUND);
        float scale = powerOfTwo(shifted);
        return Math.fma(scale, polynomial(remainder(clamped, shifted - ROUND)), scale - 1);
    }

    /** {@code 1 / (1 + exp(-z))}. */
    public static float sigmoid(float z) {
        return 1 / (2 + expm1(-z));
    }

    /**
     * The same function as an answer, {@code exp(-|z|) / (1 + exp(-|z|))} for negative z: not clamped, so that the probability of an
     * unlikely class keeps its digits down to {@code exp} of {@link #UNDERFLOW}.
     */
    static float probability(float z) {
        float small = exp(-Math.abs(z));
        return (z < 0 ? small : 1) / (1 + small);
    }

    /** The hyperbolic tangent. */
    public static float tanh(float z) {
        float e = expm1(-2 * z);
        return -e / (2 + e);
    }

    /**
     * {@code c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)} over a common denominator, with one division.
     *
     * @param i pre-activation of the input gate
     * @param f pre-activation of the forget gate
     * @param g pre-activation of the candidate state
     * @param before {@code c_{t-1}}, at most {@code 2^40} in magnitude
     */
    static float cellState(float i, float f, float g, float before) {
        float eg = expm1(-2 * g);
        float df = 2 + expm1(-f);
        float dig = (2 + expm1(-i)) * (2 + eg);
        return Math.fma(before, dig, -(eg * df)) / (df * dig);
    }

    /** {@code h_t = sigmoid(o) * tanh(c_t)}, with one division. */
    static float hiddenState(float o, float cell) {
        float ec = expm1(-2 * cell);
        return -ec / ((2 + expm1(-o)) * (2 + ec));
    }

    /** Clamps the bits as an integer: one minimum. On floats, Java's rules for NaN and -0 would cost more instructions. */
    private static float clamp(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.intBitsToFloat((bits & ~MAGNITUDE) | Math.min(bits & MAGNITUDE, CLAMP_BITS));
    }

    /** {@code 2^n}, where n is in the lowest bits of {@code shifted}. */
    private static float powerOfTwo(float shifted) {
        return Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << EXPONENT_SHIFT) + ONE_BITS);
    }

    private static float remainder(float x, float n) {
        return Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    }

    /** {@code exp(r) - 1} for {@code |r| <= ln 2 / 2}, by Estrin's scheme, whose dependency chain is half as long as Horner's. */
    private static float polynomial(float r) {
        float square = r * r;
        float low = Math.fma(r, C3, C2);
        float middle = Math.fma(r, C5, C4);
        float high = Math.fma(r, C7, C6);
        return Math.fma(Math.fma(Math.fma(high, square, middle), square, low), square, r);
    }
}
