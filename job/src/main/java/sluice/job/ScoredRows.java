package sluice.job;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;

/**
 * A partition's rows, scored, in their order. Rows are gathered into batches whose states, answers and own values stay within a
 * number of bytes; a row that is larger alone makes a batch alone.
 */
final class ScoredRows implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final InputRow inputRow;
    private final SequenceScorer scorer;
    private final OutputColumns columns;
    private final long batchBytes;
    private final RunCounters counters;

    private final List<Object[]> kept = new ArrayList<>();
    private final List<Sequence> sequences = new ArrayList<>();
    private Object[] waitingRow; // read, but the batch was full
    private Sequence waitingSequence;
    private long waitingBytes;
    private List<ScoredSequence> answers = List.of();
    private int next; // among the answers

    ScoredRows(
            Iterator<Row> rows,
            InputRow inputRow,
            SequenceScorer scorer,
            OutputColumns columns,
            long batchBytes,
            RunCounters counters) {
        this.rows = rows;
        this.inputRow = inputRow;
        this.scorer = scorer;
        this.columns = columns;
        this.batchBytes = batchBytes;
        this.counters = counters;
    }

    @Override
    public boolean hasNext() {
        return next < answers.size() || waitingRow != null || rows.hasNext();
    }

    @Override
    public Row next() {
        if (next == answers.size()) {
            scoreNextBatch();
        }
        Optional<Defect> defect = answers.get(next).defect();
        if (defect.isPresent()) {
            throw new BadRowException(inputRow.complaint(kept.get(next), RowDefect.of(defect.get())));
        }
        Row scored = columns.append(kept.get(next), answers.get(next));
        kept.set(next, null);
        answers.set(next, null);
        next++;
        return scored;
    }

    private void scoreNextBatch() {
        stopIfKilled();
        gather();
        if (sequences.isEmpty()) {
            throw new NoSuchElementException();
        }
        long before = System.nanoTime();
        answers = scorer.score(sequences);
        long tokens = sequences.stream().mapToLong(Sequence::length).sum();
        counters.batch(sequences.size(), tokens, System.nanoTime() - before);
        next = 0;
    }

    /** Spark doesn't interrupt a task that computes: it has to look by itself. */
    private static void stopIfKilled() {
        TaskContext task = TaskContext.get();
        if (task != null && task.isInterrupted()) {
            throw new TaskKilledException("the task was cancelled");
        }
    }

    private void gather() {
        kept.clear();
        sequences.clear();
        long bytes = 0;
        long steps = 0;
        while (waitingRow != null || rows.hasNext()) {
            if (waitingRow == null) {
                readRow();
            }
            bytes += waitingBytes;
            steps += waitingSequence.length() + 1L;
            boolean fits = bytes <= batchBytes && steps <= scorer.rules().maxLength();
            if (!fits && !sequences.isEmpty()) {
                return;
            }
            kept.add(waitingRow);
            sequences.add(waitingSequence);
            waitingRow = null;
        }
    }

    private void readRow() {
        Row row = rows.next();
        SequenceReader.Reading reading = inputRow.read(row);
        RowDefect defect = reading.defect();
        if (defect == null) {
            Optional<Defect> broken = scorer.rules().check(reading.sequence());
            defect = broken.map(RowDefect::of).orElse(null);
        }
        if (defect != null) {
            throw new BadRowException(inputRow.complaint(row, defect));
        }
        waitingSequence = reading.sequence();
        waitingRow = inputRow.kept(row);
        waitingBytes = scorer.bytes(waitingSequence.length()) + RowSize.bytes(row);
    }
}
