package sluice.cell.kernel;

import sluice.cell.model.CellVariant;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;

/**
 * What a cell other than the plain one does with its pre-activations z, unit by unit, in float32 and in this order:
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
 * <p>All kernels come here, so that all give the same bits. It is plain Java and not fast: what a cell does is looked up unit by unit,
 * nothing of the plain cell's way is shared, and the plain cell pays nothing. {@link ActivationFunction} tells errors.
 *
 * <h2>Overflow</h2>
 *
 * <p>Some activations have no bound, and states may grow from step to step. A unit whose {@code c_t} or {@code shown_t} is beyond the
 * limit, infinite or NaN has overflown: its cell state becomes NaN and stays so in all steps after, and it shows 0, so that all sums
 * around it stay finite. Who scores looks for that NaN in the state that a sequence ends in: {@link #overflown}.
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

    /** @param limit the largest magnitude that a state may have */
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
     * The rest of a step.
     *
     * @param z pre-activations, as {@link Kernel#preActivations} leaves them; overwritten
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
     * The gates of a step that has been taken, as it has used them.
     *
     * @param z pre-activations, as {@link Kernel#preActivations} leaves them; i, f, g and o take their places
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

    /** The gates that make the new cell state: i, f and g in the place of their pre-activations. */
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
            boolean bounded = Math.abs(c) <= limit && Math.abs(s) <= limit; // not so where one is NaN
            cell[after + unit] = bounded ? c : Float.NaN;
            shown[after + unit] = bounded ? s : 0;
        }
    }

    /** The gate that sees the new cell state: o in the place of its pre-activation. */
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
     * Whether a unit has overflown in this step or any before it.
     *
     * @param cell a table of cell states
     * @param offset where a row of it begins
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
