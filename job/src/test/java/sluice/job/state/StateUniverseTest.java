package sluice.job.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.MemoryStore;
import sluice.job.fixture.MemoryStore.Kind;
import sluice.job.fixture.MemoryStore.Observer;
import sluice.job.fixture.Stagings;
import sluice.job.fixture.Universe;
import sluice.job.output.StagedBadRows;
import sluice.job.output.StagedOutput;
import sluice.job.report.RunHistory;
import sluice.job.report.RunName;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;

/**
 * The universe of runs that publish rows, bad rows in a directory of their own, and a version of carried states together. A second run may
 * go to another output from the same version.
 */
@Tag("slow")
class StateUniverseTest extends Universe<StateUniverseTest.Run, StateUniverseTest.World> {
    private static final String STORE = "memory:/tables/states";
    private static final Run OLD = new Run(OutputMode.ERROR, "old", "out");
    private static final Run STATUS = new Run(OutputMode.ERROR, "status", "out");

    /** A run: it has a row of a day that all runs have, one of a day of its own, a bad row, and a version. */
    record Run(OutputMode mode, String name, String output) {
        private String path() {
            return "memory:/tables/" + output;
        }

        private String badRows() {
            return "memory:/tables/bad-" + output;
        }

        private List<String> days() {
            return List.of("1", name);
        }

        /** The content of the version, from its base. */
        private String states(long base) {
            return String.format(Locale.ROOT, "%s from %d", name, base);
        }
    }

    /**
     * What readers see.
     *
     * @param rows of all outputs and their bad rows, sorted: {@code OUTPUT/RUN@DAY}, {@code bad-OUTPUT/RUN@bad}
     * @param versions complete versions of the states: content by number
     */
    record World(List<String> rows, Map<Long, String> versions) {
        private static final Map<List<String>, String> DESCRIBED = new HashMap<>();

        static World now() {
            List<String> rows = new ArrayList<>();
            Map<Long, String> versions = new TreeMap<>();
            Map<Long, List<String>> states = new TreeMap<>();
            MemoryStore.files().forEach((path, bytes) -> {
                String[] names = path.split("/"); // "", "tables", a directory, ...
                String text = new String(bytes, StandardCharsets.UTF_8);
                boolean isStates = names[2].equals("states") && names[3].startsWith("version=");
                if (isStates && path.endsWith("/" + StateVersion.MANIFEST)) {
                    versions.put(StateVersion.number(names[3]), text);
                } else if (isStates) {
                    states.computeIfAbsent(StateVersion.number(names[3]), version -> new ArrayList<>())
                            .add(text);
                } else if (!names[2].startsWith(".") && names[names.length - 1].startsWith("part-")) {
                    rows.add(names[2] + "/" + text);
                }
            });
            rows.sort(null);
            versions.replaceAll((version, manifest) -> {
                List<String> files = states.getOrDefault(version, List.of());
                return DESCRIBED.computeIfAbsent(List.of(manifest, files.toString()), key -> describe(manifest, files));
            });
            return new World(rows, versions);
        }

        /** The content that manifest and files agree on, or what they say. */
        private static String describe(String json, List<String> states) {
            StateManifest manifest;
            try {
                manifest = StateManifest.read(SmallFile.bytes(json));
            } catch (IOException e) {
                return e.getMessage();
            }
            String expected = String.format(Locale.ROOT, "%s from %d", manifest.run(), manifest.previous());
            return states.equals(List.of(expected)) ? expected : expected + " with " + states;
        }

        private long newest() {
            return versions.isEmpty() ? 0 : List.copyOf(versions.keySet()).get(versions.size() - 1);
        }

        private boolean isOf(long version, Run run) {
            return versions.getOrDefault(version, "").startsWith(run.name() + " from ");
        }

        private long previous(long version) {
            String content = versions.get(version);
            return Long.parseLong(content.substring(content.lastIndexOf(' ') + 1));
        }

        /** The version that a run starts from; empty if it is refused. */
        private Optional<Long> base(Run run) {
            long newest = newest();
            if (newest == 0) {
                return Optional.of(0L);
            }
            if (isOf(newest, run)) {
                return Optional.of(previous(newest));
            }
            for (long at = previous(newest); at > 0; at = previous(at)) {
                if (isOf(at, run)) {
                    return Optional.empty();
                }
            }
            return Optional.of(newest);
        }

        private boolean hasRowsIn(String directory) {
            return rows.stream().anyMatch(row -> row.startsWith(directory + "/"));
        }

        private boolean holds(Run run) {
            return rows.stream().anyMatch(row -> row.startsWith(run.output() + "/" + run.name() + "@"));
        }
    }

    @Override
    protected void finish(Run run) throws IOException {
        Publication.finishAll(run.path(), "--output", hadoop);
        StateUpdate.finishInterrupted(STORE, hadoop);
    }

    @Override
    protected boolean isDone(Run run) throws IOException {
        Path output = new Path(run.path());
        return run.mode() == OutputMode.APPEND
                && new RunHistory(output.getFileSystem(hadoop), output, hadoop)
                        .holds(RunName.of(run.name(), Instant.EPOCH));
    }

    @Override
    protected StagedOutput stage(Run run) throws IOException {
        StagedOutput output = Stagings.byDay(run.path(), Optional.of(run.badRows()), run.mode(), run.name(), hadoop);
        StateStore store = StateStore.at(STORE, hadoop);
        long newest = store.newest();
        Optional<StateVersion> base =
                newest == 0 ? Optional.empty() : CarriedStates.base(store, store.read(newest), run.name());
        long from = base.map(StateVersion::number).orElse(0L);
        StagedStates staged = output.publishTogether(id -> StagedStates.at(store, newest + 1, id));
        attempts++;
        String file = "part-" + attempts;
        Stagings.write(output, run.name(), run.days(), file);
        StagedBadRows.write(output, file, SmallFile.bytes(run.name() + "@bad"), hadoop);
        StateStagings.complete(staged, from, run.name(), file, run.states(from), hadoop);
        return output;
    }

    @Override
    protected World now() {
        return World.now();
    }

    @Override
    protected List<World> after(Run run, World began, World there) {
        if (run.mode() == OutputMode.APPEND && there.holds(run)) {
            return List.of(there);
        }
        Optional<Long> base = began.base(run);
        long version = began.newest() + 1;
        boolean isFree = run.mode() != OutputMode.ERROR || !there.hasRowsIn(run.output());
        if (base.isEmpty() || there.versions().containsKey(version) || !isFree) {
            return List.of(); // another run has made the version, or the table
        }
        String rows = run.output() + "/";
        String badRows = "bad-" + run.output() + "/";
        List<String> all = new ArrayList<>(there.rows());
        if (run.mode() == OutputMode.OVERWRITE) {
            all.removeIf(row -> row.startsWith(rows) || row.startsWith(badRows));
        }
        if (run.mode() == OutputMode.PARTITIONS) {
            all.removeIf(row -> row.startsWith(rows) && run.days().contains(row.substring(row.indexOf('@') + 1)));
        }
        String badRow = badRows + run.name() + "@bad";
        all.remove(badRow); // of an earlier run of this name
        all.add(badRow);
        run.days().forEach(day -> all.add(rows + run.name() + "@" + day));
        all.sort(null);
        Map<Long, String> versions = new TreeMap<>(there.versions());
        versions.put(version, run.states(base.get()));
        return List.of(new World(all, versions));
    }

    /**
     * What {@code --status} does for each output, and what the next run on the states does. A slow process may move a published output away
     * before it is killed, which a run on this output finds.
     */
    @Override
    protected List<Recovery> recoveries(boolean isAlone) {
        Recovery outputs = () -> {
            Publication.finishAll("memory:/tables/out", "--status", hadoop);
            Publication.finishAll("memory:/tables/out2", "--status", hadoop);
        };
        return List.of(outputs, () -> {
            StateUpdate.finishInterrupted(STORE, hadoop);
            if (!isAlone) {
                outputs.run();
            }
        });
    }

    @Override
    protected Result another(Run other, Observer observer) throws IOException {
        return other.equals(STATUS)
                ? finishOnly(() -> Publication.finishAll(other.path(), "--status", hadoop), observer)
                : super.another(other, observer);
    }

    /** Journals, what was moved away, and notes of versions that are made. */
    @Override
    protected List<String> leftovers() {
        long newest = now().newest();
        return MemoryStore.files().keySet().stream()
                .filter(path -> path.startsWith("/tables/states/_sluice/publication-")
                        ? Long.parseLong(path.split("-")[1]) <= newest
                        : path.startsWith("/tables/.") && !path.contains(".staging-"))
                .toList();
    }

    @Override
    protected void lookAt(World seen, String where) {
        check(
                new HashSet<>(seen.rows()).size() == seen.rows().size(),
                where + ": a reader sees a row twice",
                seen,
                "each once");
    }

    /** States are never ahead of rows. */
    @Override
    protected void lookAtAlone(Kind kind, Run run, World before, World after, World seen, String where) {
        check(
                seen.versions().equals(before.versions()) || seen.equals(after),
                where + ": a reader sees states without their rows",
                seen,
                after);
    }

    /** The table of an earlier run, unless the run of this mode needs a free path. */
    private static Run[] earlier(OutputMode mode) {
        return mode == OutputMode.ERROR ? new Run[0] : new Run[] {OLD};
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NO_EXCLUSION", "LATE_OBJECTS"})
    void rowsBadRowsAndStatesArePublishedTogether(Kind kind) throws IOException {
        for (OutputMode mode : OutputMode.values()) {
            Run run = new Run(mode, "new", "out");
            Run elsewhere = new Run(OutputMode.APPEND, "other", "out2");
            disturbAlone(kind, run, earlier(mode));
            disturbByAnother(kind, run, List.of(STATUS, run, elsewhere), earlier(mode));
        }
        print("rows, bad rows and states, " + kind);
        assertThat(violations()).isEmpty();
        assertThat(crashes()).isGreaterThan(300);
        assertThat(interleavings()).isGreaterThan(3_000);
    }
}
