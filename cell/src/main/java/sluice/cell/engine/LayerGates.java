package sluice.cell.engine;

import java.util.List;
import sluice.cell.StepGates;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;

/**
 * What the gates of one layer did at every step of a batch.
 *
 * @param directions the layer's states
 * @param gates of each direction: rows of width 4H, the gates that led to a state in the row where that state stands
 */
record LayerGates(List<StepStates> directions, List<float[]> gates) {
    /** Room for the gates of one direction. */
    static float[] table(SequenceBatch batch, LstmDirection direction) {
        return new float[Math.multiplyExact(batch.stateRows(), Gate.COUNT * direction.hiddenWidth())];
    }

    /** Of all directions at this step of a sequence, a copy. */
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
