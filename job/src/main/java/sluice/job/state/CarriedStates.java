package sluice.job.state;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.InputKind;
import sluice.cell.model.LstmModel;
import sluice.job.input.InitialState;
import sluice.job.input.InputTable;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;

/**
 * The version of the carried states that a run starts from, and the number of the version that it makes.
 *
 * <p>A run starts from the newest version. If a run of the same name made the newest version, it starts from the version that the newest
 * was made from, so that a repeated run does not apply its tokens twice. The new version always has a new number; versions never change.
 *
 * @param base the version to start from; empty if there is none, and all keys start from the model's initial state
 * @param next the number of the new version
 * @param schema of the rows of a version
 * @param input what the model reads at each step
 */
public record CarriedStates(
        StateStore store,
        Optional<StateVersion> base,
        long next,
        StateKey key,
        StructType schema,
        LstmModel model,
        InputKind input) {
    private static final Logger LOG = LoggerFactory.getLogger(CarriedStates.class);

    /**
     * Resolves the settings {@code state.*} against the input table and the versions in {@code state.path}.
     *
     * @return empty if no states are carried
     * @throws RefusedException if model, input, output and the existing versions do not fit together
     */
    public static Optional<CarriedStates> resolve(
            InputTable table, LstmModel model, InputKind input, Settings settings, Configuration hadoop) {
        if (settings.state().path().isEmpty()) {
            return Optional.empty();
        }
        if (settings.output().format() == OutputFormat.TABLE) {
            throw new RefusedException(
                    "state.path: states can't be committed together with a catalog's table, which has its own commits; write to a directory,"
                            + " or write the state into the table (output.emit = state) and start from that column (input.state)");
        }
        if (model.looksAhead()) {
            throw new RefusedException(
                    "state.path: the model is bidirectional, so it can't continue from the state of an earlier part of a sequence: "
                            + "score whole sequences and leave state.path empty");
        }
        StateKey key = StateKey.resolve(table.wholeSchema(), settings.state().key(), table.names());
        StateStore store = StateStore.at(settings.state().path().get(), hadoop);
        try {
            long newest = store.newest();
            Optional<StateVersion> base = newest == 0
                    ? Optional.empty()
                    : base(store, store.read(newest), settings.report().run());
            CarriedStates states = new CarriedStates(
                    store, base, newest + 1, key, StateCodec.schema(key.columns(), model), model, input);
            base.ifPresent(states::requireFit);
            return Optional.of(states);
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be read: %s; check state.path".formatted(store, Failure.firstLine(e.getMessage())), e);
        }
    }

    /** The newest version, or the version that it was made from if a run of this name made it. */
    static Optional<StateVersion> base(StateStore store, StateVersion newest, String run) throws IOException {
        boolean isRepeated = !run.isEmpty() && newest.manifest().run().equals(run);
        if (!isRepeated) {
            requireNotSuperseded(store, newest, run);
            return Optional.of(newest);
        }
        long before = newest.manifest().previous();
        return before == 0 ? Optional.empty() : Optional.of(store.read(before));
    }

    /** @throws RefusedException if a run of this name made a version that later versions were made from */
    private static void requireNotSuperseded(StateStore store, StateVersion newest, String run) throws IOException {
        List<Long> existing = store.versions();
        long at = newest.manifest().previous();
        while (!run.isEmpty() && at > 0 && existing.contains(at)) {
            StateManifest version;
            try {
                version = store.manifest(at);
            } catch (RefusedException e) { // its deletion was interrupted
                LOG.debug("{}; the name of its run is ignored", e.getMessage());
                return;
            }
            if (version.run().equals(run)) {
                throw new RefusedException(String.format(
                        Locale.ROOT,
                        "%s: the run '%s' already made version %d, and version %d was made since: move version %d and all later ones away and repeat those runs too, or choose another --run",
                        store,
                        run,
                        at,
                        newest.number(),
                        at));
            }
            at = version.previous();
        }
    }

    private void requireFit(StateVersion version) {
        StateManifest existing = version.manifest();
        if (!existing.model().equals(model.fingerprint())) {
            throw new RefusedException(
                    "%s: holds states of the model with SHA-256 %s, and this model has %s: choose another state.path, where all keys start without a state"
                            .formatted(store, existing.model(), model.fingerprint()));
        }
        if (!existing.input().equals(SettingValues.name(input))) {
            throw new RefusedException(
                    "%s: holds states of a model that read its input as %s, and this run reads it as %s: set model.input, or choose another state.path"
                            .formatted(store, existing.input(), SettingValues.name(input)));
        }
        if (!List.copyOf(existing.key().entrySet())
                .equals(List.copyOf(key.types().entrySet()))) {
            throw new RefusedException(
                    "%s: its keys are %s, and this run's are %s: change state.key or the input's types, or choose another state.path"
                            .formatted(store, StateKey.sentence(existing.key()), StateKey.sentence(key.types())));
        }
    }

    /** Reads a row's state from the column that {@link StateJoin} adds behind the columns of this table. */
    public InitialState initialState(InputTable table) {
        return new CarriedStateColumn(
                key,
                table.rows().columns().length,
                base.map(version -> "state in %s".formatted(version.path())).orElse("state"),
                model);
    }

    /** The segments of the base, the oldest first. */
    List<StateVersion.Segment> segments() {
        return base.map(StateVersion::segments).orElse(List.of());
    }
}
