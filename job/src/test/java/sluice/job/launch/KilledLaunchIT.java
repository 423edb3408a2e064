package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A {@code submit/score} that is killed: what was there stays there, and the next one goes on. */
@Tag("launch")
@Tag("slow")
class KilledLaunchIT {
    private static final int LONG = 300;

    /** Rows that take the oracle minutes. */
    private static final int MANY = 20_000;

    @TempDir
    private Path directory;

    private Path output;

    @BeforeEach
    void writeTables() throws IOException {
        output = directory.resolve("outputs").resolve("out");
        Files.createDirectory(output.getParent());
        table("old.jsonl", 0, 30, 6);
        table("new.jsonl", 20, MANY, LONG);
        table("small.jsonl", 20, 60, 6);
    }

    /** Of ten rows a day. */
    private void table(String name, int from, int to, int length) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int id = from; id < to; id++) {
            lines.add(String.format(
                    Locale.ROOT,
                    "{\"id\":\"r%d\",\"day\":%d,\"text\":\"%s\"}",
                    id,
                    Math.min(id / 10, 9),
                    "BTSXPVE".repeat(1 + length / 7)));
        }
        Files.write(directory.resolve(name), lines);
    }

    private List<String> options(String input, String mode, String... more) {
        List<String> options = new ArrayList<>(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--input", input,
                "--input-format", "json",
                "--output-format", "json",
                "--tokens", "text",
                "--splitter", "character",
                "--emit", "prediction",
                "--mode", mode,
                "--set", "output.partition-by=day"));
        options.addAll(Arrays.asList(more));
        return options;
    }

    private Launch launch(List<String> options) {
        return Launch.local(directory, options.toArray(String[]::new));
    }

    private Launch.Ended score(String input, String mode, String... more) {
        List<String> options = options(input, mode, more);
        options.addAll(List.of("--output", output.toString()));
        return launch(options).end();
    }

    /** All files of the output, by their bytes. */
    private Map<String, String> content() throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> below = Files.walk(output)) {
            for (Path file : below.filter(Files::isRegularFile).toList()) {
                content.put(output.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return content;
    }

    private long rows() throws IOException {
        long rows = 0;
        try (Stream<Path> below = Files.walk(output)) {
            for (Path file : below.filter(path -> path.getFileName().toString().startsWith("part-"))
                    .toList()) {
                rows += Files.readAllLines(file).size();
            }
        }
        return rows;
    }

    private List<String> beside() throws IOException {
        try (Stream<Path> entries = Files.list(output.getParent())) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void inTheMidstOfScoring() throws IOException {
        killInTheMidst("overwrite");
    }

    @ParameterizedTest
    @ValueSource(strings = {"append", "partitions"})
    void inTheMidstOfScoringInOtherModes(String mode) throws IOException {
        killInTheMidst(mode);
    }

    private void killInTheMidst(String mode) throws IOException {
        score("old.jsonl", "error").assertScored();
        Map<String, String> before = content();

        List<String> slow = options("new.jsonl", mode, "--kernel", "reference", "--set", "scoring.batch-bytes=64 KiB");
        slow.addAll(
                List.of("--set", "scoring.task-seconds=0")); // without a look at the rows the first engine is a task's
        slow.addAll(List.of("--output", output.toString()));
        launch(slow).killWhenItSays("CompiledModel: kernel reference"); // a task has begun to score

        assertThat(content()).isEqualTo(before);
        assertThat(beside()).hasSize(2).contains("out");
        Launch.Ended second = score("small.jsonl", mode);
        assertThat(second.exitCode()).as("%s", second).isZero();
        assertThat(second.err()).contains("staging directories of other runs lie beside it, [.out.staging-");
        assertThat(rows())
                .isEqualTo(
                        switch (mode) {
                            case "overwrite" -> 40;
                            case "append" -> 30 + 40;
                            default -> 20 + 40;
                        });
    }

    /** The moment of decision has passed: from then on there is only the new table, whoever moves it to its place. */
    @Test
    void betweenTheJournalAndTheMoves() throws IOException {
        score("old.jsonl", "error").assertScored();
        Map<String, String> before = content();
        List<String> dying = options("small.jsonl", "overwrite");
        dying.addAll(List.of(
                "--output",
                "killing:" + output,
                "--driver-class-path",
                Checkout.target("test-classes").toString(),
                "--conf",
                "spark.hadoop.fs.killing.impl=sluice.job.fixture.KillingFileSystem",
                "--conf",
                "spark.hadoop.sluice.test.halt-at=3"));
        assertThat(launch(dying).end().exitCode()).isEqualTo(137);
        assertThat(content()).isEqualTo(before);
        assertThat(beside()).anyMatch(name -> name.startsWith(".out.publication-"));

        Launch.Ended status =
                Launch.local(directory, "--status", output.toString()).end().assertScored();
        assertThat(status.out())
                .contains("out: a run ended while it published its output here; this is finished now")
                .contains("ended with 0: 40 sequences");
        assertThat(beside()).containsExactly("out");
        assertThat(rows()).isEqualTo(40);
    }
}
