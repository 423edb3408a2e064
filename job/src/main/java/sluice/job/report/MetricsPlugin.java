package sluice.job.report;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Exports counters of the scoring tasks to Spark's metrics system while tasks run:
 * {@code spark.plugins = sluice.job.report.MetricsPlugin}. {@link ProcessCounts} lists the counters; {@code spark.metrics.conf.*}
 * configures the sinks.
 *
 * <p>Each executor registers its counters in its own metrics system. Spark serves its Prometheus page on the driver only, so executors
 * also send their counters to the driver, which registers them as {@code executor.ID.NAME} and their sum as {@code NAME}. In local mode
 * the driver is the only executor, with the ID {@code driver}.
 *
 * <p>Spark's {@code LongAccumulatorSource} does not replace this: it shows driver-side accumulators only, which grow when a task
 * succeeds, so running and failed tasks would not count, and executors would have no counters of their own.
 */
public final class MetricsPlugin implements SparkPlugin {
    /** Called by Spark. */
    public MetricsPlugin() {}

    @Override
    public DriverPlugin driverPlugin() {
        return new DriverCounts();
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorCounts();
    }

    /** The counters of all executors and their sums. The last values of a lost executor stay, so no sum decreases. */
    private static final class DriverCounts implements DriverPlugin {
        private MetricRegistry registry;

        @Override
        public Map<String, String> init(SparkContext spark, PluginContext context) {
            registry = context.metricRegistry();
            ProcessCounts.register(registry);
            return Map.of();
        }

        /** Spark delivers one message at a time. */
        @Override
        public Object receive(Object message) {
            ExecutorCounts.CounterSnapshot snapshot = (ExecutorCounts.CounterSnapshot) message;
            snapshot.values().forEach((name, value) -> {
                Counter known = registry.counter("executor.%s.%s".formatted(snapshot.executor(), name));
                long increase = value - known.getCount();
                known.inc(increase);
                registry.counter(name).inc(increase);
            });
            return null;
        }
    }
}
