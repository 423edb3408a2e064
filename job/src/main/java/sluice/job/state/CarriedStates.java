package sluice.job.state;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.max_by;
import static org.apache.spark.sql.functions.struct;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.InputKind;
import sluice.cell.model.LstmModel;
import sluice.job.input.ColumnPath;
import sluice.job.input.InputTable;
import sluice.job.message.Failure;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.output.VectorMetadata;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.storage.Storage;

/**
 * The states that this run's rows go on from, by their keys, and where the states go that they end in.
 *
 * <p>A run starts from the newest version; where a run of its own name has made that one, from the version before it, so that a run
 * that is repeated advances nobody twice. What it makes has a new number in either case: versions are never changed.
 *
 * @param base the version to start from, or none: all start afresh
 * @param next the number of the version that will be made
 * @param schema of a version
 */
public record CarriedStates(
        StateStore table,
        Optional<StateVersion> base,
        long next,
        StateKey key,
        StructType schema,
        LstmModel model,
        InputKind input) {
    private static final Logger LOG = LoggerFactory.getLogger(CarriedStates.class);

    /** So many keys are sent to every executor, so that the states don't have to move. */
    private static final long MOST_SENT_KEYS = 1_000_000;

    private static final String COUNT = "sluice count";
    private static final String PART = "sluice part";

    /** @throws RefusedException where model, input, output and what is there don't fit */
    public static Optional<CarriedStates> settle(
            InputTable read, LstmModel model, InputKind input, Settings settings, Configuration hadoop) {
        if (settings.state().path().isEmpty()) {
            return Optional.empty();
        }
        if (settings.output().format() == OutputFormat.TABLE) {
            throw new RefusedException(
                    "state.path: the states could not be shown together with a catalog's table, which has commits of its own; write to a"
                            + " directory, or emit the state into the table and go on from that with input.state");
        }
        if (model.looksAhead()) {
            throw new RefusedException(
                    "state.path: the model also reads backward, from a sequence's end, so it can't go on where an earlier part has stopped: "
                            + "score whole sequences and leave state.path empty");
        }
        StateKey key = StateKey.settle(read.wholeSchema(), settings.state().key());
        StateStore table = StateStore.at(settings.state().path().get(), hadoop);
        requireApart(table, settings, hadoop);
        try {
            long newest = table.newest();
            Optional<StateVersion> base = newest == 0
                    ? Optional.empty()
                    : base(table, table.read(newest), settings.report().run());
            CarriedStates states =
                    new CarriedStates(table, base, newest + 1, key, StateCodec.schema(key, model), model, input);
            base.ifPresent(states::requireFit);
            return Optional.of(states);
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be read: %s; check state.path".formatted(table, Failure.firstLine(e.getMessage())), e);
        }
    }

    private static void requireApart(StateStore table, Settings settings, Configuration hadoop) {
        for (String other : Stream.concat(Stream.of(settings.output().path()), settings.badRows().path().stream())
                .toList()) {
            Path path = Storage.qualified(other, "--output", hadoop);
            if (Storage.isWithin(path, table.path()) || Storage.isWithin(table.path(), path)) {
                throw new RefusedException(
                        "state.path = '%s': lies in %s, or that in it; keep them apart".formatted(table, other));
            }
        }
    }

    /** The newest version, or what it was made from where this run has made it. */
    private static Optional<StateVersion> base(StateStore table, StateVersion newest, String run) throws IOException {
        boolean isRepeated = !run.isEmpty() && newest.manifest().run().equals(run);
        if (!isRepeated) {
            requireNew(table, newest, run);
            return Optional.of(newest);
        }
        long before = newest.manifest().previous();
        return before == 0 ? Optional.empty() : Optional.of(table.read(before));
    }

    /** A run that others have gone on from can't be made again beneath them. */
    private static void requireNew(StateStore table, StateVersion newest, String run) throws IOException {
        List<Long> there = table.versions();
        long at = newest.manifest().previous();
        while (!run.isEmpty() && at > 0 && there.contains(at)) {
            StateManifest version;
            try {
                version = table.manifest(at);
            } catch (RefusedException e) { // a removal was cut short
                LOG.debug("{}; its run's name doesn't count any more", e.getMessage());
                return;
            }
            if (version.run().equals(run)) {
                throw new RefusedException(
                        "%s: the run '%s' is in it already, as version %d, and version %d was made since: repeat the runs since then as well, after moving the versions from %d on away; or choose another --run"
                                .formatted(table, run, at, newest.number(), at));
            }
            at = version.previous();
        }
    }

    private void requireFit(StateVersion version) {
        StateManifest there = version.manifest();
        if (!there.model().equals(model.fingerprint())) {
            throw new RefusedException(
                    "%s: holds states of another model, with SHA-256 %s, and this one has %s: choose another state.path, which starts all keys afresh"
                            .formatted(table, there.model(), model.fingerprint()));
        }
        if (!there.input().equals(SettingValues.name(input))) {
            throw new RefusedException(
                    "%s: holds states of a model that read its input as %s, and this run reads it as %s: set model.input, or choose another state.path"
                            .formatted(table, there.input(), SettingValues.name(input)));
        }
        if (!List.copyOf(there.key().entrySet()).equals(List.copyOf(key.types().entrySet()))) {
            throw new RefusedException(
                    "%s: its keys are %s, and this run's are %s: change state.key or the input's types, or choose another state.path"
                            .formatted(table, StateKey.sentence(there.key()), StateKey.sentence(key.types())));
        }
    }

    /** What the joined table's column of states is to tasks. */
    public CarriedStateColumn column(InputTable joined) {
        return new CarriedStateColumn(
                key,
                Arrays.asList(joined.rows().columns()).indexOf(InputTable.STATE),
                base.map(version -> "state in %s".formatted(version.path())).orElse("state"),
                model);
    }

    /** The table with a column for states, and none in it yet. */
    public InputTable prepare(InputTable read) {
        Column none = lit(null).cast(schemaOfState());
        return read.with(read.rows().withColumn(InputTable.STATE, none));
    }

    private StructType schemaOfState() {
        return new StructType().add(schema.apply(StateCodec.HIDDEN)).add(schema.apply(StateCodec.CELL));
    }

    /** The rows of some parts of a version, with a column that tells which. There is at least one. */
    Dataset<Row> read(SparkSession spark, List<StatePart> parts) {
        return parts.stream()
                .map(part -> spark.read()
                        .schema(schema)
                        .parquet(part.path().toString())
                        .withColumn(PART, lit(part.number())))
                .reduce(Dataset::union)
                .orElseThrow();
    }

    /**
     * Of rows of several parts, the latest of each key, without the column that tells which.
     *
     * @param parts how many there are
     */
    Dataset<Row> latest(Dataset<Row> rows, int parts) {
        if (parts == 1) {
            return rows.drop(PART);
        }
        Column[] values =
                quoted(StateCodec.HIDDEN, StateCodec.CELL, StateCodec.SEEN).toArray(Column[]::new);
        Dataset<Row> latest = rows.groupBy(quoted(key.names()).toArray(Column[]::new))
                .agg(max_by(struct(values), col(ColumnPath.quoted(PART))).as(InputTable.STATE));
        Stream<Column> taken = Stream.of(StateCodec.HIDDEN, StateCodec.CELL, StateCodec.SEEN)
                .map(name -> col("%s.%s".formatted(ColumnPath.quoted(InputTable.STATE), ColumnPath.quoted(name))));
        return VectorMetadata.attach(
                latest.select(Stream.concat(quoted(key.names()), taken).toArray(Column[]::new)), schema);
    }

    /**
     * A table's rows with the states that they go on from.
     *
     * @param table with the column {@link InputTable#STATE}
     * @param keys of the table's rows, each one once
     * @param carried how many of them have a state
     * @param kept what Spark keeps until {@link #release}
     */
    public record Joined(InputTable table, long keys, long carried, List<Dataset<Row>> kept) {
        public void release() {
            kept.forEach(Dataset::unpersist);
        }
    }

    /**
     * Joins the states to a {@linkplain #prepare prepared} table. The states of tonight's keys are read once and kept, as the table is
     * looked at several times.
     *
     * @throws RefusedException where a key has several rows
     */
    public Joined join(InputTable prepared, SparkSession spark) {
        Dataset<Row> rows = prepared.rows().drop(InputTable.STATE);
        Column[] names = quoted(key.keyNames()).toArray(Column[]::new);
        Dataset<Row> keys =
                key.of(rows).groupBy(names).agg(count(lit(1)).as(COUNT)).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            // The count first: then the largest of these has the largest count.
            Column most = struct(Stream.concat(Stream.of(col(ColumnPath.quoted(COUNT))), Stream.of(names))
                    .toArray(Column[]::new));
            Row counted = keys.agg(count(lit(1)), max(most)).head();
            requireOneRowEach(counted);
            long size = counted.getLong(0);
            List<StatePart> parts = base.map(StateVersion::parts).orElse(List.of());
            return parts.isEmpty()
                    ? new Joined(prepared, size, 0, List.of(keys))
                    : join(prepared, rows, keys, size, parts, spark);
        } catch (RuntimeException e) {
            keys.unpersist();
            throw e;
        }
    }

    private Joined join(
            InputTable prepared,
            Dataset<Row> rows,
            Dataset<Row> keys,
            long size,
            List<StatePart> parts,
            SparkSession spark) {
        Column state = struct(quoted(StateCodec.HIDDEN, StateCodec.CELL).toArray(Column[]::new))
                .as(InputTable.STATE);
        Dataset<Row> tonights = read(spark, parts).join(sent(keys, size), key.joins(), "left_semi");
        Dataset<Row> states = latest(tonights, parts.size())
                .select(Stream.concat(Stream.of(key.asKeys()), Stream.of(state)).toArray(Column[]::new))
                .persist(StorageLevel.MEMORY_AND_DISK());
        long carried = states.count();
        Dataset<Row> table = rows.join(states, key.joins(), "left").drop(key.keyNames());
        return new Joined(prepared.with(table), size, carried, List.of(keys, states));
    }

    private static Stream<Column> quoted(String... names) {
        return Arrays.stream(names).map(name -> col(ColumnPath.quoted(name)));
    }

    /** Keys are small and states are not: where there are not too many, Spark is told to move the keys. */
    static Dataset<Row> sent(Dataset<Row> keys, long count) {
        return count <= MOST_SENT_KEYS ? broadcast(keys) : keys;
    }

    private void requireOneRowEach(Row counted) {
        if (counted.isNullAt(1)) {
            return;
        }
        Row most = counted.getStruct(1);
        if (most.getLong(0) > 1) {
            String name = IntStream.range(0, key.names().length)
                    .mapToObj(at -> "%s=%s".formatted(key.names()[at], most.get(at + 1)))
                    .collect(Collectors.joining(", "));
            throw new RefusedException(
                    "state.key: %s has %,d rows in the input, expected one for each key: bring the new tokens of a key together in one sequence, in their order"
                            .formatted(name, most.getLong(0)));
        }
    }

    /** For the terminal. */
    public String sentence(Joined joined) {
        String from = base.map(version -> "%s/%s%s"
                        .formatted(
                                table,
                                StateVersion.name(version.number()),
                                version.manifest().run().isEmpty()
                                        ? ""
                                        : " of the run '%s'"
                                                .formatted(version.manifest().run())))
                .orElse("%s, where there are none to start from".formatted(table));
        return "%,d of %s go on from their states in %s"
                .formatted(joined.carried(), HumanText.count(joined.keys(), "key"), from);
    }
}
