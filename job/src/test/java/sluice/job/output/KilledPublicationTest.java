package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.KillingFileSystem;
import sluice.job.fixture.Stagings;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;

/**
 * A run that is killed at any step of its publication leaves the whole old table, or the whole new one after the next run has replayed
 * the journal. A few small files stand for those that Spark would write, because only their moves are tested.
 */
@Tag("slow")
class KilledPublicationTest {
    private static final int MANY = 200;

    /** Changes before the commit: create the draft and its directory. The commit itself is a hard link, which is not counted. */
    private static final int UNCOMMITTED = 2;

    private final Configuration hadoop = new Configuration();

    @TempDir
    Path folder;

    @BeforeEach
    void registerTheFileSystem() {
        hadoop.set(KillingFileSystem.SETTING, KillingFileSystem.class.getName());
        KillingFileSystem.disarm();
    }

    @AfterEach
    void disarm() {
        KillingFileSystem.disarm();
    }

    /** The path of an output in a directory of its own. */
    private String output(String name) {
        return "killing:" + folder.resolve(name).resolve("out");
    }

    /** Stages the output of a run: a partition that other runs write too, one that only this run writes, bad rows and a report. */
    private StagedOutput write(String output, OutputMode mode, String run) throws Exception {
        StagedOutput staged = Stagings.byDay(output, mode, run, hadoop);
        String bad = staged.badRowsPath();
        for (String path :
                List.of("day=1/part-" + run, "day=" + run + "/part-" + run, "_SUCCESS", bad + "/part-" + run)) {
            staged.write(path, SmallFile.bytes("rows of " + run));
        }
        staged.writeReport(SmallFile.bytes("{\"run\": \"" + run + "\"}"));
        return staged;
    }

    /** The content of the output's files, the reports and the records of publications included, without random ids. */
    private Map<String, String> table(String name) {
        Map<String, String> files =
                new TreeMap<>(Disk.contentWithoutIds(folder.resolve(name).resolve("out")));
        files.keySet().removeIf(file -> file.endsWith(".crc"));
        return files;
    }

    /** The tables before and after an undisturbed run of this mode. */
    private List<Map<String, String>> beforeAndAfter(OutputMode mode) throws Exception {
        String name = "undisturbed-" + mode;
        List<Map<String, String>> tables = new ArrayList<>();
        if (mode == OutputMode.ERROR) {
            tables.add(Map.of());
        } else {
            publish(write(output(name), OutputMode.ERROR, "old"));
            tables.add(table(name));
        }
        publish(write(output(name), mode, "new"));
        tables.add(table(name));
        assertThat(tables.get(1)).isNotEqualTo(tables.get(0));
        return tables;
    }

    private static void publish(StagedOutput staged) throws Exception {
        staged.publish(changed -> true);
    }

    /** The names in the output's parent directory; all but the output itself are leftovers. */
    private List<String> beside(String name) {
        return Disk.names(folder.resolve(name));
    }

    @ParameterizedTest
    @EnumSource
    void aRunIsKilledAtEveryStep(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        int committed = 0;
        int uncommitted = 0;
        boolean survived = false;
        for (int call = 1; !survived && call < MANY; call++) {
            String name = mode + "-" + call;
            if (mode != OutputMode.ERROR) {
                publish(write(output(name), OutputMode.ERROR, "old"));
            }
            StagedOutput staged = write(output(name), mode, "new");
            KillingFileSystem.arm(call);
            Throwable killed = catchThrowable(() -> staged.publish(changed -> true));
            KillingFileSystem.disarm();
            survived = killed == null;
            assertThat(killed == null || killed instanceof KillingFileSystem.Killed)
                    .as("%s", killed)
                    .isTrue();

            boolean left = beside(name).stream().anyMatch(file -> file.contains(".publication-"));
            List<String> finished = Publication.finishAll(output(name), "--output", hadoop);

            assertThat(finished).as("killed at %d", call).hasSize(left ? 1 : 0);
            if (left || survived) {
                assertThat(table(name)).as("killed at %d", call).isEqualTo(tables.get(1));
                assertThat(beside(name)).as("killed at %d", call).containsExactly("out");
                committed++;
            } else {
                boolean isThere = beside(name).contains("out");
                assertThat(isThere ? table(name) : Map.of())
                        .as("killed at %d", call)
                        .isEqualTo(tables.get(0));
                assertThat(beside(name))
                        .as("the leftover that names the killed run")
                        .anyMatch(file -> file.contains(".staging-"));
                uncommitted++;
            }
        }
        assertThat(survived).isTrue();
        assertThat(uncommitted).as("kills before the commit").isEqualTo(UNCOMMITTED);
        assertThat(committed).as("kills after the commit").isGreaterThan(4);
    }

    /** Leaves a run that was killed after the commit and before the first move. */
    private void leaveCommitted(String name, OutputMode mode) throws Exception {
        if (mode != OutputMode.ERROR) {
            publish(write(output(name), OutputMode.ERROR, "old"));
        }
        StagedOutput staged = write(output(name), mode, "new");
        KillingFileSystem.arm(UNCOMMITTED + 1);
        assertThatThrownBy(() -> staged.publish(changed -> true)).isInstanceOf(KillingFileSystem.Killed.class);
        KillingFileSystem.disarm();
    }

    /** The process that replays the journal may be killed as well, at any of its steps. */
    @ParameterizedTest
    @EnumSource
    void theReplayIsKilledAtEveryStep(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        boolean survived = false;
        for (int call = 1; !survived && call < MANY; call++) {
            String name = mode + "-" + call;
            leaveCommitted(name, mode);

            KillingFileSystem.arm(call);
            KillingFileSystem.startCounting();
            survived = catchThrowable(() -> Publication.finishAll(output(name), "--output", hadoop)) == null;
            KillingFileSystem.disarm();
            Publication.finishAll(output(name), "--output", hadoop);

            assertThat(table(name)).as("killed at %d", call).isEqualTo(tables.get(1));
            assertThat(beside(name)).as("killed at %d", call).containsExactly("out");
        }
        assertThat(survived).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void twoProcessesReplayTheJournalAtOnce(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 0; round < 15; round++) {
                String name = mode + "-" + round;
                leaveCommitted(name, mode);

                Callable<List<String>> finish = () -> Publication.finishAll(output(name), "--output", hadoop);
                for (Future<List<String>> done : threads.invokeAll(List.of(finish, finish))) {
                    assertThat(done.get()).hasSizeLessThanOrEqualTo(1);
                }
                Publication.finishAll(output(name), "--output", hadoop);

                assertThat(table(name)).as("round %d", round).isEqualTo(tables.get(1));
                assertThat(beside(name)).as("round %d", round).containsExactly("out");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Before each file operation of one process, another one replays the whole journal. */
    @ParameterizedTest
    @EnumSource
    void anotherProcessReplaysTheJournalInBetween(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        AtomicBoolean happened = new AtomicBoolean(true);
        int operation = 0;
        while (happened.getAndSet(false)) {
            operation++;
            String name = mode + "-between-" + operation;
            leaveCommitted(name, mode);

            KillingFileSystem.before(operation, () -> {
                finish(name);
                happened.set(true);
            });
            finish(name);

            assertThat(table(name)).as("at operation %d", operation).isEqualTo(tables.get(1));
            finish(name);
            assertThat(beside(name)).as("at operation %d", operation).containsExactly("out");
        }
        assertThat(operation).isGreaterThan(10);
    }

    private void finish(String name) {
        try {
            Publication.finishAll(output(name), "--output", hadoop);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A failure after the commit reverts nothing: the journal stays for the next run. */
    @Test
    void aFailureAfterTheCommitLeavesTheJournal() throws Exception {
        publish(write(output("failed"), OutputMode.ERROR, "old"));
        StagedOutput staged = write(output("failed"), OutputMode.OVERWRITE, "new");
        KillingFileSystem.armFailure(UNCOMMITTED + 2);
        Throwable failure = catchThrowable(() -> staged.publish(changed -> true));
        assertThat(Failure.sentence(failure))
                .startsWith(output("failed") + ": the output is written but could not be moved to its place: ")
                .contains(": the disk is gone; the next run on this output finishes it, or submit/score --status "
                        + output("failed"));
        staged.abandon();
        KillingFileSystem.disarm();

        assertThat(Publication.finishAll(output("failed"), "--status", hadoop))
                .containsExactly(
                        output("failed") + ": a run ended while it published its output here; this is finished now");
        assertThat(table("failed")).containsKey("day=new/part-new").doesNotContainKey("day=old/part-old");
        assertThat(beside("failed")).containsExactly("out");
    }

    @Test
    void aFailureBeforeTheCommitLeavesTheOldTable() throws Exception {
        publish(write(output("failed"), OutputMode.ERROR, "old"));
        Map<String, String> before = table("failed");
        StagedOutput staged = write(output("failed"), OutputMode.OVERWRITE, "new");
        KillingFileSystem.armFailure(UNCOMMITTED);
        assertThatThrownBy(() -> staged.publish(changed -> true)).hasMessage("the disk is gone");
        KillingFileSystem.disarm();
        staged.abandon();
        assertThat(table("failed")).isEqualTo(before);
        assertThat(beside("failed")).containsExactly("out");
    }

    /** It has other steps, so that only the version that wrote it can finish it. */
    @Test
    void aJournalOfAnEarlierVersionIsRejected() throws Exception {
        publish(write(output("earlier"), OutputMode.ERROR, "old"));
        Disk.write(folder.resolve("earlier/.out.publishing-4f7a.json"), "{\"id\": \"4f7a\", \"places\": []}");
        assertThatThrownBy(() -> Publication.finishAll(output("earlier"), "--output", hadoop))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("a run of an earlier version ended while it published its output here")
                .hasMessageEndingWith(".out.publishing-4f7a.json");
        assertThat(folder.resolve("earlier/.out.publishing-4f7a.json")).exists();
    }

    @Test
    void aFileThatIsNotAJournalIsNamed() throws Exception {
        publish(write(output("odd"), OutputMode.ERROR, "old"));
        Disk.write(folder.resolve("odd/.out.publication-1.json"), "{\"id\": 7}");
        assertThatThrownBy(() -> Publication.finishAll(output("odd"), "--output", hadoop))
                .isInstanceOf(UnfinishedException.class)
                .hasMessageContaining(
                        ".out.publication-1.json: not a journal of a run; check the files beside it, then remove it");
        assertThat(table("odd")).containsKey("day=old/part-old");
    }
}
