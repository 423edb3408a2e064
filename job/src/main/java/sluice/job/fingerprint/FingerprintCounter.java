package sluice.job.fingerprint;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.util.AccumulatorV2;

/**
 * A Spark accumulator of the fingerprints of the files that the tasks of one job write.
 *
 * <p>Only committed tasks count, each partition once. This relies on:
 *
 * <ul>
 *   <li>Spark drops the updates of a task attempt that fails, and an attempt whose files are not committed fails;
 *   <li>a second attempt of a partition whose first attempt was committed, for example after its executor was lost, replaces the files of the
 *       first: its value replaces the first one here, too, because values are kept by partition and not added;
 *   <li>the counter is used by one job, in which a partition is one task.
 * </ul>
 *
 * <p>It has no name, so that Spark's user interface does not keep a copy for each task.
 */
final class FingerprintCounter extends AccumulatorV2<Fingerprint, Fingerprint> {
    private static final long serialVersionUID = 1L;

    private final TreeMap<Integer, Fingerprint> partitions = new TreeMap<>();

    @Override
    public boolean isZero() {
        return partitions.isEmpty();
    }

    @Override
    public FingerprintCounter copy() {
        FingerprintCounter copy = new FingerprintCounter();
        copy.partitions.putAll(partitions);
        return copy;
    }

    @Override
    public void reset() {
        partitions.clear();
    }

    /** Adds a file of the running task, which may write several. */
    @Override
    public void add(Fingerprint file) {
        partitions.merge(TaskContext.getPartitionId(), file, Fingerprint::plus);
    }

    @Override
    public void merge(AccumulatorV2<Fingerprint, Fingerprint> other) {
        Map<Integer, Fingerprint> task = ((FingerprintCounter) other).partitions;
        partitions.putAll(task);
    }

    @Override
    public Fingerprint value() {
        return partitions.values().stream().reduce(Fingerprint.NONE, Fingerprint::plus);
    }
}
