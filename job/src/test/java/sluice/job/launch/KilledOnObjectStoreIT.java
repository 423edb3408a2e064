package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A {@code submit/score} whose output is in an object store and that is killed, or cut off for good, at a request of S3A: {@code --status} or
 * the same run again bring each row into the output once, and leave nothing beside it.
 */
@Tag("launch")
@Tag("slow")
class KilledOnObjectStoreIT {
    private static final String STATES = "states";
    private static final String CHECKPOINT = "checkpoint";
    private static final int NIGHTS = 3;

    @TempDir
    private static Path directory;

    private static StoredRuns runs;

    /** What a run left that several tests start from, by its name. */
    private static final Map<String, Map<String, byte[]>> LEFT = new HashMap<>();

    @BeforeAll
    static void start() throws IOException {
        runs = new StoredRuns(directory);
        runs.input("old.jsonl", 0, 30);
        runs.input("new.jsonl", 20, 60);
        runs.input("drops/1.jsonl", 0, 20);
        for (int night = 1; night <= NIGHTS; night++) {
            runs.input("night-" + night + ".jsonl", 10 * night, 10 * night + 30);
        }
        runs.startHere();
    }

    @AfterAll
    static void stop() {
        runs.close();
    }

    /** Where a run is killed. */
    private enum Moment {
        BEFORE_THE_DECISION(StoreGateway.Side.BEFORE, StoreLayout::isDecision, 1),
        /** It doesn't know that it has decided. */
        DECIDED(StoreGateway.Side.AFTER, StoreLayout::isDecision, 1),
        AT_THE_FIRST_FILE(StoreGateway.Side.BEFORE, request -> StoreLayout.writesData(StoredRuns.TABLE, request), 1),
        BETWEEN_FILES(StoreGateway.Side.AFTER, request -> StoreLayout.writesData(StoredRuns.TABLE, request), 2),
        /** The files of the table before. */
        BETWEEN_DELETES(StoreGateway.Side.AFTER, request -> StoreLayout.deletesData(StoredRuns.TABLE, request), 1);

        private final StoreGateway.Side side;
        private final Predicate<StoreRequest> at;
        private final int number;

        Moment(StoreGateway.Side side, Predicate<StoreRequest> at, int number) {
            this.side = side;
            this.at = at;
            this.number = number;
        }

        void kill(Launch run, String client) {
            runs.kill(run, client, side, at, number);
        }

        boolean isDecided() {
            return this != BEFORE_THE_DECISION;
        }

        /** Whether the run knows that it has decided. */
        boolean isAfterTheDecision() {
            return isDecided() && this != DECIDED;
        }
    }

    private static Stream<Arguments> modesAndMoments() {
        return Stream.of("error", "overwrite", "append", "partitions")
                .flatMap(mode -> Arrays.stream(Moment.values())
                        .filter(moment -> moment != Moment.BETWEEN_DELETES
                                || mode.equals("overwrite")
                                || mode.equals("partitions"))
                        .map(moment -> Arguments.of(mode, moment)));
    }

    private static List<String> after(String mode) {
        return switch (mode) {
            case "append" -> StoredRuns.both(runs.scored(0, 30), runs.scored(20, 60));
            case "partitions" -> StoredRuns.both(runs.scored(0, 20), runs.scored(20, 60));
            default -> runs.scored(20, 60);
        };
    }

    private static String[] name(String mode) {
        return mode.equals("append") ? new String[] {"--run", "night"} : new String[0];
    }

    /** Brings the store to the state after a run, which is started once. */
    private static void startAfter(String name, String... options) throws IOException {
        if (LEFT.containsKey(name)) {
            runs.bucket().restore(LEFT.get(name));
        } else {
            runs.reset();
            runs.launchWarm(0, name, options).end().assertScored();
            LEFT.put(name, runs.bucket().snapshot());
        }
    }

    private static void oldTable(String mode) throws IOException {
        if (mode.equals("error")) {
            runs.reset();
        } else {
            startAfter("old", runs.options("old.jsonl", "error"));
        }
    }

    @ParameterizedTest
    @MethodSource("modesAndMoments")
    void inEachModeAtEachMoment(String mode, Moment moment) throws IOException {
        oldTable(mode);
        List<String> before = mode.equals("error") ? List.of() : runs.rows();
        String client = mode + "-" + moment;
        Launch.Ended cutOff = runs.cutOff(client, moment.side, moment.at, moment.number, "new.jsonl", mode, name(mode));
        cutOff.assertFailed(
                1,
                moment.isAfterTheDecision()
                        ? "; the next run on this output finishes it, or submit/score --status "
                        : ": it is not known whether the output is published, because the file system did not answer",
                runs.bucket().path(StoredRuns.TABLE));
        Map<String, byte[]> left = runs.bucket().snapshot();

        Launch.Ended status = runs.status("status-" + client);
        if (moment.isDecided()) {
            assertThat(status.assertScored().out()).contains("ended with 0: 40 sequences");
            assertThat(runs.rows()).isEqualTo(after(mode));
            runs.assertNothingElse(status.err(), key -> false);
        } else if (!before.isEmpty()) {
            assertThat(runs.rows()).isEqualTo(before);
        }

        runs.bucket().restore(left);
        Launch.Ended again = runs.score("again-" + client, "new.jsonl", mode, name(mode));
        if (moment.isDecided() && mode.equals("error")) {
            again.assertFailed(2, "exists already");
        } else {
            assertThat(again.exitCode()).as("%s", again).isZero();
        }
        assertThat(runs.rows()).isEqualTo(after(mode));
        runs.assertNothingElse(again.err(), key -> false);
    }

    /** Three nights, of which the second is killed and repeated. */
    @ParameterizedTest
    @EnumSource(names = "BETWEEN_DELETES", mode = EnumSource.Mode.EXCLUDE)
    void withCarriedStates(Moment moment) throws IOException {
        List<String> expected = rowsOfLocalNights();
        startAfter("first-night", night(1));
        String client = "states-" + moment;
        moment.kill(runs.launch(client, night(2)), client);
        Launch.Ended again = runs.launchWarm(0, "again-" + client, night(2)).end();
        assertThat(again.exitCode()).as("%s", again).isZero();
        Launch.Ended third = runs.launchWarm(0, "third-" + client, night(3)).end();
        assertThat(third.exitCode()).as("%s", third).isZero();
        // The second run took the number of the killed one's publication; the third run deletes that journal.
        runs.assertNothingElse(again.err() + third.err(), key -> key.startsWith(STATES + "/"));
        assertThat(runs.rows()).isEqualTo(expected);
        assertThat(runs.bucket().keys().stream()
                        .filter(key -> key.startsWith(STATES + "/version="))
                        .map(key -> key.split("/", -1)[1])
                        .distinct())
                .containsExactly("version=1", "version=2", "version=3");
    }

    /** The rows of all nights, scored on a local disk once. */
    private static List<String> rowsOfLocalNights() throws IOException {
        Path local = directory.resolve("states");
        if (!Files.exists(local)) {
            for (int night = 1; night <= NIGHTS; night++) {
                String input = runs.download("night-" + night + ".jsonl").toString();
                Launch.local(
                                directory,
                                carrying(night, input, local.resolve("out").toString(), local + "/states"))
                        .end()
                        .assertScored();
            }
        }
        return StoredRuns.localRows(local.resolve("out"));
    }

    private static String[] night(int night) {
        return carrying(
                night,
                runs.bucket().path("in/night-" + night + ".jsonl"),
                runs.bucket().path(StoredRuns.TABLE),
                runs.bucket().path(STATES));
    }

    private static String[] carrying(int night, String input, String output, String states) {
        return StoredRuns.scoring(
                input,
                output,
                "append",
                "--run",
                "night-" + night,
                "--set",
                "state.path=" + states,
                "--set",
                "state.key=id");
    }

    /** Where a run over new files is killed. */
    private enum IncrementalMoment {
        FILES_CHOSEN(StoreGateway.Side.AFTER, request -> writes(request, CHECKPOINT + "/offsets/")),
        BEFORE_THE_DECISION(StoreGateway.Side.BEFORE, StoreLayout::isDecision),
        DECIDED(StoreGateway.Side.AFTER, StoreLayout::isDecision),
        AT_THE_FIRST_FILE(StoreGateway.Side.BEFORE, request -> StoreLayout.writesData(StoredRuns.TABLE, request)),
        BEFORE_SPARK_KNOWS(StoreGateway.Side.BEFORE, request -> writes(request, CHECKPOINT + "/commits/")),
        SPARK_KNOWS(StoreGateway.Side.AFTER, request -> writes(request, CHECKPOINT + "/commits/"));

        private final StoreGateway.Side side;
        private final Predicate<StoreRequest> at;

        IncrementalMoment(StoreGateway.Side side, Predicate<StoreRequest> at) {
            this.side = side;
            this.at = at;
        }

        private static boolean writes(StoreRequest request, String prefix) {
            return request.writes() && request.keys().get(0).startsWith(prefix);
        }
    }

    /** The second batch is killed, and more files arrive before the next run. */
    @ParameterizedTest
    @EnumSource
    void overNewFiles(IncrementalMoment moment) throws IOException {
        startAfter("first-files", increment());
        runs.input("drops/2.jsonl", 20, 40);
        String client = "files-" + moment;
        runs.kill(runs.launch(client, increment()), client, moment.side, moment.at, 1);
        runs.input("drops/3.jsonl", 40, 60);
        Launch.Ended again = runs.launchWarm(0, "again-" + client, increment()).end();
        assertThat(again.exitCode()).as("%s", again).isZero();
        assertThat(runs.rows()).isEqualTo(runs.scored(0, 60));
        runs.assertNothingElse(again.err(), key -> key.startsWith(CHECKPOINT + "/"));
    }

    private static String[] increment() {
        return runs.options("drops", "append", "--incremental", runs.bucket().path(CHECKPOINT));
    }
}
