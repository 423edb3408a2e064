package sluice.job.report;

import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.Tuple4;
import sluice.job.message.HumanText;

/**
 * Logs the progress of a run at a fixed interval: the rows of ended tasks, and those that running tasks reported with their executor's
 * last heartbeat.
 */
public final class Progress extends SparkListener implements AutoCloseable {
    private final SparkContext spark;
    private final OptionalLong total;
    private final Consumer<String> log;
    private final ScheduledExecutorService clock;
    private final long started = System.nanoTime();

    private final Map<Long, Long> running = new HashMap<>(); // scored rows by task ID
    private long done; // scored rows of ended tasks

    private Progress(SparkContext spark, OptionalLong total, Consumer<String> log) {
        this.spark = spark;
        this.total = total;
        this.log = log;
        this.clock = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "sluice progress");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts logging.
     *
     * @param total rows of the table, if they were counted
     * @param interval time between two lines
     */
    public static Progress start(SparkContext spark, OptionalLong total, Duration interval, Consumer<String> log) {
        Progress progress = new Progress(spark, total, log);
        spark.addSparkListener(progress);
        progress.clock.scheduleAtFixedRate(
                progress::logLine, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
        return progress;
    }

    @Override
    public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
        for (Tuple4<Object, Object, Object, scala.collection.immutable.Seq<AccumulableInfo>> task :
                scala.jdk.javaapi.CollectionConverters.asJava(update.accumUpdates())) {
            long rows = rows(task._4());
            if (rows > 0) {
                running.put((Long) task._1(), rows);
            }
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd ended) {
        running.remove(ended.taskInfo().taskId());
        if (ended.taskInfo().successful()) {
            done += rows(ended.taskInfo().accumulables());
        }
    }

    private static long rows(scala.collection.Iterable<AccumulableInfo> counters) {
        long rows = 0;
        for (AccumulableInfo counter : scala.jdk.javaapi.CollectionConverters.asJava(counters)) {
            boolean counts = counter.name().exists(RunCounters.ROWS::equals);
            if (counts && counter.update().isDefined() && counter.update().get() instanceof Long update) {
                rows += update;
            }
        }
        return rows;
    }

    private void logLine() {
        log.accept(sentence(rows(), total, (System.nanoTime() - started) / 1e9));
    }

    private synchronized long rows() {
        return done + running.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Rows done, rate, and time left. Tasks count after each batch, so there may be no rows yet. */
    static String sentence(long rows, OptionalLong total, double seconds) {
        if (rows == 0) {
            return total.isPresent()
                    ? String.format(Locale.ROOT, "no batch of the %,d rows is scored yet", total.getAsLong())
                    : "no batch of rows is scored yet";
        }
        double rate = rows / seconds;
        if (total.isEmpty() || total.getAsLong() < rows) {
            return String.format(Locale.ROOT, "%,d rows scored, %,.0f a second", rows, rate);
        }
        return String.format(
                Locale.ROOT,
                "%,d of %,d rows scored (%.0f %%), %,.0f a second, about %s left",
                rows,
                total.getAsLong(),
                100.0 * rows / total.getAsLong(),
                rate,
                HumanText.duration((total.getAsLong() - rows) / rate));
    }

    @Override
    public void close() {
        clock.shutdownNow();
        spark.removeSparkListener(this);
    }
}
