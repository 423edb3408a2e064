package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;

/**
 * h and c of every direction of every layer, in the order of {@link LstmModel#directions()}: what a sequence starts from, or what
 * it leaves behind. Two are equal where all their numbers are, to the bit: 0 isn't -0.
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

    /** What the model's sequences start from where nothing else is given. */
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
