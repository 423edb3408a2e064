package sluice.job.task;

import java.util.List;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;

/** Finds out how fast a core scores. */
final class SpeedTrial {
    private static final long WARM_UP_NANOS = 1_500_000_000L; // Java's compiler is done with the kernel by then
    private static final long NANOS = 1_000_000_000L;

    private SpeedTrial() {}

    /**
     * Steps that are computed in a second, after some seconds of trial.
     *
     * @param batch at least one sequence with a step
     */
    static double stepsPerSecond(SequenceScorer scorer, List<Sequence> batch) {
        score(scorer, batch, WARM_UP_NANOS);
        long steps = scorer.computedSteps();
        long nanos = score(scorer, batch, NANOS);
        return (scorer.computedSteps() - steps) * 1e9 / nanos;
    }

    /** Over and over, for so long. */
    private static long score(SequenceScorer scorer, List<Sequence> batch, long nanos) {
        long began = System.nanoTime();
        do {
            scorer.score(batch);
        } while (System.nanoTime() - began < nanos);
        return System.nanoTime() - began;
    }
}
