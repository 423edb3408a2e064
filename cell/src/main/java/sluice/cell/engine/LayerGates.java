package sluice.cell.engine;

import java.util.List;
import sluice.cell.StepGates;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;

/**
 * Gate values of one layer at every step of a batch.
 *
 * @param directions states of the layer's directions
 * @param gates one table for each direction, with rows of width 4H: the gates of a step are in the row of the state after it
 */
record LayerGates(List<StepStates> directions, List<float[]> gates) {
    /** An empty table for the gates of one direction. */
    static float[] table(SequenceBatch batch, LstmDirection direction) {
        return new float[Math.multiplyExact(batch.stateRows(), Gate.COUNT * direction.hiddenWidth())];
    }

    /** A copy of the gates of all directions at one step of a sequence. */
    StepGates at(int s, int step) {
        StepGates all = new StepGates(directions.stream()
                .mapToInt(states -> states.direction().hiddenWidth())
                .sum());
        int unit = 0;
        for (int at = 0; at < gates.size(); at++) {
            StepStates states = directions.get(at);
            int width = states.direction().hiddenWidth();
            all.put(unit, gates.get(at), states.cell(), states.rowAfter(s, step), width);
            unit += width;
        }
        return all;
    }
}
