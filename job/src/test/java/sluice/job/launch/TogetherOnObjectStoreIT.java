package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two processes at the same time on one output in an object store: each run that ends with 0 has its rows there once, and one that can't
 * says so and may be repeated.
 */
@Tag("launch")
@Tag("slow")
class TogetherOnObjectStoreIT {
    @TempDir
    private static Path directory;

    private static StoredRuns runs;
    private static Map<String, byte[]> oldTable;

    @BeforeAll
    static void start() throws IOException {
        runs = new StoredRuns(directory);
        runs.input("old.jsonl", 0, 30);
        runs.input("new.jsonl", 20, 60);
        runs.input("other.jsonl", 50, 80);
        runs.startHere();
        runs.score("old", "old.jsonl", "error").assertScored();
        oldTable = runs.bucket().snapshot();
    }

    @AfterAll
    static void stop() {
        runs.close();
    }

    /** How two runs meet. */
    private enum Meeting {
        BOTH_ABOUT_TO_DECIDE,
        /** The second begins and ends while the first is about to decide. */
        PASSED_BEFORE_THE_DECISION,
        /** The second begins and ends while the first, which has decided, brings its files to their place. */
        PASSED_BETWEEN_FILES
    }

    private static Stream<Arguments> kindsAndMeetings() {
        return Stream.of("error", "overwrite", "partitions", "append once", "append twice")
                .flatMap(kind -> Stream.of(Meeting.values()).map(meeting -> Arguments.of(kind, meeting)));
    }

    private static StoreGateway.Gate beforeTheDecision(String client) {
        return runs.gateway().hold(client, StoreGateway.Side.BEFORE, StoreLayout::isDecision, 1);
    }

    private static StoreGateway.Gate betweenFiles(String client) {
        return runs.gateway()
                .hold(
                        client,
                        StoreGateway.Side.BEFORE,
                        request -> StoreLayout.writesData(StoredRuns.TABLE, request),
                        2);
    }

    private record Run(String client, String input, String mode, String... more) {
        /** @param java the number of a process that runs nothing else */
        Launch start(int java) throws IOException {
            return runs.startWarm(java, client, input, mode, more);
        }
    }

    /** A run that starts after the other has staged files names its staging directory. */
    private static Launch.Ended withoutNoteOfTheOther(Launch.Ended end) {
        String err = end.err()
                .lines()
                .filter(line -> !line.contains("staging directories of other runs lie beside it"))
                .collect(Collectors.joining("\n"));
        return new Launch.Ended(end.command(), end.exitCode(), end.out(), err);
    }

    @ParameterizedTest
    @MethodSource("kindsAndMeetings")
    void twoRuns(String kind, Meeting meeting) throws IOException {
        String mode = kind.split(" ", -1)[0];
        if (mode.equals("error")) {
            runs.reset();
        } else {
            runs.bucket().restore(oldTable);
        }
        String test = kind.replace(' ', '-') + "-" + meeting;
        boolean isOnce = kind.equals("append once");
        Run one = mode.equals("append")
                ? new Run("one-" + test, "new.jsonl", mode, "--run", "night")
                : new Run("one-" + test, "new.jsonl", mode);
        Run two = mode.equals("append")
                ? new Run("two-" + test, isOnce ? "new.jsonl" : "other.jsonl", mode, "--run", isOnce ? "night" : "day")
                : new Run("two-" + test, "other.jsonl", mode);

        List<Launch.Ended> ended = meet(one, two, meeting);
        List<Run> failed = new ArrayList<>();
        for (Launch.Ended end : ended) {
            if (end.exitCode() != 0) {
                withoutNoteOfTheOther(end)
                        .assertFailed(end.exitCode(), runs.bucket().path(StoredRuns.TABLE));
                failed.add(end == ended.get(0) ? one : two);
            }
        }
        assertThat(failed).as("%s", ended).hasSizeLessThan(2);

        if (mode.equals("error")) {
            assertThat(failed).as("%s", ended).hasSize(1);
            assertThat(runs.rows()).isEqualTo(failed.get(0) == one ? runs.scored(50, 80) : runs.scored(20, 60));
        } else {
            String err = ended.get(0).err() + ended.get(1).err();
            for (Run run : failed) {
                Launch.Ended again = runs.score("again-" + run.client(), run.input(), mode, run.more());
                assertThat(again.exitCode()).as("%s", again).isZero();
                err += again.err();
            }
            runs.assertNothingElse(err, key -> false);
            assertRows(kind);
        }
        runs.assertNothingElse(ended.get(0).err() + ended.get(1).err(), key -> false);
    }

    private static List<Launch.Ended> meet(Run one, Run two, Meeting meeting) throws IOException {
        switch (meeting) {
            case BOTH_ABOUT_TO_DECIDE -> {
                StoreGateway.Gate first = beforeTheDecision(one.client());
                StoreGateway.Gate second = beforeTheDecision(two.client());
                Launch ones = one.start(0);
                Launch twos = two.start(1);
                ones.waitUntil("the first is about to decide", first::hasArrived);
                twos.waitUntil("the second is about to decide", second::hasArrived);
                first.open();
                second.open();
                return List.of(ones.end(), twos.end());
            }
            case PASSED_BEFORE_THE_DECISION, PASSED_BETWEEN_FILES -> {
                StoreGateway.Gate first = meeting == Meeting.PASSED_BETWEEN_FILES
                        ? betweenFiles(one.client())
                        : beforeTheDecision(one.client());
                Launch ones = one.start(0);
                ones.waitUntil("the first is at its gate", first::hasArrived);
                Launch.Ended twos = two.start(1).end();
                first.open();
                return List.of(ones.end(), twos);
            }
        }
        throw new AssertionError(meeting);
    }

    private static void assertRows(String kind) throws IOException {
        List<String> rows = runs.rows();
        List<String> old = runs.scored(0, 30);
        switch (kind) {
            case "overwrite" -> assertThat(rows).isIn(runs.scored(20, 60), runs.scored(50, 80));
            case "partitions" -> // both have day 5
                assertThat(rows)
                        .isEqualTo(StoredRuns.both(
                                StoredRuns.both(runs.scored(0, 20), runs.scored(20, 60)), runs.scored(60, 80)));
            case "append once" -> assertThat(rows).isEqualTo(StoredRuns.both(old, runs.scored(20, 60)));
            case "append twice" ->
                assertThat(rows)
                        .isEqualTo(StoredRuns.both(StoredRuns.both(old, runs.scored(20, 60)), runs.scored(50, 80)));
            default -> throw new AssertionError(kind);
        }
    }

    /** It may finish the run's publication, or leave it alone; the run itself doesn't notice. */
    @ParameterizedTest
    @ValueSource(strings = {"error", "overwrite", "append", "partitions"})
    void aStatusBesideARunThatPublishes(String mode) throws IOException {
        if (mode.equals("error")) {
            runs.reset();
        } else {
            runs.bucket().restore(oldTable);
        }
        String client = "watched-" + mode;
        StoreGateway.Gate gate = betweenFiles(client);
        Launch run = runs.startWarm(1, client, "new.jsonl", mode);
        run.waitUntil("it brings its files to their place", gate::hasArrived);
        Launch.Ended status = runs.status("status-" + mode);
        gate.open();
        Launch.Ended ended = run.end();
        assertThat(ended.exitCode()).as("%s%n%s", ended, status).isZero();
        assertThat(status.exitCode()).as("%s", status).isZero();
        assertThat(runs.rows())
                .isEqualTo(
                        switch (mode) {
                            case "append" -> StoredRuns.both(runs.scored(0, 30), runs.scored(20, 60));
                            case "partitions" -> StoredRuns.both(runs.scored(0, 20), runs.scored(20, 60));
                            default -> runs.scored(20, 60);
                        });
        runs.assertNothingElse(status.err() + ended.err(), key -> false);
    }
}
