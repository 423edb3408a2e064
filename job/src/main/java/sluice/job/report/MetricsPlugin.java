package sluice.job.report;

import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * What executors score, told to Spark's own metrics system while they do: {@code spark.plugins = sluice.job.report.MetricsPlugin}. Names
 * are {@link ProcessCounts}'; where they lead to is for {@code spark.metrics.conf.*} to say.
 *
 * <p>Each executor has its own in its own metrics system, for sinks that send from there. Spark serves pages to Prometheus on the
 * driver alone, so executors send theirs there too, where they stand under {@code executor.ID}, and their sums beside them. In local
 * mode the driver is the only executor, and its ID is {@code driver}.
 */
public final class MetricsPlugin implements SparkPlugin {
    /** As Spark makes it. */
    public MetricsPlugin() {}

    @Override
    public DriverPlugin driverPlugin() {
        return new DriverCounts();
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorCounts();
    }
}
