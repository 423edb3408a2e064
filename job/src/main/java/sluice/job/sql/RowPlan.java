package sluice.job.sql;

import java.io.Serializable;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import sluice.job.storage.FileStamp;
import sluice.job.task.BroadcastPlan;

/**
 * How rows are answered one by one.
 *
 * @param columns of an answer
 */
record RowPlan(Broadcast<BroadcastPlan> broadcast, StructType columns) implements Serializable {
    /** What one plan of a model has and another has not. */
    record Key(Map<String, String> settings, DataType sequence, Optional<FileStamp> vocabulary) {}
}
