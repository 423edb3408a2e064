package sluice.cell;

import sluice.cell.model.Gate;

/**
 * What the gates of one layer did in one step, and what its cells held after it: why the memory kept or forgot. A layer that reads both
 * ways has both directions' values at this step of the sequence side by side, forward first, however their outputs are merged.
 *
 * <p>All arrays are as wide as the layer has cells, H, or both directions' H together; a projection makes no difference. They are not
 * copied, and not to be written.
 *
 * @param input {@code i_t}, how much of the candidate enters
 * @param forget {@code f_t}, how much of the cell state before stays; where gates are coupled, {@code 1 - i_t}
 * @param candidate {@code g_t}, what may enter
 * @param output {@code o_t}, how much of the new cell state is shown
 * @param cell {@code c_t}, the bits that {@link OutputKind#CELL} tells of the top layer
 */
public record StepGates(float[] input, float[] forget, float[] candidate, float[] output, float[] cell) {
    /** Room for a layer of so many cells, for {@link #put} to fill. */
    public StepGates(int width) {
        this(new float[width], new float[width], new float[width], new float[width], new float[width]);
    }

    /** A copy of one row of two tables, as {@link #put} takes it. */
    public static StepGates ofRow(float[] gates, float[] cell, int row, int width) {
        StepGates copy = new StepGates(width);
        copy.put(0, gates, cell, row, width);
        return copy;
    }

    /**
     * Copies one row of two tables, the values of a direction.
     *
     * @param unit where they go
     * @param gates rows of i, f, g and o, each of width H
     * @param cell rows of width H
     */
    public void put(int unit, float[] gates, float[] cell, int row, int width) {
        int at = Gate.COUNT * row * width;
        System.arraycopy(gates, at + Gate.INPUT.block() * width, input, unit, width);
        System.arraycopy(gates, at + Gate.FORGET.block() * width, forget, unit, width);
        System.arraycopy(gates, at + Gate.CANDIDATE.block() * width, candidate, unit, width);
        System.arraycopy(gates, at + Gate.OUTPUT.block() * width, output, unit, width);
        System.arraycopy(cell, row * width, this.cell, unit, width);
    }
}
