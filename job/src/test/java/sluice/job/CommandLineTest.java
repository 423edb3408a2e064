package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Terminal;

/** What a command line that is refused says, with what it leaves, and that it writes nothing. */
class CommandLineTest {
    private static final String MODEL =
            Path.of("..", "submit", "example", "reber.safetensors").toString();

    @TempDir
    Path folder;

    private Path output;

    @BeforeEach
    void writeTwoGoodRows() {
        Disk.write(
                folder.resolve("in.jsonl"),
                "{\"id\":\"one\",\"text\":\"BTBTXSETE\"}\n{\"id\":\"two\",\"text\":\"BPBPVVEPE\"}\n");
        output = folder.resolve("out");
    }

    private void assertRefused(List<String> options, String... words) {
        List<String> arguments =
                new ArrayList<>(List.of("--input", folder.resolve("in.jsonl").toString()));
        arguments.addAll(List.of("--input-format", "json", "--splitter", "character"));
        arguments.addAll(options);
        LocalSpark.session();
        Terminal terminal = Terminal.score(arguments.toArray(String[]::new));
        assertThat(terminal.code()).as("%s", terminal).isEqualTo(2);
        assertThat(terminal.errors())
                .filteredOn(line -> line.startsWith("sluice: error: "))
                .singleElement()
                .asString()
                .contains(words);
        assertThat(terminal.errors()).noneMatch(line -> line.startsWith("\tat "));
    }

    private List<String> scoring(String model, String... more) {
        List<String> options = new ArrayList<>(List.of("--model", model, "--output", output.toString()));
        options.addAll(Arrays.asList(more));
        return options;
    }

    @Test
    void settingsThatAreWrong() {
        assertRefused(scoring(MODEL, "--emit", "rank", "--at", "last"), "output.emit", "rank is not available at last");
        assertRefused(List.of("--model", MODEL), "no output: pass --output or set output.path");
        assertThat(output).doesNotExist();
    }

    @Test
    void aMissingModelIsNamed() {
        assertRefused(scoring("none.safetensors"), "none.safetensors: no such file", "--model");
        assertThat(output).doesNotExist();
    }

    @Test
    void aMissingColumnIsNamedWithTheOnesThatThereAre() {
        assertRefused(scoring(MODEL, "--tokens", "txt"), "no column 'txt'", "id (string), text (string)", "--tokens");
        assertThat(output).doesNotExist();
    }

    @Test
    void anOutputThatExistsIsLeftAlone() throws Exception {
        Path kept = Files.writeString(Files.createDirectory(output).resolve("kept"), "mine");
        assertRefused(scoring(MODEL, "--tokens", "text"), "out: exists already");
        assertThat(kept).hasContent("mine");
    }
}
