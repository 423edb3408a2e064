package sluice.job.task;

import java.io.Serializable;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.engine.AnswerCache;
import sluice.cell.engine.CompiledModel;
import sluice.job.input.InputRow;
import sluice.job.model.BroadcastModel;
import sluice.job.output.OutputColumns;
import sluice.job.report.ProcessCounts;
import sluice.job.report.RunCounters;
import sluice.job.settings.BadRowRule;
import sluice.job.state.StateWriter;

/**
 * All that tasks need, sent once to each executor: the model, how to read a row, what to answer. Immutable, but for what a process keeps of
 * the answers it has given. The model is a broadcast of its own, which other plans share.
 */
public final class BroadcastPlan implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Of a batch's bytes, how many times less is kept of earlier ones' answers, for each task that runs at once. */
    private static final int BATCH_TO_KNOWN = 4;

    private final Broadcast<BroadcastModel> model;
    private final ScoreRequest request;
    private final InputRow inputRow;
    private final OutputColumns columns;
    private final BadRowRule badRows;
    private final long batchBytes;
    private transient SoftReference<AnswerCache> known; // in this process; null until somebody asks

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

    /** What a process keeps of the answers of earlier batches, where so many tasks run at once with batches of so many bytes. */
    static long knownBytes(long batchBytes, int tasksAtOnce) {
        return batchBytes / BATCH_TO_KNOWN * tasksAtOnce;
    }

    /** The answers that the tasks of this process share; between tasks, and when the run is over, whoever needs the memory may have it. */
    private synchronized AnswerCache known(CompiledModel compiled) {
        AnswerCache answers = known == null ? null : known.get();
        if (answers == null) {
            answers = compiled.answerCache(request, knownBytes(batchBytes, RowMemoryLimit.tasksAtOnce()));
            known = new SoftReference<>(answers);
        }
        return answers;
    }

    /**
     * A partition's rows, scored one batch at a time as they are asked for.
     *
     * @param states takes what they end in, or null
     */
    Iterator<Row> score(Iterator<Row> rows, RunCounters counters, StateWriter states) {
        CompiledModel compiled = compiled(counters);
        SequenceScorer scorer = compiled.scorer(known(compiled));
        RowMemoryLimit room = RowMemoryLimit.ofThisProcess(compiled.model(), request, scorer);
        return new ScoredRows(rows, inputRow, scorer, columns, badRows, batchBytes, room, counters, states);
    }

    /** What the first of a partition's rows are like. */
    SampledPart sample(int partition, Iterator<Row> rows, int mostRows, RunCounters counters) {
        CompiledModel compiled = compiled(counters);
        SequenceScorer scorer = compiled.scorer(request);
        RowMemoryLimit room = RowMemoryLimit.ofThisProcess(compiled.model(), request, scorer);
        return SampledPart.of(partition, rows, mostRows, inputRow, scorer, room);
    }

    /** How fast this process scores such sequences, in computed steps; as many of them as make a batch are tried. */
    public double stepsPerSecond(List<Sequence> sequences, RunCounters counters) {
        SequenceScorer scorer = compiled(counters).scorer(request);
        List<Sequence> batch = new ArrayList<>();
        long bytes = 0;
        for (Sequence sequence : sequences) {
            bytes += scorer.bytes(sequence.length());
            if (bytes <= batchBytes || batch.isEmpty()) {
                batch.add(sequence);
            }
        }
        return SpeedTrial.stepsPerSecond(scorer, batch);
    }

    /** Those of a partition's rows that {@link #score} finds no answer for. */
    Iterator<Row> quarantine(Iterator<Row> rows, RunCounters counters) {
        CompiledModel compiled = compiled(counters);
        return new QuarantinedRows(rows, inputRow, compiled.scorer(request), compiled.mayOverflow(), counters);
    }

    /**
     * Scores rows one by one, in one thread.
     *
     * @param topK in place of the request's; 0: that
     * @throws IllegalArgumentException where the model hasn't so many classes
     */
    public RowScorer byRow(int topK) {
        CompiledModel compiled = model.value().compiled(engine -> ProcessCounts.engineBuilt());
        if (topK == 0) {
            return byRow(compiled, request, compiled.scorer(known(compiled)));
        }
        ScoreRequest asked = new ScoreRequest(request.at(), request.kinds(), topK);
        return byRow(compiled, asked, compiled.scorer(compiled.answerCache(asked, knownBytes(batchBytes, 1))));
    }

    private RowScorer byRow(CompiledModel compiled, ScoreRequest asked, SequenceScorer scorer) {
        return new RowScorer(
                inputRow, scorer, columns, badRows, RowMemoryLimit.ofThisProcess(compiled.model(), asked, scorer));
    }

    private CompiledModel compiled(RunCounters counters) {
        return model.value().compiled(counters::engine);
    }
}
