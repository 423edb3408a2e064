package sluice.job.state;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import sluice.job.input.InputTable;
import sluice.job.message.RefusedException;
import sluice.job.output.ScoredOutput;
import sluice.job.output.StagingCommitProtocol;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;

/** Updates the carried states in one run: joins the base version to the input, and stages the new version beside {@code state.path}. */
public final class StateUpdate {
    /** Approximate size of a file of merged segments. */
    private static final long FILE_BYTES = 64L << 20;

    private final Settings settings;
    private final Instant started;
    private final CarriedStates states;
    private final StateJoin joined;
    private final StagedStates staged;
    private final StateCounters counters;
    private final StateFiles files;
    private final SegmentReader reader;
    private long rows; // of the new version's own segment, once it is staged

    private StateUpdate(
            SparkSession spark,
            Settings settings,
            Instant started,
            CarriedStates states,
            StateJoin joined,
            StagedStates staged) {
        this.settings = settings;
        this.started = started;
        this.states = states;
        this.joined = joined;
        this.staged = staged;
        this.reader = new SegmentReader(states, spark);
        this.counters = new StateCounters(spark.sparkContext());
        this.files = new StateFiles(
                staged.taskFiles(),
                states.key(),
                states.schema(),
                started,
                spark.sessionState().newHadoopConf(),
                counters);
    }

    /**
     * Publishes states that killed runs committed and did not publish. Their journals may lie beside other outputs than this run's.
     *
     * @param path {@code state.path}
     * @return a sentence about each publication that was finished
     */
    public static List<String> finishInterrupted(String path, Configuration hadoop) throws IOException {
        return new PublicationNotes(StateStore.at(path, hadoop)).finishAll();
    }

    /**
     * Joins the states to the input and prepares the staging directory.
     *
     * @throws RefusedException if a key has several rows, or the staging directory can't be created
     */
    public static StateUpdate begin(
            CarriedStates states,
            InputTable input,
            ScoredOutput output,
            Settings settings,
            Instant started,
            SparkSession spark) {
        StateJoin joined = StateJoin.of(states, input, spark);
        try {
            StagedStates staged = output.publishTogether(id -> StagedStates.at(states.store(), states.next(), id));
            return new StateUpdate(spark, settings, started, states, joined, staged);
        } catch (RuntimeException e) {
            joined.close();
            throw e;
        }
    }

    /** The table to score: the input with the states that its rows start from. */
    public InputTable table() {
        return joined.table();
    }

    /** Opens the files that tasks write final states to. */
    public StateFiles files() {
        return files;
    }

    /** The number of keys with a state, for the terminal. */
    public String sentence() {
        return joined.sentence();
    }

    /** Completes the new version: the states of this run's rows, and the rows of merged segments whose keys it did not change. */
    public void stage() {
        try {
            List<StateVersion.Segment> segments = states.segments();
            int kept = SizeTieredCompaction.kept(segments, counters.changed());
            List<StateVersion.Segment> merged = segments.subList(kept, segments.size());
            if (!merged.isEmpty()) {
                copyUnchanged(merged);
            }
            staged.take(counters.files());
            rows = countRows();
            requireExpectedRows(kept, merged);
            staged.write(new StateManifest(
                    baseNumber(),
                    settings.report().run(),
                    started.toString(),
                    states.model().fingerprint(),
                    SettingValues.name(states.input()),
                    settings.sha256(),
                    states.key().types(),
                    keys(),
                    segments.subList(0, kept).stream()
                            .map(StateVersion.Segment::number)
                            .toList(),
                    rows,
                    staged.files()));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "%s: the states could not be written: %s".formatted(states.store(), e.getMessage()), e);
        }
    }

    private void copyUnchanged(List<StateVersion.Segment> merged) {
        long bytes = sum(merged, StateVersion.Segment::bytes);
        Dataset<Row> copied = reader.latest(withoutChanged(reader.read(merged)), merged.size())
                .coalesce((int) Math.min(Integer.MAX_VALUE, 1 + bytes / FILE_BYTES));
        StagingCommitProtocol.save(
                copied.write()
                        .format(OutputFormat.PARQUET.sparkName())
                        .option("compression", OutputFormat.PARQUET.compression()),
                copied.sparkSession().conf(),
                staged.published(),
                staged.path().toString());
    }

    private Dataset<Row> withoutChanged(Dataset<Row> all) {
        Dataset<Row> changed = reader.read(counters.files().stream()
                .map(name -> new Path(staged.taskFiles(), name).toString())
                .toArray(String[]::new));
        Dataset<Row> keys = SegmentReader.broadcastIfFew(states.key().keysOf(changed), counters.changed());
        return all.join(keys, states.key().equalsAliased(), "left_anti");
    }

    /** Counts the rows from the Parquet footers. */
    private long countRows() throws IOException {
        return staged.files().isEmpty()
                ? 0
                : reader.read(staged.path().toString()).count();
    }

    /** Fails if rows were lost in the base version, or the input changed while it was read. */
    private void requireExpectedRows(int kept, List<StateVersion.Segment> merged) {
        long changed = counters.changed();
        long most = kept == 0 ? keys() : changed + sum(merged, StateVersion.Segment::rows);
        long least = kept == 0 ? keys() : changed;
        if (rows < least || rows > most || changed > joined.keys()) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT,
                    "%s: the new version has %,d rows, %,d of them from this run, expected %s rows and at most %,d from this run: the input changed during the run, or version %d is damaged; repeat the run",
                    states.store(),
                    rows,
                    changed,
                    least == most
                            ? String.format(Locale.ROOT, "%,d", least)
                            : String.format(Locale.ROOT, "%,d to %,d", least, most),
                    joined.keys(),
                    baseNumber()));
        }
    }

    private static long sum(List<StateVersion.Segment> segments, ToLongFunction<StateVersion.Segment> value) {
        return segments.stream().mapToLong(value).sum();
    }

    private long baseNumber() {
        return states.base().map(StateVersion::number).orElse(0L);
    }

    /** Distinct keys of the new version. */
    private long keys() {
        return states.base().map(base -> base.manifest().keys()).orElse(0L) + counters.begun();
    }

    /** The counts for the run report; call it after {@link #stage}. */
    public RunReport.States report() {
        return new RunReport.States(
                states.store().toString(),
                baseNumber(),
                states.next(),
                StateVersion.name(states.next()),
                counters.continued(),
                counters.begun(),
                keys(),
                sum(states.segments(), StateVersion.Segment::rows),
                rows);
    }

    /** Deletes old versions. {@code state.keep} sets how many of the newest are kept. */
    public void retain() {
        states.store().retain(settings.state().keep());
    }

    /** Removes the cached rows. */
    public void release() {
        joined.close();
    }
}
