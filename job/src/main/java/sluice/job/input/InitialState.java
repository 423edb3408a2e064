package sluice.job.input;

import java.io.Serializable;
import org.apache.spark.sql.Row;
import sluice.cell.LstmState;

/** Where a row holds the state that its sequence goes on from. Immutable, sent to the executors. */
public interface InitialState extends Serializable {
    /** The state, or null where the sequence starts afresh. */
    LstmState read(Row row) throws UnreadableRow;

    /** What is wrong with the state itself, as a sentence about a row begins: {@code column 'state'}. */
    String place();
}
