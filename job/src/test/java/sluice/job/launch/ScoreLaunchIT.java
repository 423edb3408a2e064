package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user of {@code submit/score} is told, and with what it leaves. */
@Tag("launch")
class ScoreLaunchIT {
    private static final String GOOD =
            "{\"id\":\"one\",\"text\":\"BTBTXSETE\"}\n{\"id\":\"two\",\"text\":\"BPBPVVEPE\"}\n";

    @TempDir
    private Path directory;

    /** Scores a table of two good rows, with more options. */
    private Launch.Ended score(String... options) throws IOException {
        return scoreTable(GOOD, options);
    }

    private Launch.Ended scoreTable(String table, String... options) throws IOException {
        Path input = Files.writeString(directory.resolve("in.jsonl"), table);
        Stream<String> common =
                Stream.of("--input", input.toString(), "--input-format", "json", "--splitter", "character");
        return Launch.local(
                        directory, Stream.concat(common, Arrays.stream(options)).toArray(String[]::new))
                .end();
    }

    private static String model() {
        return Checkout.example("reber.safetensors").toString();
    }

    @Test
    void whatIsWrongWithTheSettingsIsSaidBeforeSparkStarts() throws IOException {
        score("--model", model(), "--output", "out", "--set", "output.emitt=loglik")
                .assertFailed(2, "unknown key 'output.emitt'", "did you mean 'output.emit'?");
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @Test
    void aModelIsDescribedAndSavedWithoutATable() {
        Launch.Ended described =
                Launch.local(directory, "--describe", model()).end().assertScored();
        assertThat(described.out().lines()).contains("format      safetensors", "vocabulary  7 words: B T P S X V E");
        Launch.local(directory, "--model", model(), "--save-model", "saved.safetensors")
                .end()
                .assertScored();
        Launch.Ended saved =
                Launch.local(directory, "--describe", "saved.safetensors").end().assertScored();
        String fingerprint = described
                .out()
                .lines()
                .filter(line -> line.startsWith("sha-256"))
                .findFirst()
                .orElseThrow();
        assertThat(saved.out().lines()).contains(fingerprint, "vocabulary  7 words: B T P S X V E");
        Launch.local(directory, "--model", model(), "--save-model", "saved.safetensors")
                .end()
                .assertFailed(2, "saved.safetensors: exists already", "--mode overwrite");
    }

    @Test
    void aBadRowStopsTheRunAndNothingIsLeft() throws IOException {
        String table = GOOD + "{\"id\":\"three\",\"text\":\"BTBQ\"}\n";
        scoreTable(table, "--model", model(), "--output", "out", "--tokens", "text")
                .assertFailed(3, "row id=three", "'Q' at step 3", "not in the vocabulary", "unknown-word");
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .filteredOn(name -> !name.startsWith("launch"))
                    .containsExactly("in.jsonl");
        }
        Launch.local(directory, "--status", "out").end().assertFailed(1, "out: there is no report");
    }

    /** Hadoop starts the program for each new file unless its native library is loaded. */
    @Test
    void noProcessIsStartedForAFile() throws IOException {
        Path programs = Files.createDirectory(directory.resolve("programs"));
        Path chmod = Files.writeString(
                programs.resolve("chmod"),
                "#!/bin/sh\necho \"$@\" >> \"$(dirname \"$0\")/started\"\nexec /bin/chmod \"$@\"\n");
        Files.setPosixFilePermissions(chmod, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path input = Files.writeString(directory.resolve("in.jsonl"), GOOD);
        List<String> command = List.of(
                Checkout.launcher().toString(),
                "--driver-memory",
                "512m",
                "--model",
                model(),
                "--input",
                input.toString(),
                "--input-format",
                "json",
                "--splitter",
                "character",
                "--tokens",
                "text",
                "--output",
                "out");
        Map<String, String> environment = Map.of("PATH", programs + ":" + System.getenv("PATH"));
        Launch.start(directory, command, environment).end().assertScored();
        assertThat(programs.resolve("started")).doesNotExist();
        assertThat(Files.getPosixFilePermissions(directory.resolve("out/_SUCCESS")))
                .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
    }

    @Test
    void aBadRowMayBeSetAside() throws IOException {
        String table = GOOD + "{\"id\":\"three\",\"text\":\"BTBQ\"}\n";
        String[] options = {
            "--model",
            model(),
            "--output",
            "out",
            "--tokens",
            "text",
            "--bad-rows",
            "quarantine",
            "--set",
            "bad-rows.max-fraction=0.5",
            "--run",
            "tonight"
        };
        Launch.Ended scored = scoreTable(table, options).assertScored();
        assertThat(scored.out())
                .contains("1 row can't be scored, they are in out/_sluice/bad-rows: 1 unknown-word (row id=three");
        Launch.Ended status = Launch.local(directory, "--status", "out", "--run", "tonight")
                .end()
                .assertScored();
        assertThat(status.out()).contains("the run 'tonight' that began at", "ended with 0: 2 sequences");
    }

    @Test
    void theCommandLineWinsOverTheFileAndTheFileOverTheDefaults() throws IOException {
        Path config = Files.writeString(
                directory.resolve("my settings.conf"),
                "input.tokens = text, output { at = each, emit = [rank], format = json, prefix = file_ }\n");
        Launch.Ended ended = score(
                        "--model",
                        model(),
                        "--config",
                        config.toString(),
                        "--output",
                        "out",
                        "--emit",
                        "loglik,prediction",
                        "--set",
                        "output.prefix=set_",
                        "--show",
                        "1")
                .assertScored();
        JsonNode row = new ObjectMapper()
                .readTree(ended.out()
                        .lines()
                        .filter(line -> line.startsWith("{"))
                        .findFirst()
                        .orElseThrow());
        assertThat(row.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("id", "text", "set_loglik", "set_prediction");
        assertThat(row.path("set_prediction").size())
                .as("at each step, as the file says")
                .isEqualTo(9);
        JsonNode report = new ObjectMapper()
                .readTree(directory.resolve("out/_sluice/report.json").toFile());
        assertThat(report.path("rows").asInt()).isEqualTo(2);
    }
}
