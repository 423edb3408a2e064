package sluice.job.input;

import java.io.Serializable;
import org.apache.spark.sql.Row;
import sluice.cell.LstmState;
import sluice.job.row.UnreadableRow;

/** Reads the LSTM state that a row's sequence continues from. Immutable, broadcast. */
public interface InitialState extends Serializable {
    /** The state; null if the sequence starts from the model's own initial state. */
    LstmState read(Row row) throws UnreadableRow;

    /** Where the state is, for messages about a defect of it: {@code column 'state'}. */
    String place();
}
