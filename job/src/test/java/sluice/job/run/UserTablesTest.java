package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Terminal;

/** Tables and files as users have them, on the command line. */
class UserTablesTest {
    @TempDir
    Path folder;

    private static Path situation(String name) {
        try {
            return Path.of(
                    UserTablesTest.class.getResource("/situations/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private Terminal score(String model, Path input, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--model", situation(model).toString(),
                "--input", input.toString()));
        if (!Arrays.asList(more).contains("--output")) {
            arguments.addAll(List.of("--output", folder.resolve("out").toString()));
        }
        arguments.addAll(Arrays.asList(more));
        LocalSpark.session();
        return Terminal.score(arguments.toArray(String[]::new));
    }

    private List<Row> rows(Terminal done, String... columns) {
        assertThat(done.code()).as("%s", done).isZero();
        return LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").toString())
                .selectExpr(columns)
                .orderBy(columns[0])
                .collectAsList();
    }

    @Test
    void idsOfCsvKeepTheirTexts() {
        Terminal done = score(
                "csv-changes-columns/lm20.safetensors",
                situation("csv-changes-columns/bigids.csv"),
                "--input-format",
                "csv",
                "--emit",
                "prediction");

        assertThat(rows(done, "id", "hex", "amount").toString())
                .isEqualTo(
                        "[[12345678901234567890123456789012345678901,1e5,1.10], [12345678901234567890123456789012345678902,2e7,2.50]]");
    }

    @Test
    void timesOfNanosecondsAreReadOrLeftOut() {
        Path input = situation("nanosecond-timestamps/events.parquet");
        String model = "nanosecond-timestamps/model.safetensors";
        Terminal done = score(model, input, "--emit", "prediction");

        assertThat(rows(done, "id", "at").get(0).getLong(1)).isEqualTo(1_795_341_600_123_456_789L);
        assertThat(done.output())
                .anyMatch(line -> line.contains("note: column 'at' holds Parquet times of nanoseconds"));
        Terminal without =
                score(model, input, "--emit", "prediction", "--mode", "overwrite", "--set", "input.columns=id");
        assertThat(rows(without, "id", "prediction")).hasSize(7);
        assertThat(without.output()).noneMatch(line -> line.contains("nanoseconds"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"decimals", "doubles", "uint64"})
    void idsOfAnyTypeAreIds(String name) {
        Terminal done = score(
                "ids-as-decimals-or-doubles/model.safetensors",
                situation("ids-as-decimals-or-doubles/" + name + ".parquet"),
                "--emit",
                "prediction,loglik");

        assertThat(rows(done, "id", "prediction", "round(loglik.sum, 4)").get(1).toString())
                .isEqualTo("[uni_l1_h17-1,17,-3.6236]");
    }

    @Test
    void unknownWordsAreCountedInADryRun() {
        Terminal done = score(
                "vocabulary-files/lm20.safetensors",
                situation("vocabulary-files/upper.jsonl"),
                "--input-format",
                "json",
                "--tokens",
                "TEXT",
                "--vocabulary",
                situation("vocabulary-files/v_bom.txt").toString(),
                "--emit",
                "loglik",
                "--set",
                "input.unknown-word=<unk>",
                "--dry-run");

        assertThat(done.code()).as("%s", done).isZero();
        assertThat(done.output())
                .anyMatch(line -> line.matches("words +100\\.0 % of the sample's words are not in the vocabulary"))
                .anyMatch(line -> line.startsWith("sluice: warning: 100.0 % of the words are not in the vocabulary"));
    }

    @Test
    void aColonInTheOutputIsRefused() {
        Terminal done = score(
                "colon-in-output/lm20.safetensors",
                situation("colon-in-output/five.jsonl"),
                "--input-format",
                "json",
                "--output",
                folder.resolve("2026-11-22T10:30").toString());

        assertThat(done.code()).isEqualTo(2);
        assertThat(done.errors().toString()).contains("has a colon in its name").contains("2026-11-22T10-30");
        assertThat(Disk.names(folder)).isEmpty();
    }

    @Test
    void aColonInTheInputIsExplained() {
        Path input = Disk.write(folder.resolve("a:b.jsonl"), "{\"tokens\": [1]}\n");
        Terminal done = score("colon-in-output/lm20.safetensors", input, "--input-format", "json");

        assertThat(done.code()).isEqualTo(2);
        assertThat(done.errors().toString()).contains("a:b.jsonl").contains("Relative path in absolute URI");
    }
}
