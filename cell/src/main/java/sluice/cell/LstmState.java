package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;

/**
 * The state of a model: h and c of each direction of each layer, in the order of {@link LstmModel#directions()}. A sequence starts from
 * one and ends in one. States are equal if all their bits are equal, so 0 differs from -0.
 */
public final class LstmState implements Serializable {
    private static final long serialVersionUID = 1L;

    private final float[][] hidden; // (directions, P)
    private final float[][] cell; // (directions, H)

    /**
     * @param hidden h of each direction, of its width P
     * @param cell c of each direction, of its width H
     */
    public LstmState(float[][] hidden, float[][] cell) {
        this.hidden = hidden;
        this.cell = cell;
    }

    /** The start state of a sequence that is given none. */
    public static LstmState initial(LstmModel model) {
        List<LstmDirection> directions = model.directions();
        return new LstmState(
                directions.stream().map(LstmDirection::initialHidden).toArray(float[][]::new),
                directions.stream().map(LstmDirection::initialCell).toArray(float[][]::new));
    }

    /** h of each direction; not a copy. */
    public float[][] hidden() {
        return hidden;
    }

    /** c of each direction; not a copy. */
    public float[][] cell() {
        return cell;
    }

    /** A state with the same values in arrays of its own. */
    public LstmState copy() {
        return new LstmState(copy(hidden), copy(cell));
    }

    private static float[][] copy(float[][] rows) {
        return Arrays.stream(rows).map(float[]::clone).toArray(float[][]::new);
    }

    /** Copies the values into the arrays of another state of the same model. */
    public void copyInto(LstmState other) {
        for (int direction = 0; direction < hidden.length; direction++) {
            System.arraycopy(hidden[direction], 0, other.hidden[direction], 0, hidden[direction].length);
            System.arraycopy(cell[direction], 0, other.cell[direction], 0, cell[direction].length);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LstmState state
                && Arrays.deepEquals(hidden, state.hidden)
                && Arrays.deepEquals(cell, state.cell);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.deepHashCode(hidden) + Arrays.deepHashCode(cell);
    }
}
