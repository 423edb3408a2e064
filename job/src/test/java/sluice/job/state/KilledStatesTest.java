package sluice.job.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.KillingFileSystem;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Stagings;
import sluice.job.fixture.States;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.output.StagedOutput;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;

/**
 * Kills a run at every step of publishing its scores and its states. The states are never ahead of the scores. After the next run on the
 * output or on the states, either both are published or neither is.
 */
@Tag("slow")
class KilledStatesTest {
    private static final int MANY = 200;

    private final Configuration hadoop = new Configuration();

    @TempDir
    Path folder;

    @BeforeEach
    void makeTheFileSystemKnown() {
        hadoop.set(KillingFileSystem.SETTING, KillingFileSystem.class.getName());
        KillingFileSystem.disarm();
    }

    @AfterEach
    void disarm() {
        KillingFileSystem.disarm();
    }

    private String path(String name) {
        return "killing:" + folder.resolve(name);
    }

    private StateStore states(String round) {
        return StateStore.at(path(round + "/states"), hadoop);
    }

    private List<String> finishStates(String round) throws Exception {
        return StateUpdate.finishInterrupted(path(round + "/states"), hadoop);
    }

    /** Stages the output of a run: scores in two partitions and a version of states. */
    private StagedOutput write(String round, OutputMode mode, String run, long version) throws Exception {
        StagedOutput output = Stagings.byDay(path(round + "/out"), mode, run, hadoop);
        StagedStates staged = output.publishTogether(id -> StagedStates.at(states(round), version, id));
        for (String name : List.of("day=1/part-" + run, "day=" + run + "/part-" + run)) {
            output.write(name, SmallFile.bytes("rows of " + run));
        }
        output.writeReport(SmallFile.bytes("{\"run\": \"" + run + "\"}"));
        StateStagings.complete(staged, version - 1, run, "part-" + run, "states of " + run, hadoop);
        return output;
    }

    /** Publishes a first run undisturbed, unless the mode requires an empty output. */
    private void publishFirst(String round, OutputMode mode) throws Exception {
        if (mode != OutputMode.ERROR) {
            write(round, OutputMode.ERROR, "old", 1).publish(changed -> true);
        }
    }

    private long next(OutputMode mode) {
        return mode == OutputMode.ERROR ? 1 : 2;
    }

    private Map<String, String> content(String name) {
        Map<String, String> files = Files.exists(folder.resolve(name))
                ? new TreeMap<>(Disk.contentWithoutIds(folder.resolve(name)))
                : new TreeMap<>();
        files.keySet().removeIf(file -> file.endsWith(".crc"));
        return files;
    }

    private boolean hasNewScores(String round) {
        return content(round + "/out").keySet().containsAll(List.of("day=1/part-new", "day=new/part-new"));
    }

    private boolean hasNewStates(String round, OutputMode mode) {
        return content(round + "/states").containsKey(String.format(Locale.ROOT, "version=%d/part-new", next(mode)));
    }

    @ParameterizedTest
    @EnumSource
    void killedAtEveryStep(OutputMode mode) throws Exception {
        publishFirst("undisturbed", mode);
        write("undisturbed", mode, "new", next(mode)).publish(changed -> true);
        Map<String, String> scores = content("undisturbed/out");
        Map<String, String> versions = content("undisturbed/states");
        assertThat(versions).hasSize(2 * (int) next(mode));

        for (boolean isFoundAtStates : List.of(true, false)) {
            boolean survived = false;
            int committed = 0;
            for (int call = 1; !survived && call < MANY; call++) {
                String round = String.format(Locale.ROOT, "%s-%s-%d", mode, isFoundAtStates, call);
                publishFirst(round, mode);
                StagedOutput output = write(round, mode, "new", next(mode));
                KillingFileSystem.arm(call);
                KillingFileSystem.startCounting();
                Throwable killed = catchThrowable(() -> output.publish(changed -> true));
                KillingFileSystem.disarm();
                survived = killed == null;
                assertThat(killed == null || killed instanceof KillingFileSystem.Killed)
                        .as("%s", killed)
                        .isTrue();
                assertThat(hasNewStates(round, mode) && !hasNewScores(round))
                        .as("killed at %d: states ahead of scores", call)
                        .isFalse();

                List<String> said = isFoundAtStates
                        ? finishStates(round)
                        : Publication.finishAll(path(round + "/out"), "--output", hadoop);
                boolean isPublished = hasNewScores(round);
                assertThat(hasNewStates(round, mode)).as("killed at %d", call).isEqualTo(isPublished);
                finishStates(round); // the next run on the states finds nothing to do
                if (isPublished) {
                    committed += said.size();
                    Publication.finishAll(path(round + "/out"), "--output", hadoop);
                    assertThat(content(round + "/out")).as("killed at %d", call).isEqualTo(scores);
                    assertThat(content(round + "/states"))
                            .as("killed at %d", call)
                            .isEqualTo(versions);
                    assertThat(Disk.names(folder.resolve(round))).containsExactly("out", "states");
                } else {
                    runNext(round, mode);
                }
            }
            assertThat(survived).isTrue();
            assertThat(committed).as("killed after the commit").isGreaterThan(4);
        }
    }

    /** A run that was killed before its commit does not block the next run, which also removes its note. */
    private void runNext(String round, OutputMode mode) throws Exception {
        write(round, OutputMode.OVERWRITE, "next", next(mode)).publish(changed -> true);
        finishStates(round);
        assertThat(content(round + "/states"))
                .containsKey(String.format(Locale.ROOT, "version=%d/part-next", next(mode)))
                .doesNotContainKey(String.format(Locale.ROOT, "version=%d/part-new", next(mode)))
                .allSatisfy((file, text) -> assertThat(file).startsWith("version="));
    }

    /** The run that finishes a publication is killed as well, at every step; a third run finishes it from the other directory. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aKilledRecoveryIsFinishedByTheNext(boolean startsAtStates) throws Exception {
        boolean survived = false;
        for (int call = 1; !survived && call < MANY; call++) {
            String round = startsAtStates + "-" + call;
            publishFirst(round, OutputMode.PARTITIONS);
            StagedOutput output = write(round, OutputMode.PARTITIONS, "new", 2);
            KillingFileSystem.arm(4); // after the journal was drafted and moved: committed
            assertThat(catchThrowable(() -> output.publish(changed -> true)))
                    .isInstanceOf(KillingFileSystem.Killed.class);
            KillingFileSystem.arm(call);
            KillingFileSystem.startCounting();
            survived = catchThrowable(() -> finish(round, startsAtStates)) == null;
            KillingFileSystem.disarm();
            assertThat(hasNewStates(round, OutputMode.PARTITIONS) && !hasNewScores(round))
                    .isFalse();
            finish(round, !startsAtStates);
            assertThat(hasNewScores(round)).as("killed at %d", call).isTrue();
            assertThat(hasNewStates(round, OutputMode.PARTITIONS))
                    .as("killed at %d", call)
                    .isTrue();
        }
        assertThat(survived).isTrue();
    }

    private void finish(String round, boolean atStates) throws Exception {
        if (atStates) {
            finishStates(round);
        } else {
            Publication.finishAll(path(round + "/out"), "--output", hadoop);
        }
    }

    // The same with Spark; each run writes to another output

    private Run run(int number) {
        String tokens =
                "SELECT id AS who, CAST(array(id %% 2, %d %% 2) AS array<int>) AS tokens FROM range(%d, 9, 1, 1)";
        Path input = folder.resolve("in-" + number);
        return Run.of(TorchCase.named("vocab_2"), Path.of("unused"))
                .withInput(LocalSpark.session().sql(tokens.formatted(number, number)), 2, input)
                .with("output.path", path("out-" + number))
                .with("output.emit", "hidden")
                .with("report.run", "run " + number)
                .with("state.path", path("states"))
                .with("state.key", "who");
    }

    private void copyAll(Path from, Path to) throws Exception {
        try (var below = Files.walk(from)) {
            for (Path path : below.skip(1).toList()) {
                Files.copy(path, to.resolve(from.relativize(path)));
            }
        }
    }

    private void deleteAll() throws Exception {
        for (String name : Disk.names(folder)) {
            try (var below = Files.walk(folder.resolve(name))) {
                List<Path> all = new ArrayList<>(below.toList());
                Collections.reverse(all);
                for (Path path : all) {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    void aNoteOfAnEarlierVersionIsRejected() throws Exception {
        write("earlier", OutputMode.ERROR, "old", 1).publish(changed -> true);
        Files.createDirectories(folder.resolve("earlier/states/_sluice"));
        Disk.write(folder.resolve("earlier/states/_sluice/publishing-2-4f7a.json"), "{}");
        assertThatThrownBy(() -> finishStates("earlier"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("a run of an earlier version ended while it published states here")
                .hasMessageEndingWith("publishing-2-4f7a.json");
    }

    @Test
    void theNextRunStartsFromTheCommittedVersion(@TempDir Path firstRun) throws Exception {
        LocalSpark.session()
                .sparkContext()
                .hadoopConfiguration()
                .set(KillingFileSystem.SETTING, KillingFileSystem.class.getName());
        List<Map<Object, List<Integer>>> ends = new ArrayList<>();
        run(0).score();
        copyAll(folder, firstRun);
        int killed = 0;
        for (int call : List.of(MANY, 3, 4, 5, 6, 7, 8)) { // the first one is not killed
            deleteAll();
            copyAll(firstRun, folder);
            Run second = run(1);
            KillingFileSystem.arm(call);
            Throwable failure = catchThrowable(second::score);
            KillingFileSystem.disarm();
            killed += failure == null ? 0 : 1;
            if (!Files.exists(folder.resolve("out-1")) && noJournal()) {
                second.score(); // killed before the commit, so it is repeated
            }
            run(2).score();
            assertThat(Files.exists(folder.resolve("out-1")))
                    .as("killed at %d", call)
                    .isTrue();
            List<Row> rows = LocalSpark.session()
                    .read()
                    .parquet(folder.resolve("out-2").toString())
                    .collectAsList();
            assertThat(rows).hasSize(7);
            assertThat(States.versions(folder.resolve("states"))).containsExactly(1L, 2L, 3L);
            ends.add(States.newest(folder.resolve("states"), "who"));
        }
        assertThat(killed).isGreaterThan(3);
        assertThat(ends).allSatisfy(end -> assertThat(end).isEqualTo(ends.get(0)));
    }

    private boolean noJournal() {
        return Disk.names(folder).stream().noneMatch(name -> name.contains(".publication-"));
    }
}
