package sluice.cell.engine;

import sluice.cell.model.LstmDirection;

/**
 * h and c of one direction at every step of a batch.
 *
 * <p>A sequence of n steps has n + 1 rows, from {@link SequenceBatch#stateRow} on. A forward direction has the start state in the first
 * row and the state after step t in row t + 1. A backward direction has the start state in the last row and the state after step t in
 * row t. An empty sequence has one row, its start state, which is also its final state.
 */
final class StepStates {
    private final SequenceBatch batch;
    private final LstmDirection direction;
    private final float[] hidden; // (rows, P)
    private final float[] cell; // (rows, H)

    StepStates(SequenceBatch batch, LstmDirection direction) {
        this.batch = batch;
        this.direction = direction;
        this.hidden = new float[Math.multiplyExact(batch.stateRows(), direction.outputWidth())];
        this.cell = new float[Math.multiplyExact(batch.stateRows(), direction.hiddenWidth())];
    }

    /** Sets the start state of a sequence. */
    void start(int s, float[] h, float[] c) {
        int row = batch.stateRow(s) + (direction.reversed() ? batch.length(s) : 0);
        System.arraycopy(h, 0, hidden, row * h.length, h.length);
        System.arraycopy(c, 0, cell, row * c.length, c.length);
    }

    /** The row of the state before a step. */
    int rowBefore(int s, int step) {
        return batch.stateRow(s) + (direction.reversed() ? step + 1 : step);
    }

    /** The row of the state after a step; for step -1 of a forward direction, the start state's row. */
    int rowAfter(int s, int step) {
        return batch.stateRow(s) + (direction.reversed() ? step : step + 1);
    }

    /** The row of the state after the last step in reading order. */
    int finalRow(int s) {
        return batch.stateRow(s) + (direction.reversed() ? 0 : batch.length(s));
    }

    LstmDirection direction() {
        return direction;
    }

    float[] hidden() {
        return hidden;
    }

    float[] cell() {
        return cell;
    }
}
