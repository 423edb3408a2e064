package sluice.job.bench;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * Appends an empty answer of the right size to each row of a partition, without a model. The remaining cost is Spark's own, with Spark's
 * default splits: the minimum for any scorer in {@code mapPartitions} that leaves splitting and writing to Spark.
 */
final class UnscoredRows implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final int sequenceColumn;
    private final RequestedOutput requested;
    private final int classes;

    UnscoredRows(int sequenceColumn, RequestedOutput requested, int classes) {
        this.sequenceColumn = sequenceColumn;
        this.requested = requested;
        this.classes = classes;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        StageClock clock = StageClock.start();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return clock.reading(rows::hasNext);
            }

            @Override
            public Row next() {
                Row row = rows.next();
                return OnnxRows.append(
                        row, requested.emptyAnswer(row.getList(sequenceColumn).size(), classes));
            }
        };
    }
}
