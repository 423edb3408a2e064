package sluice.cell.engine;

import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;

/**
 * The input's terms of a layer above the first, for several steps of a few sequences by one read of their weights. Each step then reads the
 * recurrent weights alone. The chains, and so the bits, are those of steps that compute both. For one direction of one batch.
 */
final class InputTerms {
    /** Most sequences for which this is faster: with more, one step serves enough rows by a read of the weights. */
    static final int FEW = 4;

    private final Kernel kernel;
    private final int steps; // that are computed together
    private final LinearPanels inputs;
    private final GatePanels recurrent;
    private final float[] starts; // (steps, sequences, panels)
    private final int[] from;
    private final int[] to;

    InputTerms(GatePanels panels, SequenceBatch batch, Kernel kernel) {
        this.kernel = kernel;
        this.steps = Math.min(StepRun.STEPS, longest(batch));
        this.inputs = panels.inputMap();
        this.starts = new float[Math.multiplyExact(steps * batch.size(), inputs.outputs())];
        this.recurrent = panels.afterInputs(starts);
        this.from = new int[steps * batch.size()];
        this.to = new int[from.length];
    }

    /** Whether the terms of a batch are computed so: not of many sequences, nor of single steps. */
    static boolean suit(SequenceBatch batch) {
        return batch.size() > 0 && batch.size() <= FEW && longest(batch) > 1;
    }

    private static int longest(SequenceBatch batch) {
        return batch.length(batch.longestFirst()[0]);
    }

    /** The weights that a step multiplies; a chain starts at {@link #start}. */
    GatePanels recurrent() {
        return recurrent;
    }

    /**
     * Computes the steps from this time on, if they are not computed yet.
     *
     * @param below the inputs of all steps
     * @param reversed whether the direction reads its last step first
     */
    void compute(SequenceBatch batch, LayerOutput below, int time, boolean reversed) {
        if (time % steps > 0) {
            return;
        }
        int count = 0;
        for (int at = 0; at < batch.size(); at++) {
            int s = batch.longestFirst()[at];
            for (int ahead = 0; ahead < steps && time + ahead < batch.length(s); ahead++) {
                from[count] = below.row(batch, s, batch.step(s, time + ahead, reversed)) * below.width();
                to[count++] = start(batch, at, time + ahead) * inputs.outputs();
            }
        }
        kernel.multiply(inputs, 0, inputs.outputs(), below.values(), from, count, starts, to);
    }

    /** The row at which the chain of the sequence at this place, the longest first, starts. */
    int start(SequenceBatch batch, int place, int time) {
        return time % steps * batch.size() + place;
    }
}
