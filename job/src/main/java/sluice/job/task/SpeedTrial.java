package sluice.job.task;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.job.report.RunCounters;

/** Measures how fast one core of an executor scores. */
public final class SpeedTrial {
    private static final long WARM_UP_NANOS = 1_500_000_000L; // the JIT compiler has compiled the kernel by then
    private static final long MEASURED_NANOS = 1_000_000_000L;

    private SpeedTrial() {}

    /**
     * Scores one batch of the sample again and again, in one task, for some seconds.
     *
     * @param sample sequences of the table
     * @return computed steps per second; 0 if the sample is empty
     */
    public static double stepsPerSecond(
            List<Sequence> sample, Broadcast<BroadcastPlan> plan, RunCounters counters, SparkContext spark) {
        return sample.isEmpty()
                ? 0
                : JavaSparkContext.fromSparkContext(spark)
                        .parallelize(List.of(new ArrayList<>(sample)), 1)
                        .map(sequences -> stepsPerSecond(sequences, plan.value(), counters))
                        .first();
    }

    private static double stepsPerSecond(List<Sequence> sample, BroadcastPlan plan, RunCounters counters) {
        SequenceScorer scorer = plan.scorer(counters);
        List<Sequence> batch = new ArrayList<>();
        long bytes = 0;
        for (Sequence sequence : sample) {
            bytes += scorer.bytes(sequence);
            if (bytes <= plan.batchBytes() || batch.isEmpty()) {
                batch.add(sequence);
            }
        }
        repeat(scorer, batch, WARM_UP_NANOS);
        long steps = scorer.computedSteps();
        long nanos = repeat(scorer, batch, MEASURED_NANOS);
        return (scorer.computedSteps() - steps) * 1e9 / nanos;
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
