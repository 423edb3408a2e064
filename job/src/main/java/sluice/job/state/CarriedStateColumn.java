package sluice.job.state;

import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.Row;
import sluice.cell.LstmState;
import sluice.cell.model.LstmModel;
import sluice.job.input.InitialState;
import sluice.job.row.RowDefect;
import sluice.job.row.UnreadableRow;

/** Reads a row's carried state from the column that {@link StateJoin} adds. Immutable, sent to the executors. */
final class CarriedStateColumn implements InitialState {
    private static final long serialVersionUID = 1L;

    private final StateKey key;
    private final int column;
    private final String place;
    private final int[] hiddenWidths; // of each layer
    private final int[] cellWidths;

    /**
     * @param column index of the struct of {@code h} and {@code c} in a row
     * @param place names the state version in messages
     */
    CarriedStateColumn(StateKey key, int column, String place, LstmModel model) {
        this.key = key;
        this.column = column;
        this.place = place;
        this.hiddenWidths = StateCodec.hiddenWidths(model);
        this.cellWidths = StateCodec.cellWidths(model);
    }

    @Override
    public LstmState read(Row row) throws UnreadableRow {
        String missing = key.firstNull(row);
        if (missing != null) {
            throw new UnreadableRow(
                    RowDefect.NULL_KEY,
                    "column '%s' of state.key is null, so the row has no key to carry a state for".formatted(missing));
        }
        if (row.isNullAt(column)) {
            return null;
        }
        Row state = row.getStruct(column);
        return new LstmState(rows(state, 0, hiddenWidths), rows(state, 1, cellWidths));
    }

    private static float[][] rows(Row state, int part, int[] widths) throws UnreadableRow {
        byte[] bytes = state.getAs(part);
        float[][] rows = StateCodec.rows(bytes, widths);
        if (rows == null) {
            throw new UnreadableRow(
                    RowDefect.WRONG_STATE,
                    String.format(
                            Locale.ROOT,
                            "its %s has %s bytes, expected %d for this model: the state version is damaged",
                            part == 0 ? StateCodec.HIDDEN : StateCodec.CELL,
                            bytes == null ? "no" : bytes.length,
                            Float.BYTES * Arrays.stream(widths).sum()));
        }
        return rows;
    }

    @Override
    public String place() {
        return place;
    }
}
