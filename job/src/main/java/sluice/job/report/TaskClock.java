package sluice.job.report;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Measures how much of a task's time goes into reading and scoring; the rest is writing. Adds the times to the run's counters when the
 * task ends.
 */
public final class TaskClock {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final RunCounters counters;
    private final long started = System.nanoTime();
    private final long startedCpu = THREADS.getCurrentThreadCpuTime();
    private long reading;
    private long scoring;

    private TaskClock(RunCounters counters) {
        this.counters = counters;
    }

    /** Starts measuring the task that this thread runs. */
    public static TaskClock start(RunCounters counters) {
        TaskClock clock = new TaskClock(counters);
        TaskContext task = TaskContext.get();
        if (task != null) {
            task.addTaskCompletionListener((TaskCompletionListener) ended -> clock.stop());
        }
        return clock;
    }

    public void reading(Runnable work) {
        long before = System.nanoTime();
        work.run();
        reading += System.nanoTime() - before;
    }

    public <T> T scoring(Supplier<T> work) {
        long before = System.nanoTime();
        T result = work.get();
        scoring += System.nanoTime() - before;
        return result;
    }

    private void stop() {
        counters.task(
                System.nanoTime() - started,
                THREADS.getCurrentThreadCpuTime() - startedCpu,
                reading,
                scoring,
                PeakBytes.ofThisProcess());
    }
}
