package sluice.cell.bench;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The processor's peak of multiply-adds: twelve independent chains in registers, so that neither latency nor memory limits it. A kernel's
 * speed is given as a share of this peak.
 */
final class FmaPeak {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 12;
    private static final int MULTIPLY_ADD = 2; // operations
    private static final int ROUND = 10_000; // multiply-adds of each chain in one call

    private FmaPeak() {}

    /** Number of operations in one {@link #round}. */
    static double operations() {
        return (double) MULTIPLY_ADD * FLOATS.length() * CHAINS * ROUND;
    }

    /** Checks the result of a round; without a use of the result the compiler would remove the round. */
    static void require(float sum) {
        if (!(sum > 0)) {
            throw new AssertionError("chains that tend to 1 came to " + sum);
        }
    }

    /** Runs all chains, which tend to 1, so that no number becomes denormal. */
    static float round() {
        FloatVector factor = FloatVector.broadcast(FLOATS, 0.75f);
        FloatVector addend = FloatVector.broadcast(FLOATS, 0.25f);
        FloatVector a = FloatVector.broadcast(FLOATS, 2);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        FloatVector e = a;
        FloatVector f = a;
        FloatVector g = a;
        FloatVector h = a;
        FloatVector i = a;
        FloatVector j = a;
        FloatVector k = a;
        FloatVector l = a;
        for (int n = 0; n < ROUND; n++) {
            a = a.fma(factor, addend);
            b = b.fma(factor, addend);
            c = c.fma(factor, addend);
            d = d.fma(factor, addend);
            e = e.fma(factor, addend);
            f = f.fma(factor, addend);
            g = g.fma(factor, addend);
            h = h.fma(factor, addend);
            i = i.fma(factor, addend);
            j = j.fma(factor, addend);
            k = k.fma(factor, addend);
            l = l.fma(factor, addend);
        }
        FloatVector sum = a.add(b).add(c).add(d).add(e).add(f);
        return sum.add(g).add(h).add(i).add(j).add(k).add(l).reduceLanes(VectorOperators.ADD);
    }
}
