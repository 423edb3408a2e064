package sluice.job.state;

import java.io.Serializable;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Where tasks put the states that their rows end in, while they score them: Spark writes one table in one go, so each task writes a
 * file of its own. Its name counts once the task has succeeded, as Spark's accumulators do; what other attempts have written is left
 * where it is. Sent to the executors.
 */
public final class StateFiles implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String directory;
    private final SerializableConfiguration hadoop;
    private final StateKey key;
    private final StructType schema;
    private final long seen; // microseconds
    private final CollectionAccumulator<String> names;
    private final LongAccumulator continued;
    private final LongAccumulator fresh;

    /** @param seen when the run began */
    StateFiles(
            Path directory, StateKey key, StructType schema, Instant seen, Configuration hadoop, SparkContext spark) {
        this.directory = directory.toString();
        this.hadoop = new SerializableConfiguration(hadoop);
        this.key = key;
        this.schema = schema;
        this.seen = ChronoUnit.MICROS.between(Instant.EPOCH, seen);
        this.names = spark.collectionAccumulator("sluice state files");
        this.continued = spark.longAccumulator("sluice states continued");
        this.fresh = spark.longAccumulator("sluice states begun");
    }

    /** Of the task that calls. */
    public StateWriter writer() {
        TaskContext task = TaskContext.get();
        String name = "part-%05d-%d.parquet".formatted(task.partitionId(), task.taskAttemptId());
        StateWriter writer = new StateWriter(new Path(directory, name), this);
        task.addTaskCompletionListener((TaskCompletionListener) done -> writer.giveUp());
        return writer;
    }

    Configuration hadoop() {
        return hadoop.value();
    }

    StateKey key() {
        return key;
    }

    StructType schema() {
        return schema;
    }

    long seen() {
        return seen;
    }

    void written(String name) {
        names.add(name);
    }

    void count(boolean isContinued) {
        (isContinued ? continued : fresh).add(1);
    }

    /** Of the files that count. */
    List<String> names() {
        return List.copyOf(names.value());
    }

    /** Rows of keys that had a state. */
    long continued() {
        return continued.value();
    }

    /** Rows of keys that had none. */
    long fresh() {
        return fresh.value();
    }
}
