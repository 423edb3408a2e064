package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.SettingValues;

/** Outputs that hold the rows of several runs: modes append and partitions. */
class SeveralRunsTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    static Path files;

    @TempDir
    Path folder;

    private Path output;

    /** The first night has days 0 to 2 with three rows each, the second night days 1 and 2 with other tokens. */
    @BeforeAll
    static void writeInput() {
        String day = "id div 3 AS day, CASE WHEN id % 2 = 0 THEN 'a' ELSE 'b' END AS kind";
        LocalSpark.session()
                .sql("SELECT id, %s, array(id %% 2, 1L) AS tokens FROM range(0, 9, 1, 1)".formatted(day))
                .write()
                .parquet(files.resolve("first").toString());
        LocalSpark.session()
                .sql("SELECT id, %s, array(0L, id %% 2, 0L) AS tokens FROM range(3, 9, 1, 1)".formatted(day))
                .write()
                .parquet(files.resolve("second").toString());
        LocalSpark.session()
                .sql("SELECT id, %s, array(IF(id = 4, 7L, 1L)) AS tokens FROM range(3, 6, 1, 1)".formatted(day))
                .write()
                .parquet(files.resolve("bad").toString());
    }

    @BeforeEach
    void nameOutput() {
        output = folder.resolve("out");
    }

    private Run run(String input, String mode) {
        return Run.of(TORCH, output)
                .with("input.path", files.resolve(input))
                .with("output.emit", "prediction,loglik")
                .with("output.mode", mode);
    }

    private Run byDay(String input, String mode) {
        return run(input, mode).with("output.partition-by", "day");
    }

    private Dataset<Row> table() {
        return LocalSpark.session().read().parquet(output.toString());
    }

    /** The content of all files except checksums. */
    private Map<String, String> content(String below) {
        Map<String, String> content = new TreeMap<>(Disk.content(output.resolve(below)));
        content.keySet().removeIf(file -> file.endsWith(".crc"));
        return content;
    }

    private void assertNoLeftovers() {
        assertThat(Disk.names(folder)).containsExactly("out");
    }

    // append

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "TABLE")
    void rowsAreAddedToTheExistingOnes(OutputFormat format) throws IOException {
        String name = SettingValues.name(format);
        run("first", "append").with("output.format", name).score();
        Map<String, String> before = content("");
        run("second", "append").with("output.format", name).score();

        assertThat(LocalSpark.session()
                        .read()
                        .format(format.sparkName())
                        .load(output.toString())
                        .count())
                .isEqualTo(9 + 6);
        before.remove(RunReport.FILE);
        assertThat(content("")).containsAllEntriesOf(before);
        assertThat(content("_sluice/runs")).hasSize(2);
        assertThat(new ObjectMapper()
                        .readTree(output.resolve(RunReport.FILE).toFile())
                        .path("rows")
                        .asInt())
                .isEqualTo(6);
        assertNoLeftovers();
    }

    @Test
    void partitionsAreAppendedToAsWell() {
        byDay("first", "error").score();
        byDay("second", "append").score();
        assertThat(table().where("day = 0").count()).isEqualTo(3);
        assertThat(table().where("day = 1").count()).isEqualTo(6);
        assertThat(Disk.names(output)).contains("day=0", "day=1", "day=2").doesNotContain("day=1/day=1");
    }

    @Test
    void aNamedRunIsAppendedOnce() {
        run("first", "append").with("report.run", "mon/day").score();
        run("second", "append").with("report.run", "tuesday").score();
        Map<String, String> before = content("");
        for (String name : List.of("mon/day", "tuesday")) {
            Run again =
                    run("second", "append").with("report.run", name).with("report.path", folder.resolve("report.json"));
            assertThat(again.scoreOnce()).isEmpty();
            assertThat(again.said())
                    .contains("%s: holds the rows of the run '%s' already; nothing to do".formatted(output, name));
            assertThat(folder.resolve("report.json")).content().contains("\"run\" : \"%s\"".formatted(name));
        }
        assertThat(content("")).isEqualTo(before);
        assertThat(before).containsKeys("_sluice/runs/mon%2Fday.json", "_sluice/runs/tuesday.json");
    }

    @Test
    void aNamedRunThatCreatedTheTableIsFound() {
        run("first", "error").with("report.run", "monday").score();
        assertThat(run("first", "append").with("report.run", "monday").scoreOnce())
                .isEmpty();
    }

    @Test
    void aNameThatIsTooLongForAFileIsRefused() {
        assertThatThrownBy(run("first", "append").with("report.run", "x".repeat(201))::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageEndingWith("makes a file name of 201 bytes, expected at most 200; choose a shorter name");
    }

    // partitions

    @Test
    void onlyWrittenPartitionsAreReplaced() {
        byDay("first", "partitions").score();
        Map<String, String> untouched = content("day=0");
        byDay("second", "partitions").score();

        assertThat(content("day=0")).isEqualTo(untouched);
        assertThat(table().count()).isEqualTo(9);
        assertThat(table().where("day > 0 AND size(tokens) = 3").count()).isEqualTo(6);
        assertNoLeftovers();
    }

    /** Spark ignores files whose names begin with an underscore, but not partition directories. */
    @Test
    void partitionsByAColumnThatBeginsWithAnUnderscore() {
        for (String night : List.of("first", "second")) {
            LocalSpark.session()
                    .read()
                    .parquet(files.resolve(night).toString())
                    .withColumnRenamed("day", "_day")
                    .write()
                    .parquet(files.resolve("hidden " + night).toString());
            byDay("hidden " + night, "partitions")
                    .with("output.partition-by", "_day")
                    .score();
        }
        assertThat(Disk.names(output)).contains("_day=0", "_day=1", "_day=2");
        assertThat(table().count()).isEqualTo(9);
        assertThat(table().where("_day > 0 AND size(tokens) = 3").count()).isEqualTo(6);
    }

    @Test
    void partitionsWithinPartitions() {
        byDay("first", "partitions").with("output.partition-by", "day,kind").score();
        Map<String, String> untouched = content("day=1/kind=a");
        LocalSpark.session()
                .read()
                .parquet(files.resolve("second").toString())
                .where("day = 1 AND kind = 'b'")
                .write()
                .mode("overwrite")
                .parquet(files.resolve("one").toString());
        byDay("one", "partitions").with("output.partition-by", "day,kind").score();
        assertThat(content("day=1/kind=a")).isEqualTo(untouched);
        assertThat(table().where("size(tokens) = 3 AND day = 1 AND kind = 'b'").count())
                .isEqualTo(table().where("day = 1 AND kind = 'b'").count())
                .isPositive();
        assertThat(table().count()).isEqualTo(9);
    }

    @Test
    void aRepeatedRunReplacesItsPartitionsBadRowsAndReport() {
        byDay("first", "partitions").with("report.run", "monday").score();
        Run bad = byDay("bad", "partitions")
                .with("report.run", "tuesday")
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", "0.5");
        bad.score();
        assertThat(content("_sluice/bad-rows/run=tuesday")).hasSize(1);
        assertThat(bad.said()).contains("they are in %s/_sluice/bad-rows/run=tuesday: ".formatted(output));
        assertThat(table().where("day = 1").count()).isEqualTo(2);

        byDay("second", "partitions").with("report.run", "tuesday").score();
        assertThat(output.resolve("_sluice/bad-rows/run=tuesday")).doesNotExist();
        assertThat(content("_sluice/runs")).containsOnlyKeys("monday.json", "tuesday.json");
        assertThat(table().count()).isEqualTo(9);

        assertThat(RunStatusOf.run(output, "monday")).contains("the run 'monday'", "9 sequences");
        assertThat(RunStatusOf.run(output, "tuesday")).contains("the run 'tuesday'", "6 sequences");
        assertThat(RunStatusOf.run(output, "wednesday"))
                .contains("the last run that ended there is 'tuesday', so 'wednesday' has failed or is not done");
    }

    /** The output of {@code --status}. */
    private static final class RunStatusOf {
        static String run(Path output, String name) {
            Terminal told = Terminal.score("--status", output.toString(), "--run", name);
            return String.join("\n", told.output()) + String.join("\n", told.errors());
        }
    }

    @Test
    void badRowsOfSeveralRunsAreATable() {
        for (String night : List.of("monday", "tuesday")) {
            byDay("bad", "append")
                    .with("report.run", night)
                    .with("bad-rows.rule", "quarantine")
                    .with("bad-rows.max-fraction", "0.5")
                    .score();
        }
        assertThat(LocalSpark.session()
                        .read()
                        .parquet(output.resolve("_sluice/bad-rows").toString())
                        .collectAsList())
                .extracting(row -> row.<String>getAs("run"))
                .containsExactlyInAnyOrder("monday", "tuesday");
    }

    @Test
    void badRowsMayHaveADirectoryOfTheirOwn() {
        Path bad = folder.resolve("bad");
        Run run = run("bad", "overwrite")
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", "0.5")
                .with("bad-rows.path", bad);
        run.score();
        assertThat(run.said()).contains("they are in file:%s: ".formatted(bad));
        assertThat(LocalSpark.session().read().parquet(bad.toString()).count()).isEqualTo(1);
        assertThat(Disk.names(folder)).containsExactly("bad", "out");
        run("first", "overwrite")
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.path", bad)
                .score();
        assertThat(Disk.names(bad))
                .as("the new table has no bad rows; the mark keeps the directory for it")
                .allMatch(name -> name.contains("_sluice-bad-rows.json"));
        assertThatThrownBy(run("first", "overwrite").with("bad-rows.path", output.resolve("bad"))::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "bad-rows.path %s/bad: lies in --output %s; choose places apart from each other",
                        output, output);
    }

    // Tables that do not fit

    @ParameterizedTest
    @ValueSource(strings = {"append", "partitions"})
    void anotherTableIsRefusedWithTheDifference(String mode) {
        byDay("first", "error").score();
        Map<String, String> before = content("");
        assertRefused(
                byDay("first", mode).with("output.emit", "loglik"),
                "it has a column 'prediction' (int), and this run's rows have none");
        assertRefused(
                byDay("first", mode).with("output.emit", "loglik,prediction,softmax"),
                "it has no column 'softmax' (array<float>), and this run's rows have one");
        assertRefused(
                byDay("first", mode).with("output.emit", "loglik,prediction").with("output.at", "each"),
                "its column 'prediction' has type int, and this run's has array<int>");
        assertRefused(
                byDay("first", mode).with("output.partition-by", "day,kind"),
                "it is partitioned by day, and this run's rows by day, kind (output.partition-by)");
        assertThatThrownBy(byDay("first", mode).with("output.format", "orc")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("is not readable as orc; check --output and --output-format");
        assertThat(content("")).isEqualTo(before);
        assertNoLeftovers();
    }

    private void assertRefused(Run run, String difference) {
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s: can't be added to: %s; choose another --output, or settings that fit", output, difference);
    }

    @Test
    void jsonColumnsAreComparedByTheirInferredTypes() {
        run("first", "append").with("output.format", "json").score();
        run("first", "append").with("output.format", "json").score();
        assertRefused(
                run("first", "append")
                        .with("output.format", "json")
                        .with("output.emit", "loglik,prediction")
                        .with("output.at", "each"),
                "its column 'prediction' has type bigint, and this run's has array<int>");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "date       | output.partition-by: no column 'date' in the scored table, which has id (bigint), day (bigint), kind (string), tokens (array<bigint>), prediction (int), loglik (struct<sum:double,perplexity:double,tokens:int>); choose among these",
                "tokens     | output.partition-by: column 'tokens' has type array<bigint>, expected a number, string, date, timestamp or boolean",
                "day,day    | output.partition-by = day,day: names a column twice",
            })
    void aColumnThatCannotPartitionIsRefused(String columns, String message) {
        assertThatThrownBy(run("first", "error").with("output.partition-by", columns)::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(message);
    }

    @Test
    void partitioningByAllColumnsIsRefused() {
        assertThatThrownBy(run("first", "error")
                        .with("input.columns", "day")
                        .with("output.emit", "prediction")
                        .with("output.partition-by", "prediction,day")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "output.partition-by = prediction,day: these are all columns of the scored table, but its files need at least one; leave one out");
    }

    @Test
    void modePartitionsNeedsAColumn() {
        assertThatThrownBy(run("first", "partitions")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("output.mode = partitions needs partition columns; set output.partition-by");
    }

    // Repeated runs

    /** Two runs over the same rows differ only in the names of their files. */
    @Test
    void aRepeatedRunWritesTheSameFiles() throws IOException {
        for (String place : List.of("one", "other")) {
            output = folder.resolve(place);
            byDay("first", "error").with("output.emit", "softmax,loglik,state").score();
        }
        assertThat(parts("one")).isEqualTo(parts("other")).hasSize(3);
    }

    /** The rows of each file in their order, by the file's directory and number. */
    private Map<String, List<String>> parts(String place) throws IOException {
        Map<String, List<String>> parts = new TreeMap<>();
        Path root = folder.resolve(place);
        try (var found = Files.walk(root)) {
            for (Path file :
                    found.filter(path -> path.toString().endsWith(".parquet")).toList()) {
                String name =
                        root.relativize(file).toString().replaceAll("-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "");
                List<String> rows = LocalSpark.session().read().parquet(file.toString()).collectAsList().stream()
                        .map(row -> Answers.flat(row) + row.mkString())
                        .toList();
                assertThat(parts.put(name, rows)).as(name).isNull();
            }
        }
        return parts;
    }
}
