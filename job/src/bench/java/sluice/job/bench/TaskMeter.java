package sluice.job.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.LongAdder;
import org.apache.spark.TaskContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.util.TaskCompletionListener;

/** Counts CPU time and allocated bytes of each task in this process. */
public final class TaskMeter implements SparkPlugin, ExecutorPlugin {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final LongAdder CPU_NANOS = new LongAdder();
    private static final LongAdder ALLOCATED = new LongAdder();

    /** Counts of all tasks since the last call. */
    record Counted(double cpuSeconds, long allocatedBytes) {}

    static Counted taken() {
        return new Counted(CPU_NANOS.sumThenReset() * 1e-9, ALLOCATED.sumThenReset());
    }

    @Override
    public DriverPlugin driverPlugin() {
        return null;
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return this;
    }

    @Override
    public void onTaskStart() {
        long cpu = THREADS.getCurrentThreadCpuTime();
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> {
            CPU_NANOS.add(THREADS.getCurrentThreadCpuTime() - cpu);
            ALLOCATED.add(THREADS.getCurrentThreadAllocatedBytes() - allocated);
        });
    }
}
