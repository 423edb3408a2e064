package sluice.job.state;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max_by;
import static org.apache.spark.sql.functions.struct;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import sluice.job.column.VectorMetadata;
import sluice.job.input.InputTable;
import sluice.job.source.ColumnPath;
import sluice.job.storage.Storage;

/** Reads the rows of segments with Spark. */
final class SegmentReader {
    /** Up to this number of keys, Spark broadcasts the keys, so that the states need not be shuffled. */
    private static final long MAX_BROADCAST_KEYS = 1_000_000;

    private static final String SEGMENT = "sluice segment";

    private final CarriedStates states;
    private final SparkSession spark;

    SegmentReader(CarriedStates states, SparkSession spark) {
        this.states = states;
        this.spark = spark;
    }

    /** The rows of these segments, at least one, with a column that holds the segment's number. */
    Dataset<Row> read(List<StateVersion.Segment> segments) {
        return segments.stream()
                .map(segment -> read(segment.path().toString()).withColumn(SEGMENT, lit(segment.number())))
                .reduce(Dataset::union)
                .orElseThrow();
    }

    /** The rows of Parquet files of states. */
    Dataset<Row> read(String... paths) {
        return spark.read()
                .schema(states.schema())
                .parquet(Arrays.stream(paths)
                        .map(path -> Storage.literal(Storage.path(path, "state.path")))
                        .toArray(String[]::new));
    }

    /**
     * The newest row of each key, without the column of the segment's number.
     *
     * @param rows of {@link #read(List)}, or some of them
     * @param segments the number of segments that they come from
     */
    Dataset<Row> latest(Dataset<Row> rows, int segments) {
        if (segments == 1) {
            return rows.drop(SEGMENT);
        }
        String[] keyNames = states.key().names();
        String[] valueNames = {StateCodec.HIDDEN, StateCodec.CELL, StateCodec.SEEN};
        Dataset<Row> latest = rows.groupBy(quoted(keyNames).toArray(Column[]::new))
                .agg(max_by(struct(quoted(valueNames).toArray(Column[]::new)), col(ColumnPath.quoted(SEGMENT)))
                        .as(InputTable.STATE));
        Stream<Column> values = Arrays.stream(valueNames)
                .map(name -> col("%s.%s".formatted(ColumnPath.quoted(InputTable.STATE), ColumnPath.quoted(name))));
        return VectorMetadata.attach(
                latest.select(Stream.concat(quoted(keyNames), values).toArray(Column[]::new)), states.schema());
    }

    static Stream<Column> quoted(String... names) {
        return Arrays.stream(names).map(name -> col(ColumnPath.quoted(name)));
    }

    /** The keys with a hint that Spark broadcasts them, if there are few enough. */
    static Dataset<Row> broadcastIfFew(Dataset<Row> keys, long count) {
        return count <= MAX_BROADCAST_KEYS ? broadcast(keys) : keys;
    }
}
