package sluice.job.bench;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** Scores a partition with ONNX Runtime. Each process reads the model from its file. */
final class OnnxPartition implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final String model;
    private final int classes;
    private final int sequenceColumn;
    private final RequestedOutput requested;
    private final OnnxWay way;

    OnnxPartition(String model, int classes, int sequenceColumn, RequestedOutput requested, OnnxWay way) {
        this.model = model;
        this.classes = classes;
        this.sequenceColumn = sequenceColumn;
        this.requested = requested;
        this.way = way;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        StageClock clock = StageClock.start();
        return new OnnxRows(
                rows, sequenceColumn, requested, way, OnnxSessions.of(model, way.sharesSession()), classes, clock);
    }
}
