package sluice.job.task;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.job.input.InputRow;
import sluice.job.input.RowSize;
import sluice.job.message.RowTooLargeException;

/** The first rows of a partition, as they would be scored. Sent to the driver; not a record, which Kryo can't read. */
final class SampledPart implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int STEPS_OF_A_ROW = 250; // on average, of long sequences: more are not needed

    private final int partition;
    private final List<Sequence> sequences;
    private final long rows;
    private final long steps;
    private final long bytes;
    private final long keptBytes;
    private final boolean whole;

    /**
     * @param partition where they stand among the input's
     * @param sequences of those that can be scored
     * @param rows how many were read
     * @param steps of the sequences
     * @param bytes that scoring them takes of a batch
     * @param keptBytes of the values that go into the output
     * @param whole whether these are all rows of the partition
     */
    SampledPart(
            int partition, List<Sequence> sequences, long rows, long steps, long bytes, long keptBytes, boolean whole) {
        this.partition = partition;
        this.sequences = new ArrayList<>(sequences);
        this.rows = rows;
        this.steps = steps;
        this.bytes = bytes;
        this.keptBytes = keptBytes;
        this.whole = whole;
    }

    /**
     * Reads no more than it needs; a bad row is left to the run.
     *
     * @param mostRows that are read
     * @param room of a task of the run
     * @throws RowTooLargeException where an answer has no room: no rule would pass over that row
     */
    static SampledPart of(
            int partition,
            Iterator<Row> input,
            int mostRows,
            InputRow inputRow,
            SequenceScorer scorer,
            RowMemoryLimit room) {
        List<Sequence> sequences = new ArrayList<>();
        long rows = 0;
        long steps = 0;
        long bytes = 0;
        long keptBytes = 0;
        while (input.hasNext() && rows < mostRows && steps < (long) mostRows * STEPS_OF_A_ROW) {
            Row row = input.next();
            Sequence sequence = inputRow.read(row, scorer.rules()).sequence();
            rows++;
            if (sequence != null) {
                room.require(row, sequence, inputRow);
                sequences.add(sequence);
                steps += sequence.length();
                bytes += RowSize.bytes(row) + scorer.bytes(sequence.length());
                keptBytes += RowSize.packedBytes(inputRow.kept(row));
            }
        }
        return new SampledPart(partition, sequences, rows, steps, bytes, keptBytes, !input.hasNext());
    }

    int partition() {
        return partition;
    }

    /** Of the rows that can be scored. */
    List<Sequence> sequences() {
        return Collections.unmodifiableList(sequences);
    }

    long rows() {
        return rows;
    }

    long steps() {
        return steps;
    }

    long bytes() {
        return bytes;
    }

    long keptBytes() {
        return keptBytes;
    }

    boolean whole() {
        return whole;
    }

    /** On average; 0 where no row could be scored. */
    double stepsPerRow() {
        return sequences.isEmpty() ? 0 : (double) steps / sequences.size();
    }
}
