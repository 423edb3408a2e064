package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code submit/score} where cron jobs and containers run: no environment, a user without a name, directories that can't be written. */
@Tag("launch")
class ContainerLaunchIT {
    private static final List<String> USER = List.of("unshare", "--user", "--map-user=12345", "--map-group=12345");
    private static final List<String> MOUNTS = List.of("unshare", "--map-root-user", "--mount");

    @TempDir
    private Path directory;

    @BeforeEach
    void writeRows() throws IOException {
        Files.writeString(
                directory.resolve("in.jsonl"),
                "{\"id\":\"Zürich\",\"text\":\"BTBTXSETE\"}\n{\"id\":\"two\",\"text\":\"BPBPVVEPE\"}\n");
    }

    /** A command without any variable but those that find Java and the jar under test. */
    private static List<String> bare(List<String> before, String... more) {
        List<String> command = new ArrayList<>(List.of("env", "-i", "PATH=" + System.getenv("PATH")));
        command.add("JAVA_HOME=" + System.getProperty("java.home"));
        command.add("SLUICE_JAR=" + Checkout.jar());
        command.addAll(before);
        command.addAll(Arrays.asList(more));
        return command;
    }

    private static String[] scoring(String... more) {
        List<String> options = new ArrayList<>(List.of(Checkout.launcher().toString(), "--master", "local[2]"));
        options.addAll(Launch.smallDriver());
        options.addAll(List.of("--model", Checkout.example("reber.safetensors").toString()));
        options.addAll(List.of("--input", "in.jsonl", "--input-format", "json", "--output", "Zürich"));
        options.addAll(List.of("--splitter", "character", "--tokens", "text"));
        options.addAll(Arrays.asList(more));
        return options.toArray(String[]::new);
    }

    private Launch.Ended launch(List<String> command) {
        return Launch.start(directory, command, Map.of()).end();
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper()
                .readTree(directory.resolve("Zürich/_sluice/report.json").toFile());
    }

    /** Not every machine, and no container without privileges, lets a test have a namespace of its own. */
    private void assumePossible(List<String> namespace) {
        List<String> command = new ArrayList<>(namespace);
        command.add("true");
        Launch.Ended tried = launch(command);
        assumeTrue(tried.exitCode() == 0, "this machine has no namespaces: " + tried);
    }

    @Test
    void textIsReadWithoutALocale() throws IOException {
        launch(bare(List.of(), scoring("--set", "input.filter=id = 'Zürich'"))).assertScored();
        assertThat(report().path("rows").asInt()).isEqualTo(1);
    }

    /** The launcher is not always there to set the locale. */
    @Test
    void textThatIsLostIsRefused() {
        List<String> command = bare(List.of("LC_ALL=C", Checkout.java().toString()));
        command.addAll(List.of("-cp", Checkout.jar() + ":" + Checkout.sparkClassPath(), "sluice.job.Main"));
        command.addAll(List.of("--status", "out", "--run", "Zürich"));
        launch(command).assertFailed(2, "the command line: 'Z", "could not be decoded", "LC_ALL to a UTF-8 locale");
    }

    @Test
    void aUserWithoutAName() throws IOException {
        assumePossible(USER);
        launch(bare(USER, scoring())).assertScored();
        assertThat(report().path("rows").asInt()).isEqualTo(2);
        launch(bare(USER, Checkout.launcher().toString(), "--status", "Zürich")).assertScored();
    }

    @Test
    void temporaryFilesGoToAnotherDirectoryThanTmp() throws IOException {
        assumePossible(MOUNTS);
        Path temporary = Files.createDirectory(directory.resolve("temporary files"));
        // The test's own directory may be below /tmp, so it is mounted elsewhere.
        String script = """
                here=$PWD && mount --bind "$here" /mnt && mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp || exit 99
                cd /mnt && "$@"
                """;
        List<String> readOnly = new ArrayList<>(MOUNTS);
        readOnly.addAll(List.of("bash", "-c", script, "bash"));
        List<String> trial = new ArrayList<>(readOnly);
        trial.add("true");
        assumeTrue(launch(trial).exitCode() == 0, "this machine has no bind mounts");

        launch(bare(readOnly, scoring())).assertFailed(2, "/tmp is not a directory that can be written", "set TMPDIR");
        List<String> elsewhere = new ArrayList<>(List.of("TMPDIR=/mnt/" + temporary.getFileName()));
        elsewhere.addAll(readOnly);
        launch(bare(elsewhere, scoring())).assertScored();
        assertThat(report().path("rows").asInt()).isEqualTo(2);
    }

    /** A reader that has seen enough, as {@code head} does. The exit code stays that of the run. */
    @Test
    void aPipeThatIsClosedDoesNotFailTheRun() throws IOException {
        List<String> closed = List.of("bash", "-c", "\"$@\" 2>&1 | true; exit ${PIPESTATUS[0]}", "bash");
        Launch.Ended ended = launch(bare(closed, scoring("--show", "2")));
        assertThat(ended.exitCode()).as(ended.toString()).isZero();
        assertThat(report().path("rows").asInt()).isEqualTo(2);
    }
}
