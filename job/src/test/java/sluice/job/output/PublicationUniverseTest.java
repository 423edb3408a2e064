package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.MemoryStore;
import sluice.job.fixture.MemoryStore.Kind;
import sluice.job.fixture.MemoryStore.Observer;
import sluice.job.fixture.MemoryStore.Outcome;
import sluice.job.fixture.Stagings;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;

/**
 * All ways in which the publication of a run can be disturbed, on a store of each kind: a crash or a failure at each operation, a second
 * process between any two operations, and a crash after a second process. A reader looks at the table after each change. Rows stand in
 * small files, because the protocol doesn't read them.
 */
class PublicationUniverseTest {
    private static final String OUTPUT = "memory:/tables/out";
    private static final String ROOT = "/tables/out/";
    private static final Observer UNDISTURBED = (operation, path) -> Outcome.DONE;
    private static final Run OLD = new Run(OutputMode.ERROR, "old");

    private final Set<String> violations = new LinkedHashSet<>();
    private Observer planted = UNDISTURBED; // a bug of all processes
    private Configuration hadoop;
    private int attempts;
    private long crashes;
    private long interleavings;
    private long states;
    private long looks;

    /** Ends a process. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1L;
    }

    private enum Result {
        PUBLISHED,
        /** Refused or failed, and nothing was published. */
        FAILED,
        /** Killed, or ended by a failure after the commit: published or not. */
        UNKNOWN
    }

    /** The rows that a reader of the table sees, sorted; a row is {@code RUN@DAY}. */
    private record Table(List<String> rows) {
        private static final Map<String, Boolean> SEEN = new HashMap<>(); // by path

        static Table now() {
            List<String> rows = new ArrayList<>();
            MemoryStore.files().forEach((path, bytes) -> {
                if (path.startsWith(ROOT) && SEEN.computeIfAbsent(path, Table::isSeen)) {
                    rows.add(new String(bytes, StandardCharsets.UTF_8));
                }
            });
            rows.sort(null);
            return new Table(rows);
        }

        private static boolean isSeen(String path) {
            return Arrays.stream(path.substring(ROOT.length()).split("/")).allMatch(JournalBuilder::isData);
        }

        boolean hasDoubledRows() {
            return new HashSet<>(rows).size() < rows.size();
        }

        /** Whether two runs have rows of the same day. */
        boolean isMixed() {
            List<String> days =
                    rows.stream().map(row -> row.substring(row.indexOf('@'))).toList();
            return new HashSet<>(days).size() < days.size();
        }
    }

    /** A run: it has a row of a day that all runs have, and one of a day of its own. */
    private record Run(OutputMode mode, String name) {
        private List<String> days() {
            return List.of("1", name);
        }

        /** The table after this run; empty if it is refused. */
        List<Table> on(Table table) {
            List<String> rows = new ArrayList<>(table.rows());
            List<String> mine = days().stream().map(day -> name + "@" + day).toList();
            if (mode == OutputMode.ERROR && !rows.isEmpty()) {
                return List.of();
            }
            if (mode == OutputMode.APPEND
                    && rows.stream().anyMatch(mine::contains)) { // another run may have replaced one of its partitions
                return List.of(table);
            }
            if (mode == OutputMode.OVERWRITE) {
                rows.clear();
            }
            if (mode == OutputMode.PARTITIONS) {
                rows.removeIf(row -> days().contains(row.substring(row.indexOf('@') + 1)));
            }
            rows.addAll(mine);
            rows.sort(null);
            return List.of(new Table(rows));
        }
    }

    private StagedOutput stage(Run run) throws IOException {
        StagedOutput staged = Stagings.byDay(OUTPUT, run.mode(), run.name(), hadoop);
        attempts++;
        for (String day : run.days()) {
            staged.write(
                    String.format(Locale.ROOT, "day=%s/part-%d", day, attempts),
                    SmallFile.bytes(run.name() + "@" + day));
        }
        staged.write("_SUCCESS", new byte[0]);
        staged.writeReport(SmallFile.bytes("{\"run\": \"" + run.name() + "\"}"));
        MemoryStore.settle(".staging-");
        return staged;
    }

    /** The whole life of a process, observed while it publishes. */
    private Result process(Run run, Observer observer) throws IOException {
        StagedOutput staged;
        try {
            Publication.finishAll(OUTPUT, "--output", hadoop);
            staged = stage(run);
            if (staged.holdsRun()) {
                staged.abandon();
                return Result.PUBLISHED;
            }
        } catch (RefusedException e) {
            return Result.FAILED;
        }
        return publish(staged, observer);
    }

    private Result publish(StagedOutput staged, Observer observer) throws IOException {
        MemoryStore.observe(observer);
        try {
            staged.publish(changed -> !staged.holdsRun());
            return Result.PUBLISHED;
        } catch (Crash e) {
            return Result.UNKNOWN;
        } catch (UnfinishedException e) {
            return Result.UNKNOWN;
        } catch (IOException | RefusedException e) {
            MemoryStore.observe(planted);
            staged.abandon();
            return Result.FAILED;
        } finally {
            MemoryStore.observe(planted);
        }
    }

    /** What {@code --status} does. */
    private void recover() {
        MemoryStore.observe(planted);
        MemoryStore.settle("");
        try {
            Publication.finishAll(OUTPUT, "--status", hadoop);
        } catch (IOException | UnfinishedException e) {
            violations.add("can't be finished: " + e.getMessage());
        }
    }

    private void check(boolean isRight, String where, Object found, Object expected) {
        if (!isRight) {
            violations.add(String.format(Locale.ROOT, "%s: found %s, expected %s", where, found, expected));
        }
    }

    /** A store with the table of an earlier run, unless the run of this mode needs a free path. */
    private Runnable start(Kind kind, OutputMode mode) throws IOException {
        hadoop = MemoryStore.start(kind);
        if (mode != OutputMode.ERROR) {
            process(OLD, UNDISTURBED);
        }
        MemoryStore.settle("");
        return MemoryStore.snapshot();
    }

    /** Counts the operations of an undisturbed publication. */
    private int operations(Run run) throws IOException {
        MemoryStore.read(() -> {});
        int[] count = {0};
        process(run, (operation, path) -> {
            count[0]++;
            return planted.before(operation, path);
        });
        return count[0];
    }

    private void read(Kind kind, Run run, String where) {
        Table before = Table.now();
        Table after = run.on(before).get(0);
        MemoryStore.read(() -> {
            looks++;
            Table seen = Table.now();
            boolean isWhole =
                    seen.equals(before) || seen.equals(after) || seen.rows().isEmpty();
            check(!seen.hasDoubledRows(), where + ": a reader sees a row twice", seen, after);
            switch (run.mode()) {
                case ERROR, OVERWRITE ->
                    check(
                            kind == Kind.DIRECTORIES ? isWhole : !seen.isMixed(),
                            where + ": a reader sees a mixture",
                            seen,
                            after);
                case APPEND ->
                    check(seen.rows().containsAll(before.rows()), where + ": a reader misses rows", seen, after);
                case PARTITIONS -> check(!seen.isMixed(), where + ": a reader sees a mixed partition", seen, after);
            }
        });
    }

    /** The run is disturbed at each of its operations, and then repeated. */
    private void disturbAlone(Kind kind, OutputMode mode) throws IOException {
        Run run = new Run(mode, "new");
        Runnable beginning = start(kind, mode);
        int count = operations(run);
        for (int at = 1; at <= count; at++) {
            for (Outcome outcome : Outcome.values()) {
                if (outcome == Outcome.SKIPPED) {
                    continue;
                }
                beginning.run();
                Table before = Table.now();
                Table after = run.on(before).get(0);
                String where = String.format(Locale.ROOT, "%s %s, %s at operation %d", kind, mode, outcome, at);
                read(kind, run, where);
                crashes++;
                Result result = process(run, disturbed(at, outcome));
                recover();
                Table there = Table.now();
                boolean isRight = switch (result) {
                    case PUBLISHED -> there.equals(after);
                    case FAILED -> there.equals(before);
                    case UNKNOWN -> there.equals(after) || there.equals(before);
                };
                check(isRight, where + ": " + result, there, after);
                MemoryStore.read(() -> {});
                repeat(run, there, where);
            }
        }
    }

    /** {@code DONE} at the chosen operation stands for a crash. */
    private Observer disturbed(int at, Outcome outcome) {
        int[] count = {0};
        return (operation, path) -> {
            count[0]++;
            if (count[0] >= at && outcome == Outcome.DONE) {
                throw new Crash(); // a dead process does nothing more
            }
            return count[0] == at ? outcome : planted.before(operation, path);
        };
    }

    /** A repeated run has its rows in the table once, and nothing but staging directories of killed runs is left beside it. */
    private void repeat(Run run, Table there, String where) throws IOException {
        Result again = process(run, planted);
        recover();
        List<Table> expected = run.on(there);
        Table found = Table.now();
        check(
                expected.isEmpty() ? again == Result.FAILED && found.equals(there) : found.equals(expected.get(0)),
                where + ", repeated: " + again,
                found,
                expected);
        List<String> left = MemoryStore.files().keySet().stream()
                .filter(path -> !path.startsWith(ROOT) && !path.startsWith("/tables/.out.staging-"))
                .toList();
        check(left.isEmpty(), where + ", repeated: beside the table", left, "nothing");
    }

    /** A second process runs from its begin to its end between two operations of the first, which is killed later or not at all. */
    private void disturbByAnother(Kind kind, OutputMode mode, List<Run> others) throws IOException {
        Run run = new Run(mode, "new");
        for (Run other : others) {
            Runnable beginning = start(kind, mode);
            int begun = attempts;
            int count = operations(run);
            Set<String> judged = new HashSet<>();
            for (int meet = 1; meet <= count; meet++) {
                beginning.run();
                attempts = begun;
                meet(kind, run, other, meet, judged);
            }
        }
    }

    /**
     * A kill leaves the store as it is before a change, so the first process runs once and all those stores are judged.
     *
     * @param judged stores that were judged; equal ones have the same future
     */
    private void meet(Kind kind, Run run, Run other, int meet, Set<String> judged) throws IOException {
        String where = String.format(Locale.ROOT, "%s %s, %s in between at operation %d", kind, run, other, meet);
        Table before = Table.now();
        MemoryStore.read(() -> {
            looks++;
            Table seen = Table.now();
            check(!seen.hasDoubledRows(), where + ": a reader sees a row twice", seen, "each once");
        });
        Result[] second = {Result.FAILED};
        int[] count = {0};
        List<Runnable> kills = new ArrayList<>();
        Result first = process(run, (operation, path) -> {
            count[0]++;
            if (count[0] == meet) {
                second[0] = inBetween(other);
            }
            // A kill before an operation that only reads is one before the next change.
            if (count[0] >= meet && Observer.isChange(operation)) {
                kills.add(MemoryStore.snapshot());
            }
            return planted.before(operation, path);
        });
        judge(run, other, before, first, second[0], judged, where);
        for (int kill = 0; kill < kills.size(); kill++) {
            kills.get(kill).run();
            judge(
                    run,
                    other,
                    before,
                    Result.UNKNOWN,
                    second[0],
                    judged,
                    String.format(Locale.ROOT, "%s, killed at change %d", where, kill + 1));
        }
    }

    /** Looks at the table that two processes have left, and repeats the first run. */
    private void judge(Run run, Run other, Table before, Result first, Result second, Set<String> judged, String where)
            throws IOException {
        interleavings++;
        if (!judged.add(first + " " + second + "\n" + MemoryStore.state())) {
            return;
        }
        states++;
        recover();
        Table there = Table.now();
        Set<Table> expected = new LinkedHashSet<>();
        for (List<Run> order : List.of(List.of(run, other), List.of(other, run))) {
            Map<Run, Result> results = run.equals(other) ? Map.of() : Map.of(run, first, other, second);
            addOutcomes(order, results, before, expected, best(first, second));
        }
        check(expected.contains(there), where + ": " + first + " and " + second, there, expected);
        MemoryStore.read(() -> {});
        repeat(run, there, where);
    }

    private static Result best(Result one, Result other) {
        if (one == Result.PUBLISHED || other == Result.PUBLISHED) {
            return Result.PUBLISHED;
        }
        return one == Result.UNKNOWN || other == Result.UNKNOWN ? Result.UNKNOWN : Result.FAILED;
    }

    /** All tables that processes leave which publish one after the other. */
    private static void addOutcomes(
            List<Run> order, Map<Run, Result> results, Table table, Set<Table> found, Result ofEqualRuns) {
        if (order.isEmpty()) {
            found.add(table);
            return;
        }
        Run next = order.get(0);
        List<Run> rest = order.subList(1, order.size());
        if (results.isEmpty()) { // two processes of one run: its rows are there once
            if (ofEqualRuns != Result.FAILED) {
                found.addAll(next.on(table));
            }
            if (ofEqualRuns != Result.PUBLISHED) {
                found.add(table);
            }
            return;
        }
        if (results.get(next) != Result.FAILED) {
            for (Table after : next.on(table)) {
                addOutcomes(rest, results, after, found, ofEqualRuns);
            }
        }
        if (results.get(next) != Result.PUBLISHED) {
            addOutcomes(rest, results, table, found, ofEqualRuns);
        }
    }

    private Result inBetween(Run other) {
        Observer first = MemoryStore.observe(planted);
        try {
            return other.name().equals("status") ? status() : process(other, planted);
        } catch (IOException e) {
            return Result.FAILED;
        } finally {
            MemoryStore.observe(first);
        }
    }

    private Result status() throws IOException {
        Publication.finishAll(OUTPUT, "--status", hadoop);
        return Result.FAILED; // it has no rows
    }

    private static List<Run> others(OutputMode mode) {
        return List.of(
                new Run(OutputMode.ERROR, "status"),
                new Run(mode, "new"),
                new Run(OutputMode.APPEND, "other"),
                new Run(OutputMode.OVERWRITE, "other"),
                new Run(OutputMode.PARTITIONS, "other"));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NO_EXCLUSION")
    void noRowIsLostOrDoubled(Kind kind) throws IOException {
        for (OutputMode mode : OutputMode.values()) {
            disturbAlone(kind, mode);
            disturbByAnother(kind, mode, others(mode));
        }
        System.out.printf(
                Locale.ROOT,
                "%s: %,d crashes and failures, %,d interleavings that leave %,d different stores, %,d looks of a reader, %,d violations%n",
                kind,
                crashes,
                interleavings,
                states,
                looks,
                violations.size());
        assertThat(violations).isEmpty();
        assertThat(crashes).isGreaterThan(300);
        assertThat(interleavings).isGreaterThan(3_000);
    }

    /** The journal can't be deleted until its record is gone: with the output that was replaced, or as the oldest of many. */
    @ParameterizedTest
    @EnumSource(names = {"DIRECTORIES", "OBJECTS"})
    void aJournalWhoseRecordIsGoneIsDeleted(Kind kind) throws IOException {
        for (OutputMode mode : List.of(OutputMode.OVERWRITE, OutputMode.APPEND)) {
            hadoop = MemoryStore.start(kind);
            planted = (operation, path) ->
                    operation.equals("delete") && path.endsWith(".publishing-1.json") ? Outcome.FAILED : Outcome.DONE;
            process(OLD, planted);
            for (int run = 0; run < 20; run++) {
                assertThat(process(new Run(mode, "new" + run), planted)).isEqualTo(Result.PUBLISHED);
            }
            Table before = Table.now();
            assertThat(MemoryStore.files()).containsKey("/tables/.out.publishing-1.json");
            planted = UNDISTURBED;
            recover();
            assertThat(violations).isEmpty();
            assertThat(MemoryStore.files().keySet()).as("%s", mode).allMatch(path -> path.startsWith(ROOT));
            assertThat(Table.now()).isEqualTo(before);
        }
    }

    @Test
    void aStoreOnWhichTwoRunsCantExcludeEachOtherIsRefused() {
        hadoop = MemoryStore.start(Kind.NO_EXCLUSION);
        assertThatThrownBy(() -> stage(new Run(OutputMode.ERROR, "new")))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("its file system can't create a file only if there is none");
    }
}
