package sluice.cell.engine;

import sluice.cell.model.LstmDirection;

/**
 * h and c of one direction at every step of a batch.
 *
 * <p>A sequence of n steps has n + 1 rows from {@link SequenceBatch#stateRow} on. Read forward, the first is its start and the state after
 * step t is row t + 1; read backward, the last is its start and the state after step t is row t. A row is followed or preceded by
 * the state it grew from, and an empty sequence has its start alone: its first state is its last.
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

    /** Writes where a sequence starts. */
    void start(int s, float[] h, float[] c) {
        int row = batch.stateRow(s) + (direction.reversed() ? batch.length(s) : 0);
        System.arraycopy(h, 0, hidden, row * h.length, h.length);
        System.arraycopy(c, 0, cell, row * c.length, c.length);
    }

    /** The row of the state before this step is read. */
    int rowBefore(int s, int step) {
        return batch.stateRow(s) + (direction.reversed() ? step + 1 : step);
    }

    /** The row of the state after this step is read; one step before the first is the start of a forward reading. */
    int rowAfter(int s, int step) {
        return batch.stateRow(s) + (direction.reversed() ? step : step + 1);
    }

    /** The row of the state after the last step that is read. */
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
