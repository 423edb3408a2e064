package sluice.job.task;

import java.util.Iterator;
import java.util.Optional;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import sluice.job.report.RunCounters;
import sluice.job.state.StateFiles;

/** The function that a task applies to its partition. It is serialized with every task, so it holds mainly broadcast handles. */
public final class PartitionScorer implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Broadcast<BroadcastPlan> plan;
    private final RunCounters counters;
    private final boolean quarantines;
    private final StateFiles states; // null if no states are carried

    private PartitionScorer(
            Broadcast<BroadcastPlan> plan, RunCounters counters, boolean quarantines, StateFiles states) {
        this.plan = plan;
        this.counters = counters;
        this.quarantines = quarantines;
        this.states = states;
    }

    /** Scores the rows. */
    public PartitionScorer(Broadcast<BroadcastPlan> plan, RunCounters counters) {
        this(plan, counters, Optional.empty());
    }

    /** Scores the rows and writes their final states. */
    public PartitionScorer(Broadcast<BroadcastPlan> plan, RunCounters counters, Optional<StateFiles> states) {
        this(plan, counters, false, states.orElse(null));
    }

    /** Returns the bad rows alone. */
    public static PartitionScorer ofQuarantine(Broadcast<BroadcastPlan> plan, RunCounters counters) {
        return new PartitionScorer(plan, counters, true, null);
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return quarantines
                ? plan.value().quarantine(rows, counters)
                : plan.value().score(rows, counters, states == null ? null : states.writer());
    }
}
