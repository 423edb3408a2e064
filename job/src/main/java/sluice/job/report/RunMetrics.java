package sluice.job.report;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What all tasks of a run have counted together.
 *
 * @param rows that were scored
 * @param tokens of their sequences
 * @param computedSteps fewer than tokens, where prefixes or whole sequences were shared
 * @param tasks that scored
 * @param taskTime of those, all added up
 * @param cpuTime that their threads had the processor
 * @param reading the part of the task time that went into reading rows
 * @param scoring the part that went into the model; what is left is writing
 * @param peakHeapBytes of the process that had the most in use
 * @param engines the kernel of each engine that was built
 */
public record RunMetrics(
        long rows,
        long tokens,
        long computedSteps,
        int tasks,
        Duration taskTime,
        Duration cpuTime,
        Duration reading,
        Duration scoring,
        long peakHeapBytes,
        List<String> engines) {
    /** Of a run that has done nothing yet. */
    public static final RunMetrics NOTHING =
            new RunMetrics(0, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0, List.of());

    /** Both together. */
    public RunMetrics plus(RunMetrics more) {
        List<String> both = new ArrayList<>(engines);
        both.addAll(more.engines);
        return new RunMetrics(
                rows + more.rows,
                tokens + more.tokens,
                computedSteps + more.computedSteps,
                tasks + more.tasks,
                taskTime.plus(more.taskTime),
                cpuTime.plus(more.cpuTime),
                reading.plus(more.reading),
                scoring.plus(more.scoring),
                Math.max(peakHeapBytes, more.peakHeapBytes),
                List.copyOf(both));
    }

    Duration writing() {
        return taskTime.minus(reading).minus(scoring);
    }

    /** How many tokens a computed step stands for. */
    double sharing() {
        return computedSteps == 0 ? 1 : (double) tokens / computedSteps;
    }

    /** While scoring; 0 where nothing was scored. */
    public double tokensPerSecondPerCore() {
        return scoring.isZero() ? 0 : tokens / seconds(scoring);
    }

    /** A part of the tasks' time, in percent of it. */
    long percent(Duration part) {
        return taskTime.isZero() ? 0 : Math.round(100.0 * part.toNanos() / taskTime.toNanos());
    }

    public static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
