package sluice.job.run;

import java.util.Arrays;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkExecutorInfo;

/** Waits for the tasks of a failed Spark job. */
final class RunningTasks {
    private static final int PAUSE_MILLIS = 100;
    private static final int MAX_PAUSES = 100;

    private RunningTasks() {}

    /**
     * Waits until no task runs, at most 10 s. Spark asks the other tasks of a failed job to stop, but until they do they write files,
     * also into directories that have been deleted meanwhile. Spark's count of running tasks lags by some milliseconds, so each check
     * follows a pause.
     */
    static void await(SparkContext spark) {
        int running = 1;
        for (int pause = 0; pause < MAX_PAUSES && running > 0 && !spark.isStopped(); pause++) {
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            running = Arrays.stream(spark.statusTracker().getExecutorInfos())
                    .mapToInt(SparkExecutorInfo::numRunningTasks)
                    .sum();
        }
    }
}
