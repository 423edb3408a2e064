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

/** A sample of a partition: its first rows. Sent to the driver; not a record, because Kryo can't read records. */
final class SampledPart implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int MAX_STEPS_PER_ROW =
            250; // on average over the sample; fewer rows of longer sequences suffice

    private final int partition;
    private final List<Sequence> sequences;
    private final long rows;
    private final long steps;
    private final long bytes;
    private final long keptBytes;
    private final boolean whole;

    /**
     * @param partition its index
     * @param sequences of the rows that can be scored
     * @param rows number of rows read, bad rows included
     * @param steps of all sequences
     * @param bytes of the rows and their answers in a batch
     * @param keptBytes of the values that are copied to the output
     * @param whole whether the sample has all rows of the partition
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
     * Samples the first rows. Bad rows are counted and skipped.
     *
     * @param mostRows most rows to read
     * @param limit of a task
     * @throws RowTooLargeException if an answer exceeds the limit; the run would fail in any case
     */
    static SampledPart of(
            int partition,
            Iterator<Row> input,
            int mostRows,
            InputRow inputRow,
            SequenceScorer scorer,
            RowMemoryLimit limit) {
        List<Sequence> sequences = new ArrayList<>();
        long rows = 0;
        long steps = 0;
        long bytes = 0;
        long keptBytes = 0;
        while (input.hasNext() && rows < mostRows && steps < (long) mostRows * MAX_STEPS_PER_ROW) {
            Row row = input.next();
            Sequence sequence = inputRow.read(row, scorer.rules()).sequence();
            rows++;
            if (sequence != null) {
                limit.check(sequence).ifPresent(tooLarge -> {
                    throw new RowTooLargeException(inputRow.complaint(row, tooLarge));
                });
                sequences.add(sequence);
                steps += sequence.length();
                bytes += RowSize.bytes(row) + scorer.bytes(sequence);
                keptBytes += RowSize.packedBytes(inputRow.kept(row));
            }
        }
        return new SampledPart(partition, sequences, rows, steps, bytes, keptBytes, !input.hasNext());
    }

    int partition() {
        return partition;
    }

    /** The sequences of the rows that can be scored. */
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

    /** Average over the rows that can be scored; 0 if there are none. */
    double stepsPerRow() {
        return sequences.isEmpty() ? 0 : (double) steps / sequences.size();
    }
}
