package sluice.job.event;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.storage.StorageLevel;
import sluice.job.input.InputTable;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnPath;

/**
 * The table that a run scans. A table of grouped events is on the disks of the executors until {@link #close}, because a run scans it
 * several times, and each scan would sort the events again.
 *
 * @param counts of the events; empty if the rows of the input are sequences
 */
public record CachedSequences(InputTable table, Optional<EventCounts> counts) implements AutoCloseable {
    /** Groups the events and counts them, which runs Spark jobs; a table of other rows is taken as it is. */
    public static CachedSequences of(InputTable table, Settings settings) {
        return EventTable.keysOf(table, settings)
                .map(keys -> grouped(table, keys))
                .orElseGet(() -> new CachedSequences(table, Optional.empty()));
    }

    private static CachedSequences grouped(InputTable table, List<String> keys) {
        Dataset<Row> rows = persisted(table.rows());
        try {
            return new CachedSequences(table, Optional.of(counted(rows, keys)));
        } catch (RuntimeException e) {
            rows.unpersist();
            throw e;
        }
    }

    /** In partitions of a useful size: without this setting Spark keeps all partitions of the shuffle, however small they are. */
    private static Dataset<Row> persisted(Dataset<Row> rows) {
        String key = SQLConf.CAN_CHANGE_CACHED_PLAN_OUTPUT_PARTITIONING().key();
        RuntimeConfig conf = rows.sparkSession().conf();
        String before = conf.get(key);
        conf.set(key, true);
        try {
            return rows.persist(StorageLevel.DISK_ONLY());
        } finally {
            conf.set(key, before);
        }
    }

    private static EventCounts counted(Dataset<Row> rows, List<String> keys) {
        Column open = col(ColumnPath.quoted(InputTable.OPEN));
        // The count is the first field, so that max() finds a key with the most of them.
        Column most = struct(Stream.concat(Stream.of(open), keys.stream().map(key -> col(ColumnPath.quoted(key))))
                .toArray(Column[]::new));
        Row counted = rows.agg(sum(col(ColumnPath.quoted(InputTable.EVENTS))), count(lit(1)), sum(open), max(most))
                .head();
        if (counted.getLong(1) == 0) {
            return new EventCounts(0, 0, 0, "");
        }
        long places = counted.getLong(2);
        Row example = counted.getStruct(3);
        String name = IntStream.range(0, keys.size())
                .mapToObj(at -> keys.get(at) + "=" + example.get(at + 1))
                .collect(Collectors.joining(", "));
        return new EventCounts(counted.getLong(0), counted.getLong(1), places, places == 0 ? "" : name);
    }

    /** Deletes the sequences from the disks. */
    @Override
    public void close() {
        if (counts.isPresent()) {
            table.rows().unpersist();
        }
    }
}
