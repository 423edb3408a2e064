package sluice.cell.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import sluice.cell.model.Gate;

/**
 * {@link GateFunctions}, a vector at a time: the same operations in the same order on every lane, so the same bits.
 *
 * <p>No method here holds more than one exponential's body and none calls more than a few of them: the just-in-time compiler stops
 * inlining at a budget of nodes, and a vector that is passed to a call that is not inlined is boxed.
 */
final class VectorGateFunctions {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = FLOATS.vectorShape().withLanes(int.class);
    private static final int LENGTH = FLOATS.length();

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
        FloatVector p =
                r.fma(FloatVector.broadcast(FLOATS, GateFunctions.C7), FloatVector.broadcast(FLOATS, GateFunctions.C6));
        p = p.fma(r, FloatVector.broadcast(FLOATS, GateFunctions.C5));
        p = p.fma(r, FloatVector.broadcast(FLOATS, GateFunctions.C4));
        p = p.fma(r, FloatVector.broadcast(FLOATS, GateFunctions.C3));
        p = p.fma(r, FloatVector.broadcast(FLOATS, GateFunctions.C2));
        return r.mul(r).fma(p, r);
    }

    /**
     * Turns a band of pre-activations into {@code E(-i), E(-f), E(-2g), E(-o)}, in place: one loop with one exponential in it, since
     * the compiler's budget ends within a second.
     *
     * @param rows how many rows of {@value GatePanels#COLUMNS} columns
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

    /** -1 for the sigmoids, -2 for the candidate's tanh, by column of a panel. */
    private static float[] factors() {
        float[] factors = new float[GatePanels.COLUMNS];
        for (int column = 0; column < factors.length; column++) {
            factors[column] = column / GatePanels.UNITS == Gate.CANDIDATE.block() ? -2 : -1;
        }
        return factors;
    }

    /** {@link GateFunctions#cellState} over the units of a panel, from what {@link #gates} has left in a row of the band. */
    static void cellStates(float[] band, int row, float[] before, int previous, float[] cell, int next) {
        for (int unit = 0; unit < GatePanels.UNITS; unit += LENGTH) {
            FloatVector di = FloatVector.fromArray(FLOATS, band, row + unit).add(2);
            FloatVector df = FloatVector.fromArray(FLOATS, band, row + GatePanels.UNITS + unit)
                    .add(2);
            FloatVector eg = FloatVector.fromArray(FLOATS, band, row + 2 * GatePanels.UNITS + unit);
            FloatVector dig = di.mul(eg.add(2));
            FloatVector c = FloatVector.fromArray(FLOATS, before, previous + unit);
            c.fma(dig, eg.mul(df).neg()).div(df.mul(dig)).intoArray(cell, next + unit);
        }
    }

    /** {@link GateFunctions#hiddenState} over the units of a panel. */
    static void hiddenStates(float[] band, int row, float[] cell, int at, float[] shown, int next) {
        for (int unit = 0; unit < GatePanels.UNITS; unit += LENGTH) {
            FloatVector ec =
                    expm1(FloatVector.fromArray(FLOATS, cell, at + unit).mul(-2));
            FloatVector od = FloatVector.fromArray(FLOATS, band, row + 3 * GatePanels.UNITS + unit)
                    .add(2);
            ec.neg().div(od.mul(ec.add(2))).intoArray(shown, next + unit);
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
}
