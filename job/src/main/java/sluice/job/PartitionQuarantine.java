package sluice.job;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/** What a task does with its partition where only the rows that can't be scored are wanted. */
final class PartitionQuarantine implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Broadcast<BroadcastPlan> plan;
    private final RunCounters counters;

    PartitionQuarantine(Broadcast<BroadcastPlan> plan, RunCounters counters) {
        this.plan = plan;
        this.counters = counters;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return plan.value().quarantine(rows, counters);
    }
}
