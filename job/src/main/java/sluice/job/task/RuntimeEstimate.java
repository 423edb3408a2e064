package sluice.job.task;

import java.time.Duration;
import sluice.job.report.RunMetrics;

/**
 * The estimated duration of a run: the time before scoring, as measured by the dry run; the tasks, in waves; and the driver's work for
 * each task, which does not get faster with more executors.
 *
 * @param tokensPerSecond of one core
 * @param taskSeconds of all tasks together
 * @param cores of the cluster
 * @param seconds from the start of the run to its end
 */
public record RuntimeEstimate(double tokensPerSecond, double taskSeconds, int cores, double seconds) {
    /** Driver time for each task: scheduling it, receiving its result, merging its accumulators. */
    private static final double SECONDS_PER_TASK = 2e-3;

    /** Task time for each file of the output: creating, closing and committing it. */
    private static final double SECONDS_PER_FILE = 20e-3;

    /**
     * Estimates from the results of a dry run.
     *
     * @param stepsPerSecond computed steps of one core
     * @param before duration of reading and broadcasting the model and sampling the table
     */
    public static RuntimeEstimate of(
            TableSample sample,
            CostEstimate cost,
            TaskLayout layout,
            double stepsPerSecond,
            int cores,
            Duration before) {
        double tokensPerSecond = stepsPerSecond * cost.sharing();
        double scoring = tokensPerSecond == 0 ? 0 : cost.steps() / tokensPerSecond;
        double inTasks = scoring
                + cost.rows() * CostEstimate.SECONDS_PER_ROW
                + TaskLayoutPlanner.files(layout, sample) * SECONDS_PER_FILE;
        double waves = Math.ceil((double) layout.tasks() / cores);
        double elapsed = RunMetrics.seconds(before)
                + TaskLayoutPlanner.shuffleSeconds(layout, sample) / cores
                + waves * inTasks / layout.tasks()
                + layout.tasks() * SECONDS_PER_TASK;
        return new RuntimeEstimate(tokensPerSecond, inTasks, cores, elapsed);
    }
}
