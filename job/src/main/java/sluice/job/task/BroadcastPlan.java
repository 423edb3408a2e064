package sluice.job.task;

import java.io.Serializable;
import java.lang.ref.SoftReference;
import java.util.Iterator;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.SequenceScorer;
import sluice.cell.engine.AnswerCache;
import sluice.cell.engine.CompiledModel;
import sluice.job.column.OutputColumns;
import sluice.job.input.InputRow;
import sluice.job.model.BroadcastModel;
import sluice.job.report.ProcessCounts;
import sluice.job.report.RunCounters;
import sluice.job.settings.BadRowRule;
import sluice.job.state.StateWriter;

/**
 * Everything that tasks need, broadcast once to each executor: how to read a row, what to compute, and the model, which is a broadcast of
 * its own that several plans share. Immutable, except for the answer cache of each process.
 */
public final class BroadcastPlan implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Cache size per concurrent task: {@code scoring.batch-bytes} divided by this. */
    private static final int CACHE_FRACTION = 4;

    private final Broadcast<BroadcastModel> model;
    private final ScoreRequest request;
    private final InputRow inputRow;
    private final OutputColumns columns;
    private final BadRowRule badRows;
    private final long batchBytes;
    private transient SoftReference<AnswerCache> cache; // null before the first use in this process

    public BroadcastPlan(
            Broadcast<BroadcastModel> model,
            ScoreRequest request,
            InputRow inputRow,
            OutputColumns columns,
            BadRowRule badRows,
            long batchBytes) {
        this.model = model;
        this.request = request;
        this.inputRow = inputRow;
        this.columns = columns;
        this.badRows = badRows;
        this.batchBytes = batchBytes;
    }

    /** The bytes of a process's answer cache. */
    static long cacheBytes(long batchBytes, int tasksAtOnce) {
        return batchBytes / CACHE_FRACTION * tasksAtOnce;
    }

    /** The answer cache that all tasks of this process share. It is softly referenced, so it is dropped when memory runs short. */
    private synchronized AnswerCache cache(CompiledModel compiled) {
        AnswerCache answers = cache == null ? null : cache.get();
        if (answers == null) {
            answers = compiled.answerCache(request, cacheBytes(batchBytes, RowMemoryLimit.tasksAtOnce()));
            cache = new SoftReference<>(answers);
        }
        return answers;
    }

    /**
     * Scores a partition lazily, one batch at a time.
     *
     * @param states receives the final states; null if none are carried
     */
    Iterator<Row> score(Iterator<Row> rows, RunCounters counters, StateWriter states) {
        CompiledModel compiled = compiled(counters);
        SequenceScorer scorer = compiled.scorer(cache(compiled));
        RowMemoryLimit limit = RowMemoryLimit.ofThisProcess(compiled.model(), request, scorer);
        return new ScoredRows(rows, inputRow, scorer, columns, badRows, batchBytes, limit, counters, states);
    }

    /** Samples the first rows of a partition. */
    SampledPart sample(int partition, Iterator<Row> rows, int mostRows, RunCounters counters) {
        CompiledModel compiled = compiled(counters);
        SequenceScorer scorer = compiled.scorer(request);
        RowMemoryLimit limit = RowMemoryLimit.ofThisProcess(compiled.model(), request, scorer);
        return SampledPart.of(partition, rows, mostRows, inputRow, scorer, limit);
    }

    /** Creates a scorer without an answer cache. */
    SequenceScorer scorer(RunCounters counters) {
        return compiled(counters).scorer(request);
    }

    boolean asksFor(OutputKind kind) {
        return request.asksFor(kind);
    }

    long batchBytes() {
        return batchBytes;
    }

    /** The bad rows of a partition. */
    Iterator<Row> quarantine(Iterator<Row> rows, RunCounters counters) {
        CompiledModel compiled = compiled(counters);
        return new QuarantinedRows(rows, inputRow, compiled.scorer(request), compiled.mayOverflow(), counters);
    }

    /**
     * Creates a scorer of single rows, for one thread.
     *
     * @param topK replaces the request's; 0 keeps it
     * @throws IllegalArgumentException if the model has fewer classes
     */
    public RowScorer rowScorer(int topK) {
        CompiledModel compiled = model.value().compiled(engine -> ProcessCounts.engineBuilt());
        if (topK == 0) {
            return rowScorer(compiled, request, compiled.scorer(cache(compiled)));
        }
        ScoreRequest asked = request.withTopK(topK);
        return rowScorer(compiled, asked, compiled.scorer(compiled.answerCache(asked, cacheBytes(batchBytes, 1))));
    }

    private RowScorer rowScorer(CompiledModel compiled, ScoreRequest asked, SequenceScorer scorer) {
        return new RowScorer(
                inputRow, scorer, columns, badRows, RowMemoryLimit.ofThisProcess(compiled.model(), asked, scorer));
    }

    private CompiledModel compiled(RunCounters counters) {
        return model.value().compiled(counters::engine);
    }
}
