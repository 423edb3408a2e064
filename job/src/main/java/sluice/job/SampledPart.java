package sluice.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;

/**
 * The first rows of a partition, as they would be scored.
 *
 * @param partition where they stand among the input's
 * @param sequences of those that can be scored
 * @param rows how many were read
 * @param steps of the sequences
 * @param bytes that scoring them takes of a batch
 * @param keptBytes of the values that go into the output
 */
record SampledPart(int partition, List<Sequence> sequences, long rows, long steps, long bytes, long keptBytes)
        implements Serializable {
    private static final int STEPS_OF_A_ROW = 250; // on average, of long sequences: more are not needed

    /**
     * Reads no more than it needs; a bad row is left to the run.
     *
     * @param mostRows that are read
     */
    static SampledPart of(int partition, Iterator<Row> input, int mostRows, InputRow inputRow, SequenceScorer scorer) {
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
                sequences.add(sequence);
                steps += sequence.length();
                bytes += RowSize.bytes(row) + scorer.bytes(sequence.length());
                keptBytes += RowSize.packedBytes(inputRow.kept(row));
            }
        }
        return new SampledPart(partition, sequences, rows, steps, bytes, keptBytes);
    }

    /** On average; 0 where no row could be scored. */
    double stepsPerRow() {
        return sequences.isEmpty() ? 0 : (double) steps / sequences.size();
    }
}
