package sluice.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import sluice.cell.CompiledModel;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;

/** All that tasks need, sent once to each executor: the model, how to read a row, what to answer. Immutable. */
final class BroadcastPlan implements Serializable {
    private static final long serialVersionUID = 1L;

    private final BroadcastModel model;
    private final ScoreRequest request;
    private final InputRow inputRow;
    private final OutputColumns columns;
    private final BadRowRule badRows;
    private final long batchBytes;

    BroadcastPlan(
            BroadcastModel model,
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

    /** A partition's rows, scored one batch at a time as they are asked for. */
    Iterator<Row> score(Iterator<Row> rows, RunCounters counters) {
        CompiledModel compiled = model.compiled(counters::engine);
        return new ScoredRows(rows, inputRow, compiled.scorer(request), columns, badRows, batchBytes, counters);
    }

    /** What the first of a partition's rows are like. */
    SampledPart sample(int partition, Iterator<Row> rows, int mostRows, RunCounters counters) {
        return SampledPart.of(
                partition,
                rows,
                mostRows,
                inputRow,
                model.compiled(counters::engine).scorer(request));
    }

    /** How fast this process scores such sequences, in computed steps; as many of them as make a batch are tried. */
    double stepsPerSecond(List<Sequence> sequences, RunCounters counters) {
        SequenceScorer scorer = model.compiled(counters::engine).scorer(request);
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
        CompiledModel compiled = model.compiled(counters::engine);
        return new QuarantinedRows(rows, inputRow, compiled.scorer(request), compiled.mayOverflow(), counters);
    }
}
