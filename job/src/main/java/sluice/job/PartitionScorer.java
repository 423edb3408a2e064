package sluice.job;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import sluice.cell.CompiledModel;
import sluice.cell.ScoreRequest;

/** What a task does with its partition. Sent to the executors. */
final class PartitionScorer implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Broadcast<BroadcastModel> model;
    private final ScoreRequest request;
    private final InputRow inputRow;
    private final OutputColumns columns;
    private final long batchBytes;
    private final RunCounters counters;

    PartitionScorer(
            Broadcast<BroadcastModel> model,
            ScoreRequest request,
            InputRow inputRow,
            OutputColumns columns,
            long batchBytes,
            RunCounters counters) {
        this.model = model;
        this.request = request;
        this.inputRow = inputRow;
        this.columns = columns;
        this.batchBytes = batchBytes;
        this.counters = counters;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        CompiledModel compiled = model.value().compiled(counters::engine);
        return new ScoredRows(rows, inputRow, compiled.scorer(request), columns, batchBytes, counters);
    }
}
