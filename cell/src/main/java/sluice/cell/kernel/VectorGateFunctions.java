package sluice.cell.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import sluice.cell.model.Gate;

/**
 * {@link GateFunctions} on vectors: the same operations in the same order on each lane, so the same bits.
 *
 * <p>No method contains the body of more than one exponential, and none calls more than a few of them. The JIT compiler stops inlining
 * at a budget of nodes, and a vector that is passed to a call that is not inlined is boxed.
 */
final class VectorGateFunctions {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = FLOATS.vectorShape().withLanes(int.class);
    private static final int LENGTH = FLOATS.length();
    private static final int UNITS = GatePanels.UNITS;

    private static final float[] FACTORS = factors();

    private VectorGateFunctions() {}

    /** {@link GateFunctions#exp}. */
    static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(FloatVector.broadcast(FLOATS, GateFunctions.LOG2_E), round());
        FloatVector scale = powerOfTwo(shifted);
        FloatVector exp = polynomial(remainder(x, shifted.sub(round()))).fma(scale, scale);
        VectorMask<Float> underflow = x.compare(VectorOperators.LT, GateFunctions.UNDERFLOW);
        return exp.blend(0, underflow);
    }

    /** {@link GateFunctions#expm1}. */
    static FloatVector expm1(FloatVector x) {
        FloatVector clamped = clamp(x);
        FloatVector shifted = clamped.fma(FloatVector.broadcast(FLOATS, GateFunctions.LOG2_E), round());
        FloatVector scale = powerOfTwo(shifted);
        return polynomial(remainder(clamped, shifted.sub(round()))).fma(scale, scale.sub(1));
    }

    private static FloatVector round() {
        return FloatVector.broadcast(FLOATS, GateFunctions.ROUND);
    }

    private static FloatVector clamp(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        IntVector magnitude = bits.and(GateFunctions.MAGNITUDE).min(GateFunctions.CLAMP_BITS);
        return bits.and(~GateFunctions.MAGNITUDE).or(magnitude).reinterpretAsFloats();
    }

    private static FloatVector powerOfTwo(FloatVector shifted) {
        return shifted.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, GateFunctions.EXPONENT_SHIFT)
                .add(IntVector.broadcast(INTS, GateFunctions.ONE_BITS))
                .reinterpretAsFloats();
    }

    private static FloatVector remainder(FloatVector x, FloatVector n) {
        FloatVector high = n.fma(FloatVector.broadcast(FLOATS, -GateFunctions.LN2_HIGH), x);
        return n.fma(FloatVector.broadcast(FLOATS, -GateFunctions.LN2_LOW), high);
    }

    private static FloatVector polynomial(FloatVector r) {
        FloatVector square = r.mul(r);
        FloatVector low = linear(r, GateFunctions.C2, GateFunctions.C3);
        FloatVector middle = linear(r, GateFunctions.C4, GateFunctions.C5);
        FloatVector high = linear(r, GateFunctions.C6, GateFunctions.C7);
        return high.fma(square, middle).fma(square, low).fma(square, r);
    }

    private static FloatVector linear(FloatVector r, float constant, float slope) {
        return r.fma(FloatVector.broadcast(FLOATS, slope), FloatVector.broadcast(FLOATS, constant));
    }

    /**
     * Turns a band of pre-activations into {@code E(-i), E(-f), E(-2g), E(-o)}, in place. One loop with one exponential, since a second
     * one would exceed the compiler's inlining budget.
     *
     * @param rows number of rows of {@value GatePanels#COLUMNS} columns
     */
    static void gates(float[] band, int rows) {
        for (int row = 0; row < rows; row++) {
            int at = row * GatePanels.COLUMNS;
            for (int column = 0; column < GatePanels.COLUMNS; column += LENGTH) {
                FloatVector factor = FloatVector.fromArray(FLOATS, FACTORS, column);
                expm1(FloatVector.fromArray(FLOATS, band, at + column).mul(factor))
                        .intoArray(band, at + column);
            }
        }
    }

    /** -1 for the sigmoids, -2 for the candidate's tanh, for each column of a panel. */
    private static float[] factors() {
        float[] factors = new float[GatePanels.COLUMNS];
        for (int column = 0; column < factors.length; column++) {
            factors[column] = column / UNITS == Gate.CANDIDATE.block() ? -2 : -1;
        }
        return factors;
    }

    /**
     * {@link GateFunctions#cellState} over the units of a panel, from the results of {@link #gates}.
     *
     * @param previous offset at which each row reads its cell states
     * @param next offset at which it writes them
     */
    static void cellStates(float[] band, int rows, float[] cell, int[] previous, int[] next) {
        for (int row = 0; row < rows; row++) {
            int at = row * GatePanels.COLUMNS;
            for (int unit = 0; unit < UNITS; unit += LENGTH) {
                FloatVector di = FloatVector.fromArray(FLOATS, band, at + unit).add(2);
                FloatVector df =
                        FloatVector.fromArray(FLOATS, band, at + UNITS + unit).add(2);
                FloatVector eg = FloatVector.fromArray(FLOATS, band, at + 2 * UNITS + unit);
                FloatVector dig = di.mul(eg.add(2));
                FloatVector c = FloatVector.fromArray(FLOATS, cell, previous[row] + unit);
                c.fma(dig, eg.mul(df).neg()).div(df.mul(dig)).intoArray(cell, next[row] + unit);
            }
        }
    }

    /**
     * {@code E(-2c)} of the cell states, one row after the other. A loop of its own, so that the processor overlaps the chains of many
     * rows.
     */
    static void tanhs(float[] cell, int[] next, int rows, float[] tanhs) {
        for (int row = 0; row < rows; row++) {
            for (int unit = 0; unit < UNITS; unit += LENGTH) {
                expm1(FloatVector.fromArray(FLOATS, cell, next[row] + unit).mul(-2))
                        .intoArray(tanhs, row * UNITS + unit);
            }
        }
    }

    /** {@link GateFunctions#hiddenState} over the units of a panel, from the results of {@link #gates} and {@link #tanhs}. */
    static void hiddenStates(float[] band, int rows, float[] tanhs, float[] shown, int[] next) {
        for (int row = 0; row < rows; row++) {
            for (int unit = 0; unit < UNITS; unit += LENGTH) {
                FloatVector ec = FloatVector.fromArray(FLOATS, tanhs, row * UNITS + unit);
                FloatVector od = FloatVector.fromArray(FLOATS, band, row * GatePanels.COLUMNS + 3 * UNITS + unit)
                        .add(2);
                ec.neg().div(od.mul(ec.add(2))).intoArray(shown, next[row] + unit);
            }
        }
    }

    /**
     * {@link Kernel#sumOfExponentials}.
     *
     * @param lanes scratch of at least {@value Softmax#LANES} numbers
     */
    static float sumOfExponentials(float[] values, int offset, int count, float max, float[] lanes) {
        int whole = count - count % Softmax.LANES;
        for (int lane = 0; lane < Softmax.LANES; lane += LENGTH) {
            FloatVector sum = FloatVector.zero(FLOATS);
            for (int j = lane; j < whole; j += Softmax.LANES) {
                sum = sum.add(
                        exp(FloatVector.fromArray(FLOATS, values, offset + j).sub(max)));
            }
            sum.intoArray(lanes, lane);
        }
        for (int j = whole; j < count; j++) {
            lanes[j - whole] += GateFunctions.exp(values[offset + j] - max);
        }
        return Softmax.sumOfLanes(lanes);
    }

    /** {@link Kernel#exponentials}. */
    static void exponentials(float[] values, int offset, int count, float max, float scale) {
        int vectorised = FLOATS.loopBound(count);
        for (int j = 0; j < vectorised; j += LENGTH) {
            FloatVector value = FloatVector.fromArray(FLOATS, values, offset + j);
            exp(value.sub(max)).mul(scale).intoArray(values, offset + j);
        }
        for (int j = vectorised; j < count; j++) {
            values[offset + j] = GateFunctions.exp(values[offset + j] - max) * scale;
        }
    }

    /** {@link Kernel#sigmoids}. Two loops, because one would exceed the compiler's inlining budget. */
    static void probabilities(float[] values, int offset, int count) {
        int vectorised = FLOATS.loopBound(count);
        for (int j = offset; j < offset + vectorised; j += LENGTH) {
            FloatVector value = FloatVector.fromArray(FLOATS, values, j);
            IntVector sign = value.reinterpretAsInts().and(~GateFunctions.MAGNITUDE);
            exp(value.abs().neg())
                    .reinterpretAsInts()
                    .or(sign)
                    .reinterpretAsFloats()
                    .intoArray(values, j);
        }
        for (int j = offset; j < offset + vectorised; j += LENGTH) {
            probabilities(FloatVector.fromArray(FLOATS, values, j)).intoArray(values, j);
        }
        for (int j = vectorised; j < count; j++) {
            values[offset + j] = GateFunctions.probability(values[offset + j]);
        }
    }

    /** The probabilities of {@code exp(-|x|)} with the sign of {@code x}. */
    private static FloatVector probabilities(FloatVector signed) {
        FloatVector small = signed.abs();
        VectorMask<Float> negative =
                signed.reinterpretAsInts().compare(VectorOperators.LT, 0).cast(FLOATS);
        return FloatVector.broadcast(FLOATS, 1).blend(small, negative).div(small.add(1));
    }
}
