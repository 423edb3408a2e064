package sluice.job.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.States;
import sluice.job.fixture.TorchCase;

/** Which reports, bad rows and state versions of old runs are deleted. */
@Tag("slow")
class RetentionTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    Path folder;

    private Path states() {
        return folder.resolve("states");
    }

    private Run night(int night, int keep) {
        Dataset<Row> rows = LocalSpark.session()
                .sql(String.format(
                        Locale.ROOT,
                        "SELECT id AS who, CAST(array(IF(id = 5, 7, id %% 2)) AS array<int>) AS tokens FROM range(%d, 8, 1, 1)",
                        night % 3));
        return Run.of(TORCH, folder.resolve("out"))
                .withInput(rows, 1, folder.resolve("in"))
                .with("output.mode", "append")
                .with("output.emit", "prediction")
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", 1)
                .with("report.run", "night " + night)
                .with("state.path", states())
                .with("state.key", "who")
                .with("state.keep", keep);
    }

    /** With 6, 5, 7, 6, 5 and 7 keys per night, versions 2 and 4 also need the segment of the version before them. */
    @Test
    void theNewestVersionsAndTheirSegmentsStay() {
        List<List<Long>> parts =
                List.of(List.of(1L), List.of(1L, 2L), List.of(3L), List.of(3L, 4L), List.of(5L), List.of(6L));
        List<List<Long>> stay = List.of(
                List.of(1L),
                List.of(1L, 2L),
                List.of(1L, 2L, 3L),
                List.of(1L, 2L, 3L, 4L),
                List.of(3L, 4L, 5L),
                List.of(3L, 4L, 5L, 6L));
        for (int night = 1; night <= 6; night++) {
            night(night, 3).score();
            assertThat(States.segments(states(), night)).isEqualTo(parts.get(night - 1));
            assertThat(States.versions(states())).isEqualTo(stay.get(night - 1));
        }
    }

    /** A reader that has listed the files of version 2 can read them for two more nights. */
    @Test
    void aReaderHasTimeToFinish() {
        night(1, 3).score();
        night(2, 3).score();
        Dataset<Row> reader = LocalSpark.session()
                .read()
                .option("basePath", states().toString())
                .parquet(
                        states().resolve("version=1").toString(),
                        states().resolve("version=2").toString());
        Iterator<Row> begun = reader.toLocalIterator();
        List<Row> before = reader.collectAsList();
        begun.next();
        for (int night = 3; night <= 4; night++) {
            night(night, 3).score();
            assertThat(reader.collectAsList()).containsExactlyInAnyOrderElementsOf(before);
        }
        begun.forEachRemaining(row -> assertThat(before).contains(row));
        night(5, 3).score();
        assertThatThrownBy(reader::collectAsList).hasMessageContaining("File does not exist");
    }

    /** The version that a run started from stays as long as the run may be repeated. */
    @Test
    void theVersionThatARepeatedRunStartsFromStays() {
        for (int night = 1; night <= 3; night++) {
            night(night, 2).with("output.mode", "overwrite").score();
        }
        for (int time = 0; time < 3; time++) {
            night(3, 2).with("output.mode", "overwrite").score();
            assertThat(States.versions(states())).contains(1L, 2L).hasSize(4).endsWith(4L + time);
        }
        night(4, 2).with("output.mode", "overwrite").score();
        assertThat(States.versions(states())).containsExactly(6L, 7L);
    }

    @Test
    void theNextRunRepeatsAFailedDeletion() throws Exception {
        for (int night = 1; night <= 3; night++) {
            night(night, 2).score();
        }
        Path version = states().resolve("version=1");
        // The files in a read-only directory cannot be deleted, except by root: then the version is just gone.
        Files.setPosixFilePermissions(version, PosixFilePermissions.fromString("r-xr-xr-x"));
        night(4, 2).score();
        if (Files.exists(version)) {
            Files.setPosixFilePermissions(version, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        night(5, 2).score();
        assertThat(States.versions(states())).containsExactly(3L, 4L, 5L);
    }

    @Test
    void anInterruptedDeletionIsNoDamage() throws Exception {
        for (int night = 1; night <= 4; night++) {
            night(night, 7).score();
        }
        Files.delete(states().resolve("version=1").resolve(States.MANIFEST));
        night(5, 2).score();
        assertThat(States.versions(states())).containsExactly(3L, 4L, 5L);
    }

    // Reports and bad rows of several runs

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void reportsAndBadRowsOfTheLastRuns(boolean isElsewhere) throws Exception {
        Path bad = isElsewhere ? folder.resolve("bad") : folder.resolve("out/_sluice/bad-rows");
        for (int night = 1; night <= 5; night++) {
            Run run = night(night, 7).with("report.keep-runs", night < 4 ? 0 : 2);
            if (isElsewhere) {
                run.with("bad-rows.path", bad);
            }
            run.score();
            Files.setLastModifiedTime(
                    folder.resolve(String.format(Locale.ROOT, "out/_sluice/runs/night %d.json", night)),
                    FileTime.fromMillis(1_000L * night));
            List<String> kept = IntStream.rangeClosed(night < 4 ? 1 : night - 1, night)
                    .mapToObj(number -> "night " + number)
                    .toList();
            assertThat(Disk.names(folder.resolve("out/_sluice/runs")))
                    .filteredOn(name -> !name.endsWith(".crc"))
                    .containsExactlyElementsOf(
                            kept.stream().map(name -> name + ".json").toList());
            assertThat(Disk.names(bad))
                    .filteredOn(name -> name.startsWith("run="))
                    .containsExactlyElementsOf(
                            kept.stream().map(name -> "run=" + name).toList());
        }
        assertThat(LocalSpark.session()
                        .read()
                        .parquet(folder.resolve("out").toString())
                        .count())
                .as("the scored rows stay")
                .isEqualTo(6 + 5 + 7 + 6 + 5);
    }

    /** The reports of batches stay, because they say which batches the output holds. */
    @Test
    void reportsOfIncrementalRuns() {
        for (int night = 1; night <= 4; night++) {
            LocalSpark.session()
                    .sql("SELECT CAST(array(0, 1) AS array<int>) AS tokens")
                    .write()
                    .mode("append")
                    .parquet(folder.resolve("in").toString());
            Run run = Run.of(TORCH, folder.resolve("out"))
                    .with("input.path", folder.resolve("in"))
                    .with("input.checkpoint", folder.resolve("seen"))
                    .with("output.mode", "append")
                    .with("output.emit", "prediction")
                    .with("report.run", "night " + night)
                    .with("report.keep-runs", 2);
            assertThat(run.scoreNew()).isPresent();
        }
        assertThat(Disk.names(folder.resolve("out/_sluice/runs")))
                .filteredOn(name -> !name.endsWith(".crc"))
                .containsExactly("night 3.json", "night 4.json");
        assertThat(Disk.names(folder.resolve("out/_sluice/batches")))
                .filteredOn(name -> !name.endsWith(".crc"))
                .hasSize(4);
    }
}
