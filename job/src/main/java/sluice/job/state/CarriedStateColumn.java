package sluice.job.state;

import org.apache.spark.sql.Row;
import sluice.cell.LstmState;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.job.input.InitialState;
import sluice.job.input.RowDefect;
import sluice.job.input.UnreadableRow;

/** The column that carried states are joined into, for rows that have a key. Immutable, sent to the executors. */
final class CarriedStateColumn implements InitialState {
    private static final long serialVersionUID = 1L;

    private final StateKey key;
    private final int column;
    private final String place;
    private final int[] shown; // of each layer
    private final int[] cells;

    /**
     * @param column where the struct of h and c stands
     * @param place what messages call the table that it comes from
     */
    CarriedStateColumn(StateKey key, int column, String place, LstmModel model) {
        this.key = key;
        this.column = column;
        this.place = place;
        this.shown =
                model.directions().stream().mapToInt(LstmDirection::outputWidth).toArray();
        this.cells =
                model.directions().stream().mapToInt(LstmDirection::hiddenWidth).toArray();
    }

    @Override
    public LstmState read(Row row) throws UnreadableRow {
        String missing = key.firstNull(row);
        if (missing != null) {
            throw new UnreadableRow(
                    RowDefect.NULL_KEY,
                    "column '%s' of state.key is null, so that nobody's state can be carried over".formatted(missing));
        }
        if (row.isNullAt(column)) {
            return null;
        }
        Row state = row.getStruct(column);
        return new LstmState(rows(state, 0, shown), rows(state, 1, cells));
    }

    private static float[][] rows(Row state, int part, int[] widths) throws UnreadableRow {
        byte[] bytes = state.getAs(part);
        float[][] rows = StateCodec.rows(bytes, widths);
        if (rows == null) {
            throw new UnreadableRow(
                    RowDefect.WRONG_STATE,
                    "its %s has %s bytes, which is none of this model's: the table of states is damaged"
                            .formatted(
                                    part == 0 ? StateCodec.HIDDEN : StateCodec.CELL,
                                    bytes == null ? "no" : bytes.length));
        }
        return rows;
    }

    @Override
    public String place() {
        return place;
    }
}
