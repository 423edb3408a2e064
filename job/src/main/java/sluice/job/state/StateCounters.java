package sluice.job.state;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/** Spark accumulators of the states that tasks have written. Only successful task attempts count. Sent to the executors. */
final class StateCounters implements Serializable {
    private static final long serialVersionUID = 1L;

    private final CollectionAccumulator<String> files;
    private final LongAccumulator continued;
    private final LongAccumulator begun;

    StateCounters(SparkContext spark) {
        this.files = spark.collectionAccumulator("sluice state files");
        this.continued = spark.longAccumulator("sluice states continued");
        this.begun = spark.longAccumulator("sluice states begun");
    }

    /** Counts a state. */
    void add(boolean isContinued) {
        (isContinued ? continued : begun).add(1);
    }

    /** Adds the name of a complete file. */
    void addFile(String name) {
        files.add(name);
    }

    /** The names of the complete files. */
    List<String> files() {
        return List.copyOf(files.value());
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
}
