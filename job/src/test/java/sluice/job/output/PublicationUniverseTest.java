package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.FullRun;
import sluice.job.fixture.MemoryStore;
import sluice.job.fixture.MemoryStore.Kind;
import sluice.job.fixture.MemoryStore.Observer;
import sluice.job.fixture.MemoryStore.Outcome;
import sluice.job.fixture.Stagings;
import sluice.job.fixture.Universe;
import sluice.job.message.RefusedException;
import sluice.job.report.RunHistory;
import sluice.job.report.RunName;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Publication;

/** The universe of the rows of one output. Rows stand in small files, because the protocol doesn't read them. */
class PublicationUniverseTest extends Universe<PublicationUniverseTest.Run, PublicationUniverseTest.Table> {
    private static final String OUTPUT = "memory:/tables/out";
    private static final String ROOT = "/tables/out/";
    private static final String STAGING = "/tables/.out.staging-";
    private static final Run OLD = new Run(OutputMode.ERROR, "old");
    private static final Run STATUS = new Run(OutputMode.ERROR, "status");

    /** The rows that a reader of the table sees, sorted; a row is {@code RUN@DAY}. */
    record Table(List<String> rows) {
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
    record Run(OutputMode mode, String name) {
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

    @Override
    protected void finish(Run run) throws IOException {
        Publication.finishAll(OUTPUT, "--output", hadoop);
    }

    @Override
    protected boolean isDone(Run run) throws IOException {
        Path output = new Path(OUTPUT);
        return run.mode() == OutputMode.APPEND
                && new RunHistory(output.getFileSystem(hadoop), output, hadoop)
                        .holds(RunName.of(run.name(), Instant.EPOCH));
    }

    @Override
    protected StagedOutput stage(Run run) throws IOException {
        StagedOutput staged = Stagings.byDay(OUTPUT, run.mode(), run.name(), hadoop);
        attempts++;
        Stagings.write(staged, run.name(), run.days(), "part-" + attempts);
        return staged;
    }

    @Override
    protected Table now() {
        return Table.now();
    }

    @Override
    protected List<Table> after(Run run, Table began, Table there) {
        return run.on(there);
    }

    /** What {@code --status} does. */
    @Override
    protected List<Recovery> recoveries(boolean isAlone) {
        return List.of(() -> Publication.finishAll(OUTPUT, "--status", hadoop));
    }

    @Override
    protected Result another(Run other, Observer observer) throws IOException {
        return other.equals(STATUS)
                ? finishOnly(() -> Publication.finishAll(OUTPUT, "--status", hadoop), observer)
                : super.another(other, observer);
    }

    @Override
    protected List<String> leftovers() {
        return MemoryStore.files().keySet().stream()
                .filter(path -> !path.startsWith(ROOT) && !path.startsWith(STAGING))
                .toList();
    }

    @Override
    protected void lookAt(Table seen, String where) {
        check(!seen.hasDoubledRows(), where + ": a reader sees a row twice", seen, "each once");
    }

    @Override
    protected void lookAtAlone(Kind kind, Run run, Table before, Table after, Table seen, String where) {
        boolean isWhole =
                seen.equals(before) || seen.equals(after) || seen.rows().isEmpty();
        switch (run.mode()) {
            case ERROR, OVERWRITE ->
                check(
                        kind == Kind.DIRECTORIES ? isWhole : !seen.isMixed(),
                        where + ": a reader sees a mixture",
                        seen,
                        after);
            case APPEND -> check(seen.rows().containsAll(before.rows()), where + ": a reader misses rows", seen, after);
            case PARTITIONS -> check(!seen.isMixed(), where + ": a reader sees a mixed partition", seen, after);
        }
    }

    /** The table of an earlier run, unless the run of this mode needs a free path. */
    private static Run[] earlier(OutputMode mode) {
        return mode == OutputMode.ERROR ? new Run[0] : new Run[] {OLD};
    }

    /** @param killed number of the second processes that are also killed */
    private void disturb(Kind kind, OutputMode mode, int killed) throws IOException {
        Run run = new Run(mode, "new");
        List<Run> others = List.of(
                run,
                new Run(OutputMode.OVERWRITE, "other"),
                STATUS,
                new Run(OutputMode.APPEND, "other"),
                new Run(OutputMode.PARTITIONS, "other"));
        disturbAlone(kind, run, earlier(mode));
        disturbByAnother(kind, run, others, earlier(mode));
        if (kind != Kind.LATE_OBJECTS) { // the others find what goes wrong
            disturbByAKilledOne(kind, run, others.subList(0, killed), earlier(mode));
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NO_EXCLUSION")
    @Tag("shortened")
    void noRowIsLostOrDoubled(Kind kind, TestInfo test) throws IOException {
        int killed = FullRun.rounds(test, 2, 5); // the first two find the most
        for (OutputMode mode : OutputMode.values()) {
            disturb(kind, mode, killed);
        }
        print(kind.toString());
        assertThat(violations()).isEmpty();
        assertThat(crashes()).isGreaterThan(300);
        assertThat(interleavings()).isGreaterThan(3_000);
    }

    /** A bug for each rule of the protocol, and words of the violation that finds it on each kind of store. */
    enum Bug {
        /** A journal is created although there is one of its number. */
        EXCLUSION_IGNORED(
                (operation, path) -> isCommit(operation, path) ? Outcome.REPLACES : Outcome.DONE,
                Map.of(
                        Kind.DIRECTORIES,
                        "repeated: beside the table: found",
                        Kind.OBJECTS,
                        "a reader sees a row twice")),
        /** A publication leaves no record. */
        NO_RECORD(
                (operation, path) ->
                        path.contains("/_sluice/publications/") && isOneOf(operation, "write", "create", "rename")
                                ? Outcome.SKIPPED
                                : Outcome.DONE,
                Map.of(Kind.DIRECTORIES, "PUBLISHED and PUBLISHED: found", Kind.OBJECTS, "a reader sees a row twice")),
        /** A data file is not moved to its place. */
        MOVE_DROPPED(
                (operation, path) ->
                        isMove(operation, path) && path.contains("/part-") ? Outcome.SKIPPED : Outcome.DONE,
                Map.of(Kind.DIRECTORIES, "could not be moved", Kind.OBJECTS, "PUBLISHED: found Table[rows=[]]")),
        /** An old file is not removed. */
        REMOVAL_SKIPPED(
                (operation, path) -> operation.equals("delete") && path.startsWith(ROOT) && path.contains("/part-")
                        ? Outcome.SKIPPED
                        : Outcome.DONE,
                Map.of(
                        Kind.DIRECTORIES,
                        "PUBLISHED and PUBLISHED: found Table[rows=[new@1, new@new, other@1, other@other]]",
                        Kind.OBJECTS,
                        "PUBLISHED and PUBLISHED: found Table[rows=[new@1, new@new, other@1, other@other]]")),
        /** A journal is deleted before its first move. */
        JOURNAL_DELETED_EARLY(
                (operation, path) -> {
                    if (isMove(operation, path)) {
                        MemoryStore.files().keySet().removeIf(file -> file.contains(".out.publication-"));
                    }
                    return Outcome.DONE;
                },
                Map.of(
                        Kind.DIRECTORIES,
                        "repeated: beside the table: found",
                        Kind.OBJECTS,
                        "UNKNOWN: found Table[rows=[new@1]]")),
        /** The staging directories are deleted before the commit. */
        STAGING_DELETED_EARLY(
                (operation, path) -> {
                    if (isCommit(operation, path)) {
                        MemoryStore.files()
                                .keySet()
                                .removeIf(file -> file.startsWith(STAGING) && !file.endsWith(".draft"));
                    }
                    return Outcome.DONE;
                },
                Map.of(
                        Kind.DIRECTORIES,
                        "PUBLISHED: found Table[rows=[]]",
                        Kind.OBJECTS,
                        "PUBLISHED: found Table[rows=[]]"));

        private final Observer observer;
        private final Map<Kind, String> found;

        Bug(Observer observer, Map<Kind, String> found) {
            this.observer = observer;
            this.found = found;
        }

        private static boolean isOneOf(String operation, String... operations) {
            return List.of(operations).contains(operation);
        }

        /** Whether the operation creates a journal: from a draft on a store with directories, at once on others. */
        private static boolean isCommit(String operation, String path) {
            return operation.equals("rename")
                    ? path.startsWith(STAGING) && path.endsWith(".draft")
                    : operation.equals("create") && path.contains(".out.publication-");
        }

        private static boolean isMove(String operation, String path) {
            return isOneOf(operation, "rename", "copy") && path.startsWith(STAGING) && !path.endsWith(".draft");
        }
    }

    /** Otherwise a universe without violations would prove nothing. */
    @ParameterizedTest
    @EnumSource
    void eachPlantedBugIsFound(Bug bug) throws IOException {
        for (Map.Entry<Kind, String> expected : bug.found.entrySet()) {
            Kind kind = expected.getKey();
            String violation = firstViolation(bug.observer, () -> {
                for (OutputMode mode : OutputMode.values()) {
                    disturb(kind, mode, 2);
                }
            });
            System.out.printf(Locale.ROOT, "%s is found: %s%n", bug, violation);
            assertThat(violation).startsWith(kind.toString()).contains(expected.getValue());
        }
    }

    /** The journal can't be deleted until its record is gone: with the output that was replaced, or as the oldest of many. */
    @ParameterizedTest
    @EnumSource(names = {"DIRECTORIES", "OBJECTS"})
    void aJournalWhoseRecordIsGoneIsDeleted(Kind kind) throws IOException {
        for (OutputMode mode : List.of(OutputMode.OVERWRITE, OutputMode.APPEND)) {
            hadoop = MemoryStore.start(kind);
            Observer fails = (operation, path) ->
                    operation.equals("delete") && path.endsWith(".publication-1.json") ? Outcome.FAILED : Outcome.DONE;
            plant(fails);
            process(OLD, fails);
            for (int run = 0; run < 20; run++) {
                assertThat(process(new Run(mode, "new" + run), fails)).isEqualTo(Result.PUBLISHED);
            }
            Table before = Table.now();
            assertThat(MemoryStore.files()).containsKey("/tables/.out.publication-1.json");
            plant(UNDISTURBED);
            finish(OLD);
            assertThat(violations()).isEmpty();
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
