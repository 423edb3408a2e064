package sluice.job;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/** What a task does with its partition. Sent to the executors with every task, so it holds next to nothing. */
final class PartitionScorer implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Broadcast<BroadcastPlan> plan;
    private final RunCounters counters;
    private final boolean quarantines;

    private PartitionScorer(Broadcast<BroadcastPlan> plan, RunCounters counters, boolean quarantines) {
        this.plan = plan;
        this.counters = counters;
        this.quarantines = quarantines;
    }

    /** Scores rows. */
    PartitionScorer(Broadcast<BroadcastPlan> plan, RunCounters counters) {
        this(plan, counters, false);
    }

    /** Passes on only the rows that can't be scored. */
    static PartitionScorer ofQuarantine(Broadcast<BroadcastPlan> plan, RunCounters counters) {
        return new PartitionScorer(plan, counters, true);
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return quarantines
                ? plan.value().quarantine(rows, counters)
                : plan.value().score(rows, counters);
    }
}
