package sluice.cell.kernel;

import sluice.cell.model.CellVariant;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;

/**
 * The equations of a variant cell, from pre-activations z, unit by unit, in float32 and in this order:
 *
 * <pre>
 *   i = f(clip(fma(p_i, c_{t-1}, z_i)))
 *   f = f(clip(fma(p_f, c_{t-1}, z_f)))       or, coupled, 1 - i
 *   g = g(clip(z_g))
 *   c_t = fma(f, c_{t-1}, i * g)
 *   o = f(clip(fma(p_o, c_t, z_o)))
 *   shown_t = o * h(c_t)
 * </pre>
 *
 * <p>All kernels use this class, so that they give the same bits. It is plain Java and not fast: it selects the activation for each unit,
 * and shares nothing with the plain cell, so that the plain cell gets no slower. {@link ActivationFunction} lists errors.
 *
 * <h2>Overflow</h2>
 *
 * <p>Unbounded activations let states grow from step to step. A unit whose {@code c_t} or {@code shown_t} exceeds the limit, or is
 * infinite or NaN, has overflowed: its cell state becomes NaN and stays NaN in all later steps, and it shows 0, so that all other sums
 * stay finite. The scorer checks a sequence's final state for that NaN: {@link #overflown}.
 *
 * <p>Immutable; may be shared by threads.
 */
public final class VariantEquations {
    private static final int UNITS = GatePanels.UNITS;
    private static final int FORGET = Gate.FORGET.block() * UNITS;
    private static final int CANDIDATE = Gate.CANDIDATE.block() * UNITS;
    private static final int OUTPUT = Gate.OUTPUT.block() * UNITS;

    private final ActivationFunction ofGates; // f
    private final ActivationFunction ofCandidate; // g
    private final ActivationFunction ofCell; // h
    private final float clip;
    private final boolean coupled;
    private final CellVariant.Peepholes peepholes; // or null
    private final float limit;

    /** @param limit largest magnitude of a state */
    public VariantEquations(LstmDirection direction, float limit) {
        CellVariant variant = direction.variant();
        this.ofGates = new ActivationFunction(variant.gate());
        this.ofCandidate = new ActivationFunction(variant.candidate());
        this.ofCell = new ActivationFunction(variant.output());
        this.clip = variant.clip();
        this.coupled = variant.coupled();
        this.peepholes = variant.peepholes().orElse(null);
        this.limit = limit;
    }

    /**
     * Computes the states of a step from its pre-activations.
     *
     * @param z pre-activations in the layout of {@link Kernel#preActivations}; overwritten
     * @param cell {@code c}: rows of width H, read at {@code previous}, written at {@code next}
     * @param shown rows of width H, written at {@code next}
     */
    void step(GatePanels gates, StepRows rows, float[] z, float[] cell, float[] shown) {
        int at = 0;
        for (int row = 0; row < rows.count; row++) {
            for (int panel = 0; panel < gates.panels(); panel++) {
                int first = panel * UNITS;
                int before = rows.previous[row] * gates.hiddenWidth() + first;
                int after = rows.next[row] * gates.hiddenWidth() + first;
                int units = gates.units(panel);
                cellStates(z, at, first, units, cell, before, after);
                shownStates(z, at, first, units, cell, shown, after);
                at += GatePanels.COLUMNS;
            }
        }
    }

    /**
     * Computes the gates of a step that has been computed.
     *
     * @param z pre-activations in the layout of {@link Kernel#preActivations}; replaced by i, f, g and o
     * @param cell {@code c}: rows of width H, read at {@code previous} and {@code next}
     */
    void gates(GatePanels gates, StepRows rows, float[] z, float[] cell) {
        int at = 0;
        for (int row = 0; row < rows.count; row++) {
            for (int panel = 0; panel < gates.panels(); panel++) {
                int first = panel * UNITS;
                int units = gates.units(panel);
                entering(z, at, first, units, cell, rows.previous[row] * gates.hiddenWidth() + first);
                output(z, at, first, units, cell, rows.next[row] * gates.hiddenWidth() + first);
                at += GatePanels.COLUMNS;
            }
        }
    }

    private void cellStates(float[] z, int at, int first, int units, float[] cell, int before, int after) {
        entering(z, at, first, units, cell, before);
        for (int unit = 0; unit < units; unit++) {
            float entering = z[at + unit] * z[at + CANDIDATE + unit];
            cell[after + unit] = Math.fma(z[at + FORGET + unit], cell[before + unit], entering);
        }
    }

    /** Replaces the pre-activations of i, f and g, the gates of the new cell state, by the gates. */
    private void entering(float[] z, int at, int first, int units, float[] cell, int before) {
        gate(z, at, units, peepholes == null ? null : peepholes.input(), first, cell, before);
        if (coupled) {
            for (int unit = 0; unit < units; unit++) {
                z[at + FORGET + unit] = 1 - z[at + unit];
            }
        } else {
            gate(z, at + FORGET, units, peepholes == null ? null : peepholes.forget(), first, cell, before);
        }
        clip(z, at + CANDIDATE, units);
        ofCandidate.apply(z, at + CANDIDATE, units);
    }

    private void shownStates(float[] z, int at, int first, int units, float[] cell, float[] shown, int after) {
        output(z, at, first, units, cell, after);
        for (int unit = 0; unit < units; unit++) {
            float c = cell[after + unit];
            float s = z[at + OUTPUT + unit] * ofCell.of(c);
            boolean bounded = Math.abs(c) <= limit && Math.abs(s) <= limit; // false for NaN
            cell[after + unit] = bounded ? c : Float.NaN;
            shown[after + unit] = bounded ? s : 0;
        }
    }

    /** Replaces the pre-activation of o, whose peephole reads the new cell state, by the gate. */
    private void output(float[] z, int at, int first, int units, float[] cell, int after) {
        gate(z, at + OUTPUT, units, peepholes == null ? null : peepholes.output(), first, cell, after);
    }

    /** {@code z = f(clip(fma(p, c, z)))}. */
    private void gate(float[] z, int at, int units, float[] peephole, int first, float[] cell, int seen) {
        if (peephole != null) {
            for (int unit = 0; unit < units; unit++) {
                z[at + unit] = Math.fma(peephole[first + unit], cell[seen + unit], z[at + unit]);
            }
        }
        clip(z, at, units);
        ofGates.apply(z, at, units);
    }

    private void clip(float[] z, int at, int units) {
        if (clip < Float.POSITIVE_INFINITY) {
            for (int unit = at; unit < at + units; unit++) {
                z[unit] = Math.max(-clip, Math.min(clip, z[unit]));
            }
        }
    }

    /**
     * Whether a unit overflowed in this step or an earlier one.
     *
     * @param cell a table of cell states
     * @param offset offset of a row
     * @param width H
     */
    public static boolean overflown(float[] cell, int offset, int width) {
        for (int at = offset; at < offset + width; at++) {
            if (Float.isNaN(cell[at])) {
                return true;
            }
        }
        return false;
    }
}
