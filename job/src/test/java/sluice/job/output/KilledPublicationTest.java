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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.KillingFileSystem;
import sluice.job.fixture.Stagings;
import sluice.job.message.Failure;
import sluice.job.message.UnfinishedException;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;

/**
 * A run that dies at any step of showing its output leaves the old table or the new one, whole, once somebody has come by. What Spark
 * would write are a few files here: what is tested is how they move.
 */
class KilledPublicationTest {
    private static final int MANY = 200;

    /** The draft's folder, the draft, and its move to where it decides. */
    private static final int UNDECIDED = 3;

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

    /** The output in a folder of its own. */
    private String output(String name) {
        return "killing:" + folder.resolve(name).resolve("out");
    }

    /** What a run of this name writes: two partitions, of which only one is other runs', too, bad rows and a report. */
    private StagedOutput write(String output, OutputMode mode, String run) throws Exception {
        StagedOutput staged = Stagings.byDay(output, mode, run, hadoop);
        String bad = staged.badRowsPath();
        for (String path :
                List.of("day=1/part-" + run, "day=" + run + "/part-" + run, "_SUCCESS", bad + "/part-" + run)) {
            staged.write(path, SmallFile.bytes("rows of " + run));
        }
        staged.writeReport(SmallFile.bytes("report of " + run));
        return staged;
    }

    /** What a reader finds, and the reports. */
    private Map<String, String> table(String name) {
        Map<String, String> files =
                new TreeMap<>(Disk.content(folder.resolve(name).resolve("out")));
        files.keySet().removeIf(file -> file.endsWith(".crc"));
        return files;
    }

    /** The tables before and after a run of this mode that nothing happens to. */
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
        staged.publish();
    }

    /** Whatever begins like that is left over. */
    private List<String> beside(String name) {
        return Disk.names(folder.resolve(name));
    }

    @ParameterizedTest
    @EnumSource
    void atEveryStep(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        int decided = 0;
        int undecided = 0;
        boolean survived = false;
        for (int call = 1; !survived && call < MANY; call++) {
            String name = mode + "-" + call;
            if (mode != OutputMode.ERROR) {
                publish(write(output(name), OutputMode.ERROR, "old"));
            }
            StagedOutput staged = write(output(name), mode, "new");
            KillingFileSystem.arm(call);
            Throwable killed = catchThrowable(staged::publish);
            KillingFileSystem.disarm();
            survived = killed == null;
            assertThat(killed == null || killed instanceof KillingFileSystem.Killed)
                    .as("%s", killed)
                    .isTrue();

            boolean left = beside(name).stream().anyMatch(file -> file.contains(".publishing-"));
            List<String> finished = Publication.finishAll(output(name), "--output", hadoop);

            assertThat(finished).as("killed at %d", call).hasSize(left ? 1 : 0);
            if (left || survived) {
                assertThat(table(name)).as("killed at %d", call).isEqualTo(tables.get(1));
                assertThat(beside(name)).as("killed at %d", call).containsExactly("out");
                decided++;
            } else {
                boolean isThere = beside(name).contains("out");
                assertThat(isThere ? table(name) : Map.of())
                        .as("killed at %d", call)
                        .isEqualTo(tables.get(0));
                assertThat(beside(name))
                        .as("what names a run that was killed")
                        .anyMatch(file -> file.contains(".staging-"));
                undecided++;
            }
        }
        assertThat(survived).isTrue();
        assertThat(undecided).as("before the journal is in its place").isEqualTo(UNDECIDED);
        assertThat(decided).as("after it").isGreaterThan(4);
    }

    /** A run that has died when it was decided, and before anything was moved. */
    private void leaveDecided(String name, OutputMode mode) throws Exception {
        if (mode != OutputMode.ERROR) {
            publish(write(output(name), OutputMode.ERROR, "old"));
        }
        StagedOutput staged = write(output(name), mode, "new");
        KillingFileSystem.arm(UNDECIDED + 1);
        assertThatThrownBy(staged::publish).isInstanceOf(KillingFileSystem.Killed.class);
        KillingFileSystem.disarm();
    }

    /** The one that finishes it may be killed as well, at any step of its own. */
    @ParameterizedTest
    @EnumSource
    void whoFinishesItMayDieToo(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        boolean survived = false;
        for (int call = 1; !survived && call < MANY; call++) {
            String name = mode + "-" + call;
            leaveDecided(name, mode);

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
    void severalMayFinishItAtOnce(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 0; round < 15; round++) {
                String name = mode + "-" + round;
                leaveDecided(name, mode);

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

    /** At each single look and change of the one, the other does it all. */
    @ParameterizedTest
    @EnumSource
    void anotherMayFinishItInBetween(OutputMode mode) throws Exception {
        List<Map<String, String>> tables = beforeAndAfter(mode);
        AtomicBoolean happened = new AtomicBoolean(true);
        int operation = 0;
        while (happened.getAndSet(false)) {
            operation++;
            String name = mode + "-between-" + operation;
            leaveDecided(name, mode);

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

    /** It is decided: what fails then is not taken back, but waits for whoever comes by. */
    @Test
    void aFailureInBetweenIsLeftToTheJournal() throws Exception {
        publish(write(output("failed"), OutputMode.ERROR, "old"));
        StagedOutput staged = write(output("failed"), OutputMode.OVERWRITE, "new");
        KillingFileSystem.armFailure(UNDECIDED + 2);
        Throwable failure = catchThrowable(staged::publish);
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
    void aFailureBeforeItLeavesTheOldOne() throws Exception {
        publish(write(output("failed"), OutputMode.ERROR, "old"));
        Map<String, String> before = table("failed");
        StagedOutput staged = write(output("failed"), OutputMode.OVERWRITE, "new");
        KillingFileSystem.armFailure(UNDECIDED);
        assertThatThrownBy(staged::publish).hasMessage("the disk is gone");
        KillingFileSystem.disarm();
        staged.abandon();
        assertThat(table("failed")).isEqualTo(before);
        assertThat(beside("failed")).containsExactly("out");
    }

    @Test
    void whatIsNoJournalIsNamed() throws Exception {
        publish(write(output("odd"), OutputMode.ERROR, "old"));
        Disk.write(folder.resolve("odd/.out.publishing-1.json"), "{\"id\": 7}");
        assertThatThrownBy(() -> Publication.finishAll(output("odd"), "--output", hadoop))
                .isInstanceOf(UnfinishedException.class)
                .hasMessageContaining(
                        ".out.publishing-1.json: not a journal of a run; check the files beside it, then remove it");
        assertThat(table("odd")).containsKey("day=old/part-old");
    }
}
