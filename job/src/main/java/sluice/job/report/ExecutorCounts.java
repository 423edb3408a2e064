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

/** The executor's side of {@link MetricsPlugin}: registers its counters, and sends them to the driver every 5 s and at the end of each task. */
final class ExecutorCounts implements ExecutorPlugin {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorCounts.class);
    private static final int INTERVAL_SECONDS = 5;
    private static final String DRIVER = "driver"; // Spark's executor ID of the driver

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "sluice metrics");
        thread.setDaemon(true);
        return thread;
    });
    private PluginContext context;
    private ProcessCounts counts;

    /**
     * The message to the driver: the values of all counters since the executor's start, so that a later message makes up for a lost one.
     *
     * @param executor its ID
     * @param values by counter name
     */
    record CounterSnapshot(String executor, Map<String, Long> values) implements Serializable {}

    @Override
    public void init(PluginContext context, Map<String, String> none) {
        this.context = context;
        // In local mode both sides share one metrics system, and the driver registers the counters.
        boolean local = context.executorID().equals(DRIVER);
        this.counts = ProcessCounts.start(local ? new MetricRegistry() : context.metricRegistry());
        clock.scheduleWithFixedDelay(this::send, INTERVAL_SECONDS, INTERVAL_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void onTaskSucceeded() {
        send();
    }

    @Override
    public void onTaskFailed(TaskFailedReason reason) {
        send();
    }

    /** Synchronized, so that older values are never sent after newer ones. */
    private synchronized void send() {
        try {
            context.send(new CounterSnapshot(context.executorID(), counts.values()));
        } catch (IOException | RuntimeException e) { // must not fail a task; the next message holds these values too
            LOG.debug("the counters could not be sent to the driver", e);
        }
    }

    @Override
    public void shutdown() {
        clock.shutdownNow();
        ProcessCounts.stop();
    }
}
