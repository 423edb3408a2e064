package sluice.job.state;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import sluice.job.input.InputTable;
import sluice.job.message.RefusedException;
import sluice.job.output.ScoredOutput;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;

/** What one run does with carried states: its rows go on from those of the base, and a new version has those that they end in. */
public final class StateUpdate {
    /** About what a file of states has that is copied. */
    private static final long FILE_BYTES = 64L << 20;

    private final SparkSession spark;
    private final Settings settings;
    private final Instant started;
    private final CarriedStates states;
    private final CarriedStates.Joined joined;
    private final StagedStates staged;
    private final StateFiles files;
    private long rows; // of the new version's own, once it is staged

    private StateUpdate(
            SparkSession spark,
            Settings settings,
            Instant started,
            CarriedStates states,
            CarriedStates.Joined joined,
            StagedStates staged) {
        this.spark = spark;
        this.settings = settings;
        this.started = started;
        this.states = states;
        this.joined = joined;
        this.staged = staged;
        this.files = new StateFiles(
                staged.tonight(),
                states.key(),
                states.schema(),
                started,
                spark.sessionState().newHadoopConf(),
                spark.sparkContext());
    }

    /** @throws RefusedException where a key has several rows, or no states can be written */
    public static StateUpdate begin(
            CarriedStates states,
            InputTable prepared,
            ScoredOutput output,
            Settings settings,
            Instant started,
            SparkSession spark) {
        CarriedStates.Joined joined = states.join(prepared, spark);
        try {
            StagedStates staged = output.publishTogether(id -> StagedStates.at(states.table(), states.next(), id));
            return new StateUpdate(spark, settings, started, states, joined, staged);
        } catch (RuntimeException e) {
            joined.release();
            throw e;
        }
    }

    /** The table to score, with the states that its rows go on from. */
    public InputTable table() {
        return joined.table();
    }

    /** Where tasks put those that they end in. */
    public StateFiles files() {
        return files;
    }

    /** For the terminal. */
    public String sentence() {
        return states.sentence(joined);
    }

    /** Puts the new version together: the states of this run's rows, and of earlier parts those that are merged with them. */
    public void stage() {
        try {
            List<StatePart> parts = states.base().map(StateVersion::parts).orElse(List.of());
            int staying = StatePart.staying(parts, moved());
            List<StatePart> merged = parts.subList(staying, parts.size());
            if (!merged.isEmpty()) {
                copyOthers(merged);
            }
            staged.take(files.names());
            rows = rows();
            requireWhole(staying, merged);
            staged.write(new StateManifest(
                    before(),
                    settings.report().run(),
                    started.toString(),
                    states.model().fingerprint(),
                    SettingValues.name(states.input()),
                    settings.sha256(),
                    states.key().types(),
                    keys(),
                    parts.subList(0, staying).stream().map(StatePart::number).toList(),
                    rows,
                    staged.files()));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "%s: the states could not be written: %s".formatted(states.table(), e.getMessage()), e);
        }
    }

    private void copyOthers(List<StatePart> parts) {
        long bytes = parts.stream().mapToLong(StatePart::bytes).sum();
        states.latest(without(states.read(spark, parts)), parts.size())
                .coalesce((int) Math.min(Integer.MAX_VALUE, 1 + bytes / FILE_BYTES))
                .write()
                .mode(SaveMode.ErrorIfExists)
                .option("compression", OutputFormat.PARQUET.compression())
                .parquet(staged.path().toString());
    }

    private Dataset<Row> without(Dataset<Row> all) {
        Dataset<Row> written = states.key()
                .of(spark.read()
                        .schema(states.schema())
                        .parquet(files.names().stream()
                                .map(name -> new Path(staged.tonight(), name).toString())
                                .toArray(String[]::new)));
        Dataset<Row> keys = CarriedStates.sent(written, moved());
        return all.join(keys, states.key().joins(), "left_anti");
    }

    /** As Parquet's footers know it. */
    private long rows() throws IOException {
        return staged.files().isEmpty()
                ? 0
                : spark.read()
                        .schema(states.schema())
                        .parquet(staged.path().toString())
                        .count();
    }

    /** A table that has lost rows, or an input that has changed, is found here. */
    private void requireWhole(int staying, List<StatePart> merged) {
        long most = staying == 0
                ? keys()
                : moved() + merged.stream().mapToLong(StatePart::rows).sum();
        long least = staying == 0 ? keys() : moved();
        if (rows < least || rows > most || moved() > joined.keys()) {
            throw new IllegalStateException(
                    "%s: %,d keys would have a state and %s expected: the input has changed while it was read, or version %d is damaged; run it once more"
                            .formatted(
                                    states.table(),
                                    rows,
                                    least == most
                                            ? "%,d were".formatted(least)
                                            : "%,d to %,d were".formatted(least, most),
                                    before()));
        }
    }

    /** Keys that this run has moved on or begun. */
    private long moved() {
        return files.continued() + files.fresh();
    }

    private long before() {
        return states.base().map(StateVersion::number).orElse(0L);
    }

    private long keys() {
        return states.base().map(base -> base.manifest().keys()).orElse(0L) + files.fresh();
    }

    public RunReport.States report() {
        return new RunReport.States(
                states.table().toString(),
                before(),
                states.next(),
                StateVersion.name(states.next()),
                files.continued(),
                files.fresh(),
                keys(),
                states.base().map(StateVersion::parts).orElse(List.of()).stream()
                        .mapToLong(StatePart::rows)
                        .sum(),
                rows);
    }

    /** Removes versions that are too old to be needed. */
    public void retain() {
        states.table().retain(settings.state().keep());
    }

    /** Spark needs to keep nothing any more. */
    public void release() {
        joined.release();
    }
}
