package sluice.job.task;

import java.util.Locale;
import java.util.Optional;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.model.LstmModel;
import sluice.job.column.OutputSize;
import sluice.job.memory.TaskHeap;
import sluice.job.message.HumanText;
import sluice.job.row.RowDefect;

/**
 * Limits the size of one row's answer by the memory of the process. Spark and Parquet hold a whole row in memory several times: converted,
 * in a buffer that grows by doubling, and in pages before and after compression. Without the limit, one row could end the process with an
 * OutOfMemoryError and lose the work of its other tasks.
 */
final class RowMemoryLimit {
    /** Memory for writing an answer, in multiples of its size. Measured with a heap of 1 GiB: 7 were too few, 9 sufficed. */
    private static final int COPIES = 9;

    private final OutputSize output;
    private final SequenceScorer scorer;
    private final long bytes; // for one task

    RowMemoryLimit(LstmModel model, ScoreRequest request, SequenceScorer scorer, long bytes) {
        this.output = new OutputSize(model, request);
        this.scorer = scorer;
        this.bytes = bytes;
    }

    /** The limit of one task: the heap of this process divided by the tasks that it runs at once. */
    static RowMemoryLimit ofThisProcess(LstmModel model, ScoreRequest request, SequenceScorer scorer) {
        return new RowMemoryLimit(model, request, scorer, TaskHeap.bytes());
    }

    /** The defect of a row with this sequence; empty if its answer fits. The caller names the row. */
    Optional<RowDefect> check(Sequence sequence) {
        double answer = output.bytes(sequence);
        double needed = scorer.bytes(sequence) + (COPIES - 1) * answer;
        if (needed <= bytes) {
            return Optional.empty();
        }
        return Optional.of(new RowDefect(
                "too-large",
                String.format(
                        Locale.ROOT,
                        "its answer to %,d steps is %s, and takes %s until it is written, of the %s that a task has here; nothing was written;"
                                + " ask for smaller outputs (topk, rank or loglik in place of whole distributions), or give the process more"
                                + " memory (--executor-memory on a cluster, --driver-memory in local mode) or fewer tasks at once",
                        sequence.length(),
                        HumanText.size(answer),
                        HumanText.size(needed),
                        HumanText.size(bytes))));
    }
}
