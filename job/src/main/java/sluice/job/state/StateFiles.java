package sluice.job.state;

import java.io.Serializable;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import sluice.job.storage.Storage;

/**
 * Opens the file that a task writes its rows' final states to. Spark's write job writes only the scored table, so tasks write the states
 * themselves. Files of failed attempts are not counted and stay in the staging directory. Sent to the executors.
 */
public final class StateFiles implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String directory;
    private final SerializableConfiguration hadoop;
    private final StateKey key;
    private final StructType schema;
    private final long seen; // microseconds since the epoch
    private final StateCounters counters;

    /** @param seen when the run started, for the column of this name */
    StateFiles(
            Path directory,
            StateKey key,
            StructType schema,
            Instant seen,
            Configuration hadoop,
            StateCounters counters) {
        this.directory = directory.toString();
        this.hadoop = new SerializableConfiguration(hadoop);
        this.key = key;
        this.schema = schema;
        this.seen = ChronoUnit.MICROS.between(Instant.EPOCH, seen);
        this.counters = counters;
    }

    /** The writer of the current task. It is closed when the task ends. */
    public StateWriter writer() {
        TaskContext task = TaskContext.get();
        String name = String.format(Locale.ROOT, "part-%05d-%d.parquet", task.partitionId(), task.taskAttemptId());
        StateWriter writer = new StateWriter(
                new Path(Storage.path(directory, "state.path"), name), key, schema, seen, hadoop.value(), counters);
        task.addTaskCompletionListener((TaskCompletionListener) done -> writer.close());
        return writer;
    }
}
