package sluice.job.task;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import sluice.cell.OutputKind;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.job.column.FlaggedRanks;
import sluice.job.report.RunCounters;

/** Measures how fast one core of an executor scores, and keeps what its answers say about ranks. Not a record: Kryo can't read records. */
public final class SpeedTrial implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final long WARM_UP_NANOS = 1_500_000_000L; // the JIT compiler has compiled the kernel by then
    private static final long MEASURED_NANOS = 1_000_000_000L;

    private final double stepsPerSecond;
    private final FlaggedRanks ranks; // null if the request asks for none

    private SpeedTrial(double stepsPerSecond, FlaggedRanks ranks) {
        this.stepsPerSecond = stepsPerSecond;
        this.ranks = ranks;
    }

    /**
     * Scores one batch of the sample again and again, in one task, for some seconds.
     *
     * @param sample sequences of the table
     */
    public static SpeedTrial of(
            List<Sequence> sample, Broadcast<BroadcastPlan> plan, RunCounters counters, SparkContext spark) {
        return sample.isEmpty()
                ? new SpeedTrial(0, null)
                : JavaSparkContext.fromSparkContext(spark)
                        .parallelize(List.of(new ArrayList<>(sample)), 1)
                        .map(sequences -> of(sequences, plan.value(), counters))
                        .first();
    }

    /** Computed steps per second; 0 if the sample is empty. */
    public double stepsPerSecond() {
        return stepsPerSecond;
    }

    /** What thresholds flag in the batch; empty if the request asks for no ranks, or if the sample is empty. */
    public Optional<FlaggedRanks> ranks() {
        return Optional.ofNullable(ranks);
    }

    private static SpeedTrial of(List<Sequence> sample, BroadcastPlan plan, RunCounters counters) {
        SequenceScorer scorer = plan.scorer(counters);
        List<Sequence> batch = new ArrayList<>();
        long bytes = 0;
        for (Sequence sequence : sample) {
            bytes += scorer.bytes(sequence);
            if (bytes <= plan.batchBytes() || batch.isEmpty()) {
                batch.add(sequence);
            }
        }
        FlaggedRanks ranks = plan.asksFor(OutputKind.RANK) ? FlaggedRanks.of(scorer.score(batch)) : null;
        repeat(scorer, batch, WARM_UP_NANOS);
        long steps = scorer.computedSteps();
        long nanos = repeat(scorer, batch, MEASURED_NANOS);
        return new SpeedTrial((scorer.computedSteps() - steps) * 1e9 / nanos, ranks);
    }

    /** Scores the batch repeatedly, for at least {@code nanos}; returns the elapsed nanoseconds. */
    private static long repeat(SequenceScorer scorer, List<Sequence> batch, long nanos) {
        long began = System.nanoTime();
        do {
            scorer.score(batch);
        } while (System.nanoTime() - began < nanos);
        return System.nanoTime() - began;
    }
}
