package sluice.cell.engine;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.Readout;

/**
 * Output of a layer: for each sequence a row for its start, then a row for each step, in the layout of a forward {@link StepStates}.
 *
 * <p>With {@link Readout#FINAL_STATES}, the row of the last step holds the final states instead.
 *
 * @param values {@code (rows, width)}
 */
record LayerOutput(float[] values, int width) {
    /** The hidden states of a layer, its directions merged. */
    static LayerOutput hidden(
            SequenceBatch batch, List<StepStates> directions, LstmLayer.Merge merge, Readout readout) {
        if (merge == LstmLayer.Merge.CONCAT) {
            return hidden(batch, directions, readout);
        }
        LayerOutput forward = hidden(batch, directions.subList(0, 1), readout);
        LayerOutput backward = hidden(batch, directions.subList(1, 2), readout); // a copy, in the row order of forward
        for (int at = 0; at < backward.values.length; at++) {
            backward.values[at] = merged(merge, forward.values[at], backward.values[at]);
        }
        return backward;
    }

    private static float merged(LstmLayer.Merge merge, float forward, float backward) {
        return switch (merge) {
            case SUM -> forward + backward;
            case MUL -> forward * backward;
            case AVERAGE -> (forward + backward) / 2;
            case CONCAT -> throw new AssertionError("concatenated outputs are not merged unit by unit");
        };
    }

    private static LayerOutput hidden(SequenceBatch batch, List<StepStates> directions, Readout readout) {
        return concatenated(batch, directions, StepStates::hidden, LstmDirection::outputWidth, readout);
    }

    /** The cell states of a layer, its directions concatenated (regardless of how its outputs are merged). */
    static LayerOutput cell(SequenceBatch batch, List<StepStates> directions, Readout readout) {
        return concatenated(batch, directions, StepStates::cell, LstmDirection::hiddenWidth, readout);
    }

    private static LayerOutput concatenated(
            SequenceBatch batch,
            List<StepStates> tables,
            Function<StepStates, float[]> values,
            ToIntFunction<LstmDirection> widthOf,
            Readout readout) {
        int width = tables.stream()
                .mapToInt(table -> widthOf.applyAsInt(table.direction()))
                .sum();
        if (tables.size() == 1 && !tables.get(0).direction().reversed()) {
            return new LayerOutput(values.apply(tables.get(0)), width);
        }
        float[] joined = new float[Math.multiplyExact(batch.stateRows(), width)];
        int column = 0;
        for (StepStates table : tables) {
            int part = widthOf.applyAsInt(table.direction());
            for (int s = 0; s < batch.size(); s++) {
                copy(batch, s, table, values.apply(table), part, joined, width, column);
                if (readout == Readout.FINAL_STATES) {
                    int last = batch.stateRow(s) + batch.length(s);
                    System.arraycopy(
                            values.apply(table), table.finalRow(s) * part, joined, last * width + column, part);
                }
            }
            column += part;
        }
        return new LayerOutput(joined, width);
    }

    private static void copy(
            SequenceBatch batch, int s, StepStates table, float[] from, int part, float[] to, int width, int column) {
        int row = batch.stateRow(s);
        int start = table.rowBefore(s, table.direction().reversed() ? batch.length(s) - 1 : 0);
        System.arraycopy(from, start * part, to, row * width + column, part);
        for (int step = 0; step < batch.length(s); step++) {
            System.arraycopy(from, table.rowAfter(s, step) * part, to, (row + step + 1) * width + column, part);
        }
    }

    /** The row of a step of a sequence; step -1 is its start. */
    int row(SequenceBatch batch, int s, int step) {
        return batch.stateRow(s) + step + 1;
    }

    /** A copy of one row. */
    float[] copyOfRow(int row) {
        float[] copy = new float[width];
        System.arraycopy(values, row * width, copy, 0, width);
        return copy;
    }
}
