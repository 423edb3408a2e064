package sluice.cell;

import sluice.cell.model.Gate;

/**
 * Gate values of one layer in one step, and its cell state after the step. They show why the memory kept or forgot something. For a
 * bidirectional layer, each array has the forward direction's values, then the backward direction's, regardless of how its
 * outputs are merged.
 *
 * <p>Each array has H values (for two directions, the sum of their H), with or without a projection. Do not write to the arrays.
 *
 * @param input {@code i_t}, share of the candidate that enters
 * @param forget {@code f_t}, share of the previous cell state that stays; {@code 1 - i_t} for coupled gates
 * @param candidate {@code g_t}, the candidate state
 * @param output {@code o_t}, share of the new cell state that is shown
 * @param cell {@code c_t}, for the top layer the same bits as {@link OutputKind#CELL}
 */
public record StepGates(float[] input, float[] forget, float[] candidate, float[] output, float[] cell) {
    /** Empty arrays for a layer of this many cells, to be filled by {@link #put}. */
    public StepGates(int width) {
        this(new float[width], new float[width], new float[width], new float[width], new float[width]);
    }

    /** A copy of one row of two tables; see {@link #put} for the parameters. */
    public static StepGates ofRow(float[] gates, float[] cell, int row, int width) {
        StepGates copy = new StepGates(width);
        copy.put(0, gates, cell, row, width);
        return copy;
    }

    /**
     * Copies the values of one direction from one row of two tables.
     *
     * @param unit index of the first value to set
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
