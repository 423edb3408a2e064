package sluice.job.task;

import java.time.Duration;
import sluice.job.report.RunMetrics;

/**
 * How long a run would take, as far as a sample tells: what comes before the rows are scored, as long as it took the dry run; then the
 * tasks, wave by wave; then what the driver does for each of them, which no further executor makes shorter.
 *
 * @param tokensPerSecond of one core
 * @param taskSeconds of all tasks together
 * @param cores of the cluster
 * @param seconds from the start to the end
 */
public record RuntimeEstimate(double tokensPerSecond, double taskSeconds, int cores, double seconds) {
    /** To send a task, to hear of it, and to add up what it has counted. */
    private static final double SECONDS_PER_TASK = 2e-3;

    /** To open a file of the output, to close it and to move it to its place: a task does that. */
    private static final double SECONDS_PER_FILE = 20e-3;

    /**
     * Of what a dry run has found.
     *
     * @param stepsPerSecond that one core computes
     * @param before what it took to read the model, to send it, and to look at the table
     */
    public static RuntimeEstimate of(
            TableSample survey,
            CostEstimate work,
            TaskLayout layout,
            double stepsPerSecond,
            int cores,
            Duration before) {
        double tokensPerSecond = stepsPerSecond * work.sharing();
        double scoring = tokensPerSecond == 0 ? 0 : work.steps() / tokensPerSecond;
        double inTasks = scoring + work.rows() * CostEstimate.SECONDS_PER_ROW + layout.files(survey) * SECONDS_PER_FILE;
        double waves = Math.ceil((double) layout.tasks() / cores);
        double elapsed = RunMetrics.seconds(before)
                + layout.movingSeconds(survey) / cores
                + waves * inTasks / layout.tasks()
                + layout.tasks() * SECONDS_PER_TASK;
        return new RuntimeEstimate(tokensPerSecond, inTasks, cores, elapsed);
    }
}
