package sluice.job.report;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An executor's counters, which it registers and sends to the driver: every few seconds, and when a task is over. */
final class ExecutorCounts implements ExecutorPlugin {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorCounts.class);
    private static final int SECONDS_BETWEEN = 5;
    private static final String DRIVER = "driver"; // the ID that Spark gives to it

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "sluice metrics");
        thread.setDaemon(true);
        return thread;
    });
    private PluginContext context;
    private ProcessCounts counts;

    /**
     * What the driver is told: all counters since the executor's start, so that a later message makes good for one that is lost.
     *
     * @param values by name
     */
    record Told(String executor, Map<String, Long> values) implements Serializable {}

    @Override
    public void init(PluginContext context, Map<String, String> none) {
        this.context = context;
        // In local mode both sides share one metrics system; there the driver's names are enough.
        boolean local = context.executorID().equals(DRIVER);
        this.counts = ProcessCounts.start(local ? new MetricRegistry() : context.metricRegistry());
        clock.scheduleWithFixedDelay(this::tell, SECONDS_BETWEEN, SECONDS_BETWEEN, TimeUnit.SECONDS);
    }

    @Override
    public void onTaskSucceeded() {
        tell();
    }

    @Override
    public void onTaskFailed(TaskFailedReason reason) {
        tell();
    }

    /** One at a time, so that no older values come after newer ones. */
    private synchronized void tell() {
        try {
            context.send(new Told(context.executorID(), counts.values()));
        } catch (IOException | RuntimeException e) { // metrics stop no task; the next message holds these values too
            LOG.debug("the driver was not told of the counters", e);
        }
    }

    @Override
    public void shutdown() {
        clock.shutdownNow();
        ProcessCounts.stop();
    }
}
