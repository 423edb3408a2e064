package sluice.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;

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
        List<String> arguments = new ArrayList<>(
                List.of("--model", MODEL, "--input", file(input), "--output", file("out"), "--mode", "overwrite"));
        arguments.addAll(Arrays.asList(more));
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
                1,
                "the last run that ended there is 'monday', so 'tuesday' has failed or is not done");
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
