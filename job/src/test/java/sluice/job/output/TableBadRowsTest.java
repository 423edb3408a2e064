package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.MemoryStore;
import sluice.job.fixture.MemoryStore.Kind;
import sluice.job.fixture.MemoryStore.Observer;
import sluice.job.fixture.MemoryStore.Outcome;
import sluice.job.message.RefusedException;
import sluice.job.report.RunName;
import sluice.job.settings.OutputMode;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;

/**
 * The bad rows of a catalog table, on stores of each kind, with a crash or a failure at each operation. The commit of the table is a flag.
 */
class TableBadRowsTest {
    private static final String PLACE = "memory:/quarantine/bad";
    private static final String ROOT = "/quarantine/bad/";
    private static final Observer UNDISTURBED = (operation, path) -> Outcome.DONE;

    private final Set<String> violations = new LinkedHashSet<>();
    private Configuration hadoop;
    private int attempts;
    private boolean isCommitted;

    /** Ends a process. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1L;
    }

    private static Settings.Output settings(OutputMode mode) {
        return Settings.read(
                        null,
                        Map.of(
                                "model.path", "m",
                                "input.path", "in",
                                "output.path", "scored",
                                "output.format", "table",
                                "output.partition-by", "day",
                                "output.mode", SettingValues.name(mode)))
                .output();
    }

    private TableBadRows stage(OutputMode mode, String run, List<String> rows) throws IOException {
        QuarantinePlace place = QuarantinePlace.resolve(PLACE, settings(mode), hadoop);
        TableBadRows bad = TableBadRows.of(place, settings(mode), RunName.of(run, Instant.EPOCH));
        attempts++;
        for (String row : rows) {
            SmallFile.write(
                    place.files(),
                    new Path(bad.staging(), String.format(Locale.ROOT, "part-%d-%s", attempts, row)),
                    SmallFile.bytes(row));
        }
        if (!rows.isEmpty()) {
            SmallFile.write(place.files(), new Path(bad.staging(), "_SUCCESS"), new byte[0]);
        }
        MemoryStore.settle("");
        return bad;
    }

    /** A run from its begin to its end, as {@link TableOutput} does it. */
    private void run(OutputMode mode, String run, List<String> rows, boolean commits, Observer observer)
            throws IOException {
        TableBadRows bad = stage(mode, run, rows);
        isCommitted = false;
        MemoryStore.observe(observer);
        try {
            try {
                bad.add();
                if (!commits) {
                    throw new IOException("the table could not be committed");
                }
                isCommitted = true;
            } catch (IOException e) {
                MemoryStore.observe(UNDISTURBED);
                bad.withdraw();
                throw e;
            }
            bad.complete();
        } finally {
            MemoryStore.observe(UNDISTURBED);
            MemoryStore.settle("");
        }
    }

    private static Set<String> rows() {
        Map<String, String> found = new LinkedHashMap<>();
        MemoryStore.files().forEach((path, bytes) -> {
            if (path.startsWith(ROOT)
                    && Arrays.stream(path.substring(ROOT.length()).split("/")).allMatch(JournalBuilder::isData)) {
                String row = new String(bytes, StandardCharsets.UTF_8);
                assertThat(found.put(row, path)).as("a second file of %s", row).isNull();
            }
        });
        return found.keySet();
    }

    private static boolean isComplete(String directory) {
        return MemoryStore.files().containsKey(ROOT + directory + "_SUCCESS");
    }

    private static String directory(OutputMode mode) {
        return mode.keepsOthers() ? "run=monday/" : "";
    }

    /** A store with the bad rows of earlier runs, as the mode finds them. */
    private Set<String> start(Kind kind, OutputMode mode) throws IOException {
        hadoop = MemoryStore.start(kind);
        if (mode == OutputMode.ERROR) {
            return Set.of();
        }
        if (mode.keepsOthers()) {
            run(mode, "sunday", List.of("sunday"), true, UNDISTURBED);
        }
        run(mode, "monday", List.of("old1", "old2"), true, UNDISTURBED);
        return rows();
    }

    private void check(boolean isRight, String where, Object found) {
        if (!isRight) {
            violations.add(where + ": " + found);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"DIRECTORIES", "OBJECTS"})
    void noBadRowIsLostOrLeftHalf(Kind kind) throws IOException {
        int disturbances = 0;
        for (OutputMode mode : OutputMode.values()) {
            for (List<String> rows : List.of(List.of("new1", "new2"), List.<String>of())) {
                for (Outcome outcome :
                        List.of(Outcome.DONE, Outcome.FAILED, Outcome.ANSWER_LOST, Outcome.RETURNS_FALSE)) {
                    disturbances += disturb(kind, mode, rows, outcome);
                }
            }
        }
        assertThat(violations).isEmpty();
        assertThat(disturbances).isGreaterThan(200);
    }

    private int disturb(Kind kind, OutputMode mode, List<String> rows, Outcome outcome) throws IOException {
        for (int at = 1; ; at++) {
            Set<String> before = start(kind, mode);
            String where = String.format(Locale.ROOT, "%s %s %s, %s at operation %d", kind, mode, rows, outcome, at);
            Disturbance disturbed = new Disturbance(at, outcome);
            Optional<Throwable> failure = Optional.empty();
            try {
                run(mode, "monday", rows, true, disturbed);
            } catch (Crash | IOException e) {
                failure = Optional.of(e);
            }
            Set<String> there = rows();
            boolean isKilled = failure.isPresent() && failure.get() instanceof Crash;
            Set<String> after = after(before, rows);
            if (!isCommitted) {
                check(there.containsAll(before), where + ": lost before the commit", there);
                check(isKilled || there.equals(before), where + ": failed, but not withdrawn", there);
                check(
                        there.equals(before) || !isComplete(directory(mode)),
                        where + ": half a directory looks complete",
                        there);
            } else {
                check(there.containsAll(after), where + ": lost after the commit", there);
                check(there.equals(after) || !isComplete(directory(mode)), where + ": a mixture looks complete", there);
            }
            try {
                run(mode, "monday", rows, true, UNDISTURBED);
                check(rows().equals(after), where + ", repeated", rows());
                check(isComplete(directory(mode)) != rows.isEmpty(), where + ", repeated: complete", rows());
            } catch (RefusedException e) { // the table exists if it is committed
                check(mode == OutputMode.ERROR && isCommitted, where + ", repeated: refused", e.getMessage());
            }
            if (disturbed.isPast()) {
                return at;
            }
        }
    }

    /** Disturbs one operation. {@code DONE} stands for a crash. */
    private static final class Disturbance implements Observer {
        private final int at;
        private final Outcome outcome;
        private int seen;

        Disturbance(int at, Outcome outcome) {
            this.at = at;
            this.outcome = outcome;
        }

        @Override
        public Outcome before(String operation, String path) {
            seen++;
            if (seen >= at && outcome == Outcome.DONE) {
                throw new Crash(); // a dead process does nothing more
            }
            return seen == at ? outcome : Outcome.DONE;
        }

        /** Whether the run ended before the operation. */
        boolean isPast() {
            return seen < at;
        }
    }

    /** The rows after a run with these. */
    private static Set<String> after(Set<String> before, List<String> rows) {
        Set<String> after = new LinkedHashSet<>(before);
        after.removeIf(row -> row.startsWith("old"));
        after.addAll(rows);
        return after;
    }

    @ParameterizedTest
    @EnumSource(names = {"DIRECTORIES", "OBJECTS"})
    void aTableThatCantBeCommittedLeavesTheEarlierBadRows(Kind kind) throws IOException {
        for (OutputMode mode : OutputMode.values()) {
            start(kind, mode);
            Map<String, byte[]> before = Map.copyOf(MemoryStore.files());
            assertThatThrownBy(() -> run(mode, "monday", List.of("new"), false, UNDISTURBED))
                    .hasMessage("the table could not be committed");
            assertThat(MemoryStore.files()).containsExactlyInAnyOrderEntriesOf(before);
        }
    }

    /** The table was dropped. The bad rows of a run that ended are not those of a killed one. */
    @Test
    void modeErrorReplacesOnlyWhatAKilledRunLeft() throws IOException {
        start(Kind.OBJECTS, OutputMode.ERROR);
        Observer killed = (operation, path) -> {
            if (path.endsWith("-b")) {
                throw new Crash();
            }
            return Outcome.DONE;
        };
        assertThatThrownBy(() -> run(OutputMode.ERROR, "monday", List.of("a", "b"), true, killed))
                .isInstanceOf(Crash.class);
        assertThat(rows()).containsExactly("a");
        run(OutputMode.ERROR, "monday", List.of("c"), true, UNDISTURBED);
        assertThat(rows()).containsExactly("c");
        assertThatThrownBy(() -> run(OutputMode.ERROR, "monday", List.of("d"), true, UNDISTURBED))
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        PLACE + ": exists already; choose another bad-rows.path, or replace it with --mode overwrite");
        run(OutputMode.APPEND, "monday", List.of("e"), true, UNDISTURBED);
        assertThatThrownBy(() -> run(OutputMode.ERROR, "monday", List.of("f"), true, UNDISTURBED))
                .isInstanceOf(RefusedException.class);
    }
}
