package sluice.job.report;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The measurements of a run: the sums over all its scoring tasks.
 *
 * @param rows scored rows; bad rows are not among them
 * @param tokens tokens of the scored rows
 * @param computedSteps computed steps: fewer than tokens if rows share prefixes or whole sequences; those of rows whose state
 *     overflowed are included
 * @param words words that were looked up in a vocabulary
 * @param unknownWords of them that are not in it
 * @param tasks scoring tasks
 * @param taskTime wall-clock time of all tasks
 * @param cpuTime CPU time of all tasks
 * @param reading part of the task time spent reading rows
 * @param scoring part of the task time spent in the model; the rest is writing
 * @param peakHeapBytes largest heap of one process
 * @param engines kernel name of each compiled engine
 */
public record RunMetrics(
        long rows,
        long tokens,
        long computedSteps,
        long words,
        long unknownWords,
        int tasks,
        Duration taskTime,
        Duration cpuTime,
        Duration reading,
        Duration scoring,
        long peakHeapBytes,
        List<String> engines) {
    /** The measurements of no task. */
    public static final RunMetrics NOTHING =
            new RunMetrics(0, 0, 0, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0, List.of());

    /** The sum of both. */
    public RunMetrics plus(RunMetrics more) {
        List<String> both = new ArrayList<>(engines);
        both.addAll(more.engines);
        return new RunMetrics(
                rows + more.rows,
                tokens + more.tokens,
                computedSteps + more.computedSteps,
                words + more.words,
                unknownWords + more.unknownWords,
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

    /** Unknown words as a fraction of all that were looked up; 0 if none were. */
    public double unknownFraction() {
        return words == 0 ? 0 : (double) unknownWords / words;
    }

    /** Tokens per computed step; 1 if nothing was computed. */
    double sharing() {
        return sharing(tokens, computedSteps);
    }

    static double sharing(long tokens, long computedSteps) {
        return computedSteps == 0 ? 1 : (double) tokens / computedSteps;
    }

    /** Tokens per second of scoring time on one core; 0 if nothing was scored. */
    public double tokensPerSecondPerCore() {
        return scoring.isZero() ? 0 : tokens / seconds(scoring);
    }

    /** A part of the task time, in percent. */
    long percent(Duration part) {
        return taskTime.isZero() ? 0 : Math.round(100.0 * part.toNanos() / taskTime.toNanos());
    }

    public static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
