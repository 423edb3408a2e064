package sluice.job.task;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.job.column.OutputColumns;
import sluice.job.input.InputRow;
import sluice.job.input.SequenceReader;
import sluice.job.memory.RowSize;
import sluice.job.message.BadRowException;
import sluice.job.message.RowTooLargeException;
import sluice.job.report.RunCounters;
import sluice.job.report.TaskClock;
import sluice.job.row.RowDefect;
import sluice.job.settings.BadRowRule;
import sluice.job.state.StateWriter;

/**
 * Scores the rows of a partition, in their order. Rows are collected into batches whose states, outputs and input values fit into
 * {@code scoring.batch-bytes}; a larger row is a batch of its own.
 */
final class ScoredRows extends LookaheadIterator {
    private final Iterator<Row> rows;
    private final InputRow inputRow;
    private final SequenceScorer scorer;
    private final OutputColumns columns;
    private final BadRowRule badRows;
    private final long batchBytes;
    private final RowMemoryLimit limit;
    private final RunCounters counters;
    private final TaskClock clock;
    private final StateWriter states; // null if no states are carried

    private final Deque<BatchRow> batch = new ArrayDeque<>(); // rows not returned yet
    private Deque<ScoredSequence> answers = new ArrayDeque<>(); // of the sequences in the batch
    private long words; // looked up in the batch
    private long unknownWords;
    private BatchRow waiting; // read, but did not fit into the batch

    /** A row with its sequence; the sequence of a bad row is null, and its defect is not. */
    private record BatchRow(Row row, Sequence sequence, RowDefect defect, long bytes) {
        long steps() {
            return sequence == null ? 0 : sequence.length() + 1L;
        }
    }

    ScoredRows(
            Iterator<Row> rows,
            InputRow inputRow,
            SequenceScorer scorer,
            OutputColumns columns,
            BadRowRule badRows,
            long batchBytes,
            RowMemoryLimit limit,
            RunCounters counters,
            StateWriter states) {
        this.rows = rows;
        this.inputRow = inputRow;
        this.scorer = scorer;
        this.columns = columns;
        this.badRows = badRows;
        this.batchBytes = batchBytes;
        this.limit = limit;
        this.counters = counters;
        this.states = states;
        this.clock = TaskClock.start(counters);
    }

    @Override
    Row find() {
        while (!batch.isEmpty() || scoreNextBatch()) {
            Row row = outputRow(batch.remove());
            if (row != null) {
                return row;
            }
        }
        if (states != null) {
            states.finish();
        }
        return null;
    }

    /** The output row; null if the bad row has none. */
    private Row outputRow(BatchRow read) {
        if (read.defect() != null) {
            return badRow(read.row(), read.defect());
        }
        ScoredSequence answer = answers.remove();
        Defect overflow = answer.defect().orElse(null);
        if (overflow == null
                && states != null
                && read.sequence().length() > 0) { // an empty sequence leaves the state as it is
            states.add(read.row(), read.sequence().start().isPresent(), answer.state());
        }
        return overflow == null
                ? columns.complete(kept(read.row()), answer)
                : badRow(read.row(), RowDefect.of(overflow));
    }

    private Row badRow(Row row, RowDefect defect) {
        if (badRows == BadRowRule.FAIL) {
            throw new BadRowException(inputRow.complaint(row, defect));
        }
        counters.badRow(defect.code(), () -> inputRow.complaint(row, defect));
        return badRows == BadRowRule.NULL ? columns.complete(kept(row), defect) : null;
    }

    private Object[] kept(Row row) {
        return inputRow.kept(row, columns.count());
    }

    /** @return false if no rows are left */
    private boolean scoreNextBatch() {
        stopIfKilled();
        clock.reading(this::fillBatch);
        if (batch.isEmpty()) {
            return false;
        }
        List<Sequence> sequences = new ArrayList<>(batch.size());
        for (BatchRow row : batch) {
            if (row.sequence() != null) {
                sequences.add(row.sequence());
            }
        }
        long computed = scorer.computedSteps();
        answers = clock.scoring(() -> new ArrayDeque<>(scorer.score(sequences)));
        counters.batch(sequences, answers, scorer.computedSteps() - computed);
        counters.words(words, unknownWords);
        words = 0;
        unknownWords = 0;
        return true;
    }

    /** Spark does not interrupt the thread of a killed task by default, so the task checks. */
    private static void stopIfKilled() {
        TaskContext task = TaskContext.get();
        if (task != null && task.isInterrupted()) {
            throw new TaskKilledException("the task was cancelled");
        }
    }

    private void fillBatch() {
        long bytes = 0;
        long steps = 0;
        while (waiting != null || rows.hasNext()) {
            if (waiting == null) {
                waiting = read(rows.next());
            }
            bytes += waiting.bytes();
            steps += waiting.steps();
            boolean fits = bytes <= batchBytes && steps <= scorer.rules().maxLength();
            if (!fits && !batch.isEmpty()) {
                return;
            }
            batch.add(waiting);
            waiting = null;
        }
    }

    private BatchRow read(Row row) {
        SequenceReader.Reading reading = inputRow.read(row, scorer.rules());
        Sequence sequence = reading.sequence();
        words += reading.words();
        unknownWords += reading.unknownWords();
        if (reading.defect() != null && badRows == BadRowRule.FAIL) {
            throw new BadRowException(inputRow.complaint(row, reading.defect()));
        }
        if (sequence != null) {
            limit.check(sequence).ifPresent(tooLarge -> {
                throw new RowTooLargeException(inputRow.complaint(row, tooLarge));
            });
        }
        long bytes = RowSize.bytes(row) + (sequence == null ? 0 : scorer.bytes(sequence));
        return new BatchRow(row, sequence, reading.defect(), bytes);
    }
}
