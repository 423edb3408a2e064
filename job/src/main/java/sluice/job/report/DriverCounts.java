package sluice.job.report;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.PluginContext;

/**
 * The counters of all executors, as they tell of them, and their sums. An executor that is lost keeps what it has told last, so no
 * sum ever falls.
 */
final class DriverCounts implements DriverPlugin {
    private MetricRegistry registry;

    @Override
    public Map<String, String> init(SparkContext spark, PluginContext context) {
        registry = context.metricRegistry();
        ProcessCounts.register(registry);
        return Map.of();
    }

    /** Spark calls it with one message at a time. */
    @Override
    public Object receive(Object message) {
        ExecutorCounts.Told told = (ExecutorCounts.Told) message;
        told.values().forEach((name, value) -> {
            Counter known = registry.counter("executor.%s.%s".formatted(told.executor(), name));
            long more = value - known.getCount();
            known.inc(more);
            registry.counter(name).inc(more);
        });
        return null;
    }
}
