package sluice.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.Console;
import sluice.job.run.ScoringJob;
import sluice.job.settings.Settings;

/** {@code --status}: how a run ended, read from its report. */
class RunStatusTest {
    private static final String MODEL = TorchCase.named("vocab_2").modelPath();

    @TempDir
    Path folder;

    @BeforeEach
    void writeTables() {
        Tables.of(Tables.INTS, new Integer[] {0, 1}, new Integer[] {1})
                .coalesce(1)
                .write()
                .parquet(file("good"));
        Tables.of(Tables.INTS, new Integer[] {0, 1}, new Integer[] {7})
                .coalesce(1)
                .write()
                .parquet(file("bad"));
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    private Terminal score(String input, String... more) {
        LocalSpark.session();
        List<String> arguments =
                new ArrayList<>(List.of("--model", MODEL, "--input", file(input), "--output", file("out")));
        arguments.addAll(Arrays.asList(more));
        if (!arguments.contains("--mode")) {
            arguments.addAll(List.of("--mode", "overwrite"));
        }
        return Terminal.score(arguments.toArray(String[]::new));
    }

    private static void assertStatus(Terminal status, int code, String... parts) {
        assertThat(status.code()).isEqualTo(code);
        List<String> said = code == 0 ? status.output() : status.errors();
        assertThat(said).hasSize(1);
        assertThat(said.get(0)).contains(parts);
    }

    @Test
    void aRunThatScored() {
        assertThat(score("good", "--run", "monday").code()).isZero();

        assertStatus(
                Terminal.score("--status", file("out")),
                0,
                "the run 'monday' that began at",
                "ended with 0: 2 sequences, 3 tokens");
        assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 0, "ended with 0");
    }

    /** The output holds the run before, not the failed one. */
    @Test
    void aFailedRunIsNotMistakenForTheOneBefore() {
        score("good", "--run", "monday");
        assertThat(score("bad", "--run", "tuesday").code()).isEqualTo(3);

        assertStatus(
                Terminal.score("--status", file("out"), "--run", "tuesday"),
                3,
                "the run 'tuesday' that began at",
                "ended with 3: row id=1: column 'tokens': token 7 at step 0");
        assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 0, "ended with 0");
        assertStatus(
                Terminal.score("--status", file("out"), "--run", "friday"),
                1,
                "the last run that ended there is 'monday', so 'friday' has failed or is not done");
    }

    /** The code is that of the last run of the name. */
    @ParameterizedTest
    @ValueSource(strings = {"overwrite", "partitions"})
    void aRepeatedRunThatFailsIsNotMistakenForItsFirstTime(String mode) {
        String[] monday = {"--run", "monday", "--mode", mode, "--set", "output.partition-by=id"};
        assertThat(score("good", monday).code()).isZero();
        assertThat(Disk.names(folder)).containsExactly("bad", "good", "out");

        assertThat(score("bad", monday).code()).isEqualTo(3);
        assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 3, "ended with 3: row id=1");
        assertThat(score("nowhere", monday).code()).isEqualTo(2);
        assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 2, "ended with 2", "check --input");
        assertStatus(Terminal.score("--status", file("out")), 0, "ended with 0: 2 sequences");

        assertThat(score("good", monday).code()).isZero();
        assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 0, "ended with 0: 2 sequences");
        assertThat(Disk.names(folder)).as("nothing stays beside the output").containsExactly("bad", "good", "out");
    }

    @Test
    void aFirstRunThatFailsHasItsCode() {
        assertThat(score("bad", "--run", "monday").code()).isEqualTo(3);
        assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 3, "ended with 3: row id=1");
        assertStatus(Terminal.score("--status", file("out")), 1, "out: there is no report: no run has ended there");
        assertThat(score("good", "--run", "monday", "--mode", "error").code())
                .as("there is no output yet")
                .isZero();
    }

    /** A repeated append does nothing, so it succeeds, also after an attempt that failed. */
    @Test
    void aRunThatIsThereAlreadySucceeds() {
        String[] monday = {"--run", "monday", "--mode", "append", "--report", file("report.json")};
        assertThat(score("bad", monday).code()).isEqualTo(3);
        for (int time = 0; time < 2; time++) {
            assertThat(score("good", monday).code()).isZero();
            for (String place : List.of("out", "report.json")) {
                assertStatus(
                        Terminal.score("--status", file(place), "--run", "monday"), 0, "ended with 0: 2 sequences");
            }
        }
        LocalSpark.session();
        assertThat(Terminal.score(
                                "--model", "none", "--input", file("good"), "--output", file("out"), "--run", "monday")
                        .code())
                .isEqualTo(2);
        assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 2, "ended with 2: none: no such file");
    }

    /** While it runs; a run that is killed leaves the same. */
    @Test
    void aRepeatedRunThatHasNotEndedIsNotMistakenForItsFirstTime() throws IOException {
        String[] monday = {"--run", "monday", "--report", file("report.json")};
        assertThat(score("good", monday).code()).isZero();
        asRun(started -> {
            for (String place : List.of("out", "report.json")) {
                assertStatus(
                        Terminal.score("--status", file(place), "--run", "monday"),
                        1,
                        "the run 'monday' that began at",
                        "has not ended: it has failed or is not done");
            }
            assertStatus(Terminal.score("--status", file("report.json")), 1, "has not ended");
            Disk.write(folder.resolve(".out.runs/monday.json"), "{\"sluice\":");
            assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 1, "'monday' has not ended");
        });
        assertStatus(Terminal.score("--status", file("report.json"), "--run", "monday"), 0, "0 sequences");
    }

    /** It is in the output, so it succeeded, although it never said so. */
    @Test
    void aRunThatIsKilledAfterItsCommitHasSucceeded() throws IOException {
        assertThat(score("good", "--run", "monday").code()).isZero();
        asRun(started -> {
            Settings settings = settings();
            PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
            new ScoringJob(LocalSpark.session(), settings, new Console(nowhere, nowhere)).run(started);
            assertThat(folder.resolve(".out.runs/monday.json")).exists();
            assertStatus(Terminal.score("--status", file("out"), "--run", "monday"), 0, "ended with 0: 2 sequences");
        });
    }

    private interface Begun {
        void run(Instant started) throws IOException;
    }

    private Settings settings() {
        return Settings.read(
                null,
                Map.of(
                        "model.path",
                        MODEL,
                        "input.path",
                        file("good"),
                        "output.path",
                        file("out"),
                        "output.mode",
                        "overwrite",
                        "report.run",
                        "monday",
                        "report.path",
                        file("report.json")));
    }

    /** Does something while the run 'monday' has begun and has not ended. */
    private void asRun(Begun work) throws IOException {
        Instant started = Instant.now();
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        RunRecord.around(settings(), started, true, new Configuration(), new Console(nowhere, nowhere), () -> {
            work.run(started);
            return "";
        });
    }

    /** A slow process has written the report of a table that is not there any more. The record of the newest run decides. */
    @Test
    void theReportOfAnEarlierTableIsNotThatOfTheLastRun() throws IOException {
        assertThat(score("good", "--run", "monday").code()).isZero();
        Path report = folder.resolve("out/_sluice/report.json");
        String monday = Files.readString(report);
        assertThat(score("good", "--run", "tuesday").code()).isZero();
        Files.delete(report.resolveSibling(".report.json.crc"));
        Disk.write(report, monday);
        assertThat(RunStatus.read(file("out"), Optional.empty(), new Configuration())
                        .sentence())
                .contains("the run 'tuesday'");
        assertStatus(Terminal.score("--status", file("out")), 0, "the run 'tuesday'");
    }

    @Test
    void aColonInTheNameIsNoFailure() {
        assertStatus(Terminal.score("--status", file("scores-10:30:00")), 1, "scores-10:30:00: there is no report");
        assertStatus(
                Terminal.score("--status", "scores-10:30:00", "--run", "monday"), 2, "not a path", "check --status");
    }

    @Test
    void notesAreKeptAsLongAsReports() {
        for (String run : List.of("a", "b", "c")) {
            score("bad", "--run", run, "--set", "report.keep-runs=2");
        }
        assertThat(Disk.names(folder.resolve(".out.runs")))
                .contains("b.json", "c.json")
                .doesNotContain("a.json");
    }

    /** The copy of a report in an output would make a new one look as if it existed. */
    @Test
    void aReportsCopyInTheOutputIsRefused() {
        String copy = file("out") + "/report.json";
        assertThat(score("good", "--mode", "error", "--report", copy).code()).isEqualTo(2);
        assertThat(Disk.names(folder)).doesNotContain("out");
    }

    /** A failed run writes no output, but the copy of its report. */
    @Test
    void aFailedRunHasAReport() {
        assertThat(score("bad", "--run", "tuesday", "--report", file("report.json"))
                        .code())
                .isEqualTo(3);

        assertStatus(
                Terminal.score("--status", file("report.json"), "--run", "tuesday"),
                3,
                "the run 'tuesday' that began at",
                "ended with 3: row id=1: column 'tokens': token 7 at step 0");
        assertStatus(Terminal.score("--status", file("out")), 1, "out: there is no report: no run has ended there");
    }

    @Test
    void aRefusedRunHasAReport() {
        assertThat(score("nowhere", "--report", file("report.json")).code()).isEqualTo(2);

        assertStatus(
                Terminal.score("--status", file("report.json")),
                2,
                "nowhere: no such file or directory; check --input");
    }

    @Test
    void aFileThatIsNoReportIsRefused() {
        Disk.write(folder.resolve("notes.json"), "{\"exit-code\": \"0\"}");
        Disk.write(folder.resolve("notes.txt"), "exit-code 0");
        Disk.write(folder.resolve("null.json"), "null");

        for (String name : List.of("notes.json", "notes.txt", "null.json")) {
            assertStatus(
                    Terminal.score("--status", file(name)), 2, name + ": holds no report of a run; check --status");
        }
    }
}
