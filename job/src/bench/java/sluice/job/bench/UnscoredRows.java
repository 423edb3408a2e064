package sluice.job.bench;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * What a task does with its partition where no model scores it: each row gets an answer of the right size with nothing in it. What
 * remains is Spark's own, in the splits that it cuts by itself: no scorer that is called in {@code mapPartitions}, and leaves both
 * cutting and writing to Spark, makes a job shorter than this.
 */
final class UnscoredRows implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final int sequenceColumn;
    private final Asked asked;
    private final int classes;

    UnscoredRows(int sequenceColumn, Asked asked, int classes) {
        this.sequenceColumn = sequenceColumn;
        this.asked = asked;
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
                        row, asked.nothing(row.getList(sequenceColumn).size(), classes));
            }
        };
    }
}
