package sluice.job.state;

import java.io.Serializable;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.util.AccumulatorV2;
import sluice.job.report.PartitionSum;

/**
 * Spark accumulators of the states that tasks have written. Only successful task attempts count, and of several for a partition the last
 * one. Sent to the executors.
 */
final class StateCounters implements Serializable {
    private static final long serialVersionUID = 1L;

    private final FileNames files = new FileNames();
    private final PartitionSum continued;
    private final PartitionSum begun;

    StateCounters(SparkContext spark) {
        spark.register(files, "sluice state files");
        this.continued = PartitionSum.of(spark, "sluice states continued");
        this.begun = PartitionSum.of(spark, "sluice states begun");
    }

    /** Counts a state. */
    void add(boolean isContinued) {
        (isContinued ? continued : begun).add(1L);
    }

    /** Adds the name of a complete file. */
    void addFile(String name) {
        files.add(name);
    }

    /** The names of the complete files. */
    List<String> files() {
        return files.value();
    }

    /** The number of keys that had a state before the run. */
    long continued() {
        return continued.value();
    }

    /** The number of keys that had no state before the run. */
    long begun() {
        return begun.value();
    }

    /** The number of keys that have a new state. */
    long changed() {
        return continued() + begun();
    }

    /** One file for each partition. The file of a repeated task replaces that of the first one, which holds the same states. */
    private static final class FileNames extends AccumulatorV2<String, List<String>> {
        private static final long serialVersionUID = 1L;

        private final TreeMap<Integer, String> names = new TreeMap<>(); // by partition

        @Override
        public boolean isZero() {
            return names.isEmpty();
        }

        @Override
        public FileNames copy() {
            FileNames copy = new FileNames();
            copy.merge(this);
            return copy;
        }

        @Override
        public void reset() {
            names.clear();
        }

        @Override
        public void add(String name) {
            names.put(TaskContext.getPartitionId(), name);
        }

        @Override
        public void merge(AccumulatorV2<String, List<String>> other) {
            names.putAll(((FileNames) other).names);
        }

        @Override
        public List<String> value() {
            return List.copyOf(names.values());
        }
    }
}
