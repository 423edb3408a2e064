package sluice.job.state;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.struct;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import sluice.job.input.InputTable;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.source.ColumnPath;

/**
 * The input table joined with the carried states of its keys.
 *
 * @param table the input with the column {@link InputTable#STATE} behind its own; null in rows whose key has no state yet
 * @param keys distinct keys of the input
 * @param carried keys that have a state
 * @param cached what Spark caches until {@link #close}
 */
public record StateJoin(CarriedStates states, InputTable table, long keys, long carried, List<Dataset<Row>> cached)
        implements AutoCloseable {
    private static final String COUNT = "sluice count";

    /**
     * Joins the states to the input; this runs Spark jobs. The states of the input's keys are read once and cached, because the table is
     * scanned several times.
     *
     * @throws RefusedException if a key has several rows
     */
    public static StateJoin of(CarriedStates states, InputTable input, SparkSession spark) {
        StateKey key = states.key();
        Column[] names = SegmentReader.quoted(key.aliases()).toArray(Column[]::new);
        Dataset<Row> keys = key.keysOf(input.rows())
                .groupBy(names)
                .agg(count(lit(1)).as(COUNT))
                .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            // The count is the first field, so that max() finds the key with the largest count.
            Column most = struct(Stream.concat(Stream.of(col(ColumnPath.quoted(COUNT))), Stream.of(names))
                    .toArray(Column[]::new));
            Row counted = keys.agg(count(lit(1)), max(most)).head();
            requireOneRowEach(key, counted);
            long size = counted.getLong(0);
            List<StateVersion.Segment> segments = states.segments();
            return segments.isEmpty()
                    ? new StateJoin(states, withoutStates(states, input), size, 0, List.of(keys))
                    : join(states, input, keys, size, new SegmentReader(states, spark));
        } catch (RuntimeException e) {
            keys.unpersist();
            throw e;
        }
    }

    private static InputTable withoutStates(CarriedStates states, InputTable input) {
        StructType type = new StructType()
                .add(states.schema().apply(StateCodec.HIDDEN))
                .add(states.schema().apply(StateCodec.CELL));
        return input.with(input.rows().withColumn(InputTable.STATE, lit(null).cast(type)));
    }

    private static StateJoin join(
            CarriedStates states, InputTable input, Dataset<Row> keys, long size, SegmentReader reader) {
        StateKey key = states.key();
        List<StateVersion.Segment> segments = states.segments();
        Column state = struct(
                        SegmentReader.quoted(StateCodec.HIDDEN, StateCodec.CELL).toArray(Column[]::new))
                .as(InputTable.STATE);
        Dataset<Row> ofInput =
                reader.read(segments).join(SegmentReader.broadcastIfFew(keys, size), key.equalsAliased(), "left_semi");
        Dataset<Row> latest = reader.latest(ofInput, segments.size())
                .select(Stream.concat(Stream.of(key.aliased()), Stream.of(state))
                        .toArray(Column[]::new))
                .persist(StorageLevel.MEMORY_AND_DISK());
        long carried = latest.count();
        Dataset<Row> table =
                input.rows().join(latest, key.equalsAliased(), "left").drop(key.aliases());
        return new StateJoin(states, input.with(table), size, carried, List.of(keys, latest));
    }

    private static void requireOneRowEach(StateKey key, Row counted) {
        if (counted.isNullAt(1)) {
            return;
        }
        Row most = counted.getStruct(1);
        if (most.getLong(0) > 1) {
            String name = IntStream.range(0, key.names().length)
                    .mapToObj(at -> "%s=%s".formatted(key.names()[at], most.get(at + 1)))
                    .collect(Collectors.joining(", "));
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "state.key: %s has %,d rows in the input, expected one for each key: bring the new tokens of a key together in one sequence, in their order",
                    name,
                    most.getLong(0)));
        }
    }

    /** The counts and the version, for the terminal. */
    public String sentence() {
        String from = states.base()
                .map(version -> "%s/%s%s"
                        .formatted(
                                states.store(),
                                StateVersion.name(version.number()),
                                version.manifest().run().isEmpty()
                                        ? ""
                                        : " of the run '%s'"
                                                .formatted(version.manifest().run())))
                .orElse("%s, which has no version to start from".formatted(states.store()));
        return String.format(
                Locale.ROOT, "%,d of %s continue from their states in %s", carried, HumanText.count(keys, "key"), from);
    }

    /** Removes the cached rows. */
    @Override
    public void close() {
        cached.forEach(Dataset::unpersist);
    }
}
