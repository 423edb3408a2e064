package sluice.job.report;

import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.util.AccumulatorV2;

/**
 * A Spark accumulator that sums numbers and counts each partition once.
 *
 * <p>Spark adds the counts of every successful task. It runs tasks again when their results are lost: the tasks of a stage before a shuffle
 * and those that fill a cache. A plain accumulator then counts their rows twice. This one keeps one sum for each partition, and the counts
 * of a repeated task replace those of the first one. All tasks that count must therefore number their partitions in the same way, as the
 * tasks of one job do.
 */
public final class PartitionSum extends AccumulatorV2<Long, Long> {
    private static final long serialVersionUID = 1L;
    private static final int NONE = -1;

    // In a task: the only partition that it counts. Arrays indexed by partition would be large there.
    private int partition = NONE;
    private long sum;

    private long[] sums = {}; // on the driver: by partition

    /** A sum that Spark's user interface shows by this name. */
    public static PartitionSum of(SparkContext spark, String name) {
        PartitionSum sum = new PartitionSum();
        spark.register(sum, name);
        return sum;
    }

    @Override
    public boolean isZero() {
        return sum == 0 && sums.length == 0;
    }

    @Override
    public PartitionSum copy() {
        PartitionSum copy = new PartitionSum();
        copy.partition = partition;
        copy.sum = sum;
        copy.sums = sums.clone();
        return copy;
    }

    @Override
    public void reset() {
        partition = NONE;
        sum = 0;
        sums = new long[0];
    }

    @Override
    public void add(Long number) {
        int current = TaskContext.getPartitionId(); // 0 outside of tasks
        if (partition != NONE && partition != current) {
            throw new IllegalStateException(
                    String.format(Locale.ROOT, "a task counts for the partitions %d and %d", partition, current));
        }
        partition = current;
        sum += number;
    }

    /** Takes the sums of the other's partitions in place of its own. */
    @Override
    public void merge(AccumulatorV2<Long, Long> other) {
        PartitionSum more = (PartitionSum) other;
        if (more.partition != NONE) {
            put(more.partition, more.sum);
        }
        for (int at = 0; at < more.sums.length; at++) {
            if (more.sums[at] != 0) {
                put(at, more.sums[at]);
            }
        }
    }

    private void put(int at, long value) {
        if (at >= sums.length) {
            sums = Arrays.copyOf(sums, Math.max(at + 1, sums.length + sums.length / 2));
        }
        sums[at] = value;
    }

    @Override
    public Long value() {
        return sum + Arrays.stream(sums).sum();
    }
}
