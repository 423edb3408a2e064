package sluice.cell.engine;

import java.util.List;
import sluice.cell.InputColumn;
import sluice.cell.Sequence;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/**
 * The input rows of a model that multiplies them: features, or the parts of {@code x_t} side by side. If the first part is looked up, it
 * is not in the row: its token selects the row of the lookup table at which the chain starts, and the chain goes on over the other
 * parts. So the bits are the same with and without that table. Immutable.
 */
final class StepInputs {
    private final InputPart[] parts; // empty for features
    private final boolean startsFromTable; // whether the first part is looked up
    private final int width;

    /** @param startsFromTable whether the first part is looked up */
    StepInputs(LstmModel model, boolean startsFromTable) {
        List<InputPart> all = model.parts();
        this.parts = all.toArray(InputPart[]::new);
        this.startsFromTable = startsFromTable;
        this.width = model.inputWidth() - (startsFromTable ? all.get(0).width() : 0);
    }

    /** Numbers in a row. */
    int width() {
        return width;
    }

    /** The row of the lookup table at which a step starts; 0 without a table. */
    int start(Sequence sequence, int step) {
        return startsFromTable ? sequence.columns()[0].tokens()[step] : 0;
    }

    /** Writes the row of a step. */
    void write(Sequence sequence, int step, float[] rows, int offset) {
        if (parts.length == 0) {
            System.arraycopy(sequence.features(), step * width, rows, offset, width);
            return;
        }
        int to = offset;
        for (int at = startsFromTable ? 1 : 0; at < parts.length; at++) {
            InputColumn column = sequence.columns()[at];
            int numbers = parts[at].width();
            Matrix table = parts[at].table();
            float[] from = table == null ? column.numbers() : table.values();
            int row = table == null ? step : column.tokens()[step];
            System.arraycopy(from, row * numbers, rows, to, numbers);
            to += numbers;
        }
    }
}
