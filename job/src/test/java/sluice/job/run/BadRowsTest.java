package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.input.MalformedRowsTest;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;

/** A bad row fails the run with a message that names the row, and the run leaves no files. */
class BadRowsTest {
    private static final String TOKEN_MODEL = TorchCase.named("vocab_2").modelPath();
    private static final String FEATURE_MODEL =
            TorchCase.named("float_l1_h17_in4").modelPath();

    @TempDir
    Path folder;

    private record BadRow(String name, DataType type, Object good, Object bad, String complaint, String... settings) {
        @Override
        public String toString() {
            return name;
        }

        Map<String, String> settingsByKey() {
            Map<String, String> map = new LinkedHashMap<>();
            for (int at = 0; at < settings.length; at += 2) {
                map.put(settings[at], settings[at + 1]);
            }
            return map;
        }
    }

    private static BadRow ids(String name, Object bad, String complaint, String... settings) {
        return new BadRow(name, Tables.LONGS, longs(0L, 1L), bad, complaint, settings);
    }

    private static BadRow features(String name, Object bad, String complaint) {
        return new BadRow(name, Tables.DOUBLE_ROWS, rows(row(1, 2, 3, 4)), bad, complaint, "model.path", FEATURE_MODEL);
    }

    private static Long[] longs(Long... ids) {
        return ids;
    }

    private static Double[][] rows(Double[]... rows) {
        return rows;
    }

    private static Double[] row(double... features) {
        return Arrays.stream(features).boxed().toArray(Double[]::new);
    }

    static Stream<BadRow> badRows() {
        return Stream.of(
                ids("null", null, "it is null, expected a sequence (an empty one is []) (null-sequence)"),
                ids("null id", longs(0L, null), "the element at step 1 is null (null-element)"),
                ids(
                        "negative id",
                        longs(0L, 1L, -1L),
                        "token -1 at step 2 is outside [0, 2), the model's tokens (token-out-of-range)"),
                ids(
                        "the first id that is none",
                        longs(2L),
                        "token 2 at step 0 is outside [0, 2), the model's tokens (token-out-of-range)"),
                ids(
                        "an id that int would wrap to 0",
                        longs(0L, 1L << 32),
                        "token 4294967296 at step 1 is beyond any model's vocabulary (token-out-of-range)"),
                ids(
                        "too long",
                        longs(0L, 1L, 1L, 0L),
                        "4 steps, input.max-length allows 3 (too-long)",
                        "input.max-length",
                        "3"),
                features("null features", null, "it is null, expected a sequence (an empty one is []) (null-sequence)"),
                features("null row", rows(row(1, 2, 3, 4), null), "the element at step 1 is null (null-element)"),
                features(
                        "null feature",
                        rows(row(1, 2, 3, 4), new Double[] {1.0, null, 3.0, 4.0}),
                        "the element at step 1 is null (null-element)"),
                features(
                        "a short row",
                        rows(row(1, 2, 3, 4), row(1, 2, 3)),
                        "step 1 has 3 features, the model reads 4 (wrong-input)"),
                features(
                        "a long row",
                        rows(row(1, 2, 3, 4, 5)),
                        "step 0 has 5 features, the model reads 4 (wrong-input)"),
                features(
                        "no number",
                        rows(row(1, 2, 3, 4), row(1, 2, Double.NaN, 4)),
                        "feature 2 of step 1 is NaN: expected a finite number (feature-not-finite)"),
                features(
                        "infinity",
                        rows(row(Double.NEGATIVE_INFINITY, 2, 3, 4)),
                        "feature 0 of step 0 is -Infinity: expected a finite number (feature-not-finite)"),
                features(
                        "beyond float32",
                        rows(row(1, 2, 3, 1e300)),
                        "feature 3 of step 0 is Infinity: expected a finite number (feature-not-finite)"),
                new BadRow(
                        "null word",
                        Tables.STRINGS,
                        new String[] {"a"},
                        new String[] {"a", "b", null},
                        "the element at step 2 is null (null-element)"),
                new BadRow(
                        "unknown word",
                        Tables.STRINGS,
                        new String[] {"a"},
                        new String[] {"b", "login"},
                        "word 'login' at step 1 is not in the vocabulary; set input.unknown-word to a word that replaces unknown words "
                                + "(unknown-word)"));
    }

    /** Columns id, user, price and tokens; the second row is the bad one. */
    private static Dataset<Row> table(BadRow bad) {
        return Tables.of(bad.type(), bad.good(), bad.bad(), bad.good())
                .selectExpr("id", "concat('u', id) AS user", "0.5D AS price", "tokens");
    }

    private Run run(BadRow bad) {
        Run run = new Run()
                .with("model.path", TOKEN_MODEL)
                .with("input.vocabulary", Disk.write(folder.resolve("words.txt"), "a\nb\n"))
                .with("output.path", folder.resolve("out"))
                .withInput(table(bad), 1, folder.resolve("in"));
        bad.settingsByKey().forEach(run::with);
        return run;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badRows")
    void aBadRowFailsTheRun(BadRow bad) {
        Throwable failure = catchThrowable(run(bad)::score);
        assertThat(Failure.sentence(failure)).isEqualTo("row id=1, user=u1: column 'tokens': " + bad.complaint());
        assertThat(Disk.names(folder)).containsExactly("in", "words.txt");
    }

    private static final BadRow ANY = ids(
            "negative", longs(-7L), "token -7 at step 0 is outside [0, 2), the model's tokens (token-out-of-range)");

    /** The other rows, scored by a run without the bad row. */
    private List<Row> goodRows(BadRow bad) {
        return run(bad).with("output.path", folder.resolve("good"))
                .withInput(table(bad).where("id <> 1"), 1, folder.resolve("good rows"))
                .rows();
    }

    /** A selection: {@code bad-rows.rule} does not depend on the kind of defect. See also {@link MalformedRowsTest}. */
    static Stream<BadRow> someBadRows() {
        List<String> names = List.of("null", "negative id", "a short row", "unknown word");
        return badRows().filter(bad -> names.contains(bad.name()));
    }

    private static String code(BadRow bad) {
        return bad.complaint().replaceAll(".*\\((.*)\\)$", "$1");
    }

    private static String text(BadRow bad) {
        return bad.complaint().replaceAll(" \\([^(]*\\)$", "");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("someBadRows")
    void aBadRowIsQuarantined(BadRow bad) {
        List<Row> good = goodRows(bad);
        Run run = run(bad).with("bad-rows.rule", "quarantine").with("bad-rows.max-fraction", "0.5");

        assertThat(run.rows()).isEqualTo(good);

        Dataset<Row> quarantine = LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").resolve(RunReport.BAD_ROWS).toString());
        assertThat(quarantine.columns()).containsExactly("id", "user", "price", "tokens", "reason");
        Row row = quarantine.collectAsList().get(0);
        assertThat(quarantine.drop("reason").collectAsList())
                .isEqualTo(table(bad).where("id = 1").collectAsList());
        assertThat(row.getStruct(4)).isEqualTo(RowFactory.create(code(bad), text(bad)));
        assertThat(run.said())
                .contains(
                        "1 row can't be scored, they are in %s/_sluice/bad-rows: 1 %s (row id=1, user=u1: column 'tokens': %s)"
                                .formatted(folder.resolve("out"), code(bad), bad.complaint()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("someBadRows")
    void aBadRowIsKeptWithNullAnswers(BadRow bad) {
        List<Row> good = goodRows(bad);
        Dataset<Row> table = run(bad).with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "0.5")
                .table();

        assertThat(table.columns()).containsExactly("id", "user", "price", "tokens", "softmax", "reason");
        assertThat(table.where("reason IS NULL").drop("reason").collectAsList()).isEqualTo(good);
        Row row = table.where("reason IS NOT NULL").collectAsList().get(0);
        assertThat(row.getInt(0)).isEqualTo(1);
        assertThat(row.isNullAt(4)).isTrue();
        assertThat(row.getStruct(5)).isEqualTo(RowFactory.create(code(bad), text(bad)));
        assertThat(table.select("id").collectAsList().stream().map(found -> found.getInt(0)))
                .as("the input's order")
                .containsExactly(0, 1, 2);
    }

    @Test
    void tooManyBadRowsFailTheRunAndNothingIsWritten() {
        for (String rule : List.of("quarantine", "null")) {
            Run run = run(ANY).with("bad-rows.rule", rule).with("bad-rows.max-fraction", "0.3");
            Throwable failure = catchThrowable(run::score);

            assertThat(Failure.code(failure)).isEqualTo(ExitCode.BAD_ROWS);
            assertThat(Failure.sentence(failure))
                    .isEqualTo(
                            "1 of 3 rows can't be scored, more than bad-rows.max-fraction = 0.3 allows, so nothing was written: "
                                    + "1 token-out-of-range (row id=1, user=u1: column 'tokens': " + ANY.complaint()
                                    + ")");
            assertThat(Disk.names(folder)).containsExactly("in", "words.txt");
        }
    }

    @Test
    void badRowsOfAllTasksAreCountedByReason() throws IOException {
        Dataset<Row> many = LocalSpark.session()
                .range(0, 600, 1, 6)
                .selectExpr(
                        "id",
                        "CASE WHEN id % 100 = 7 THEN NULL WHEN id % 50 = 3 THEN array(9L) ELSE array(id % 2) END AS tokens");
        Run run = run(ANY).withInput(many, 6, folder.resolve("in"))
                .with("bad-rows.rule", "quarantine")
                .with("scoring.batch-bytes", "4 KiB");

        assertThat(run.table().count()).isEqualTo(582);

        JsonNode report = new ObjectMapper()
                .readTree(folder.resolve("out").resolve(RunReport.FILE).toFile());
        assertThat(report.path("rows").asLong()).isEqualTo(582);
        assertThat(report.path("bad-rows")).isEqualTo(new ObjectMapper().readTree("""
                                        {"rule": "quarantine", "rows": 18, "reasons": {"null-sequence": 6, "token-out-of-range": 12},
                                         "path": "_sluice/bad-rows"}
                                        """));
    }

    @Test
    void aRunWithoutBadRowsHasNoQuarantine() {
        Dataset<Row> good = table(ANY).where("id <> 1");
        run(ANY).withInput(good, 1, folder.resolve("in"))
                .with("bad-rows.rule", "quarantine")
                .score();

        assertThat(Disk.names(folder.resolve("out").resolve("_sluice")))
                .containsExactly(".report.json.crc", "publications", "report.json", "runs");
    }

    @Test
    void anInputColumnNamedReasonIsRefused() {
        Dataset<Row> input = table(ANY).withColumnRenamed("user", "Reason");
        for (String rule : List.of("quarantine", "null")) {
            Run run = run(ANY).withInput(input, 1, folder.resolve("in"))
                    .with("output.path", folder.resolve("out " + rule))
                    .with("bad-rows.rule", rule);
            assertThatThrownBy(run::score)
                    .isInstanceOf(RefusedException.class)
                    .hasMessage(
                            "bad-rows.rule: the input has a column 'reason' already; set output.prefix to rename the new one");
            assertThat(run.with("output.prefix", "my_")
                            .with("bad-rows.max-fraction", "1")
                            .table()
                            .count())
                    .isPositive();
        }
    }

    @Test
    void theKeyIsWhatTheSettingsSay() {
        Throwable failure = catchThrowable(run(ANY).with("input.key", "price, user")::score);
        assertThat(Failure.sentence(failure)).isEqualTo("row price=0.5, user=u1: column 'tokens': " + ANY.complaint());
    }

    @Test
    void aLongKeyIsTruncated() {
        Dataset<Row> input = table(ANY).selectExpr("repeat('k', 200) AS name", "tokens");
        Throwable failure = catchThrowable(run(ANY).withInput(input, 1, folder.resolve("in"))::score);
        assertThat(Failure.sentence(failure))
                .isEqualTo("row name=" + "k".repeat(80) + "...: column 'tokens': " + ANY.complaint());
    }

    @Test
    void aFailedOverwriteLeavesTheExistingOutputUnchanged() {
        Path output = folder.resolve("out");
        TorchCase torch = TorchCase.named("vocab_2");
        Run.of(torch, output)
                .withInput(Tables.ofIds(torch.tokens()), 1, folder.resolve("in"))
                .score();
        Map<String, String> before = Disk.content(output);
        assertThat(before).containsKey(RunReport.FILE);
        Throwable failure = catchThrowable(run(ANY).with("output.mode", "overwrite")::score);
        assertThat(Failure.sentence(failure)).contains("token -7");
        assertThat(Disk.content(output)).isEqualTo(before);
        assertThat(Disk.names(folder)).containsExactly("in", "out", "words.txt");
    }

    /** When a task fails, the other running tasks must not leave files. */
    @Test
    void otherTasksLeaveNoFiles() {
        Dataset<Row> many = LocalSpark.session()
                .range(0, 4_000, 1, 8)
                .selectExpr("CAST(id AS int) AS id", "array(IF(id = 1, 2L, id % 2), 1L) AS tokens");
        many.write().parquet(folder.resolve("many").toString());
        for (int time = 0; time < 4; time++) {
            Run run = new Run()
                    .with("model.path", TOKEN_MODEL)
                    .with("input.path", folder.resolve("many"))
                    .with("output.path", folder.resolve("out"));
            assertThat(Failure.sentence(catchThrowable(run::score))).startsWith("row id=1: ");
            assertThat(Disk.names(folder)).containsExactly("many");
        }
    }

    @Test
    void aBrokenLineAmongGoodOnes() {
        Path input = Disk.write(folder.resolve("in.json"), """
                {"id": 1, "tokens": [0, 1]}
                {"id": 2, "tokens": [0
                {"id": 3, "tokens": [1]}
                """);
        Run run = new Run()
                .with("model.path", TOKEN_MODEL)
                .with("input.path", input)
                .with("input.format", "json")
                .with("output.path", folder.resolve("out"));
        assertThat(Failure.sentence(catchThrowable(run::score)))
                .isEqualTo("a line is no JSON object: {\"id\": 2, \"tokens\": [0 (broken-record)");
        assertThat(Disk.names(folder)).containsExactly("in.json");
    }

    @Test
    void aJsonObjectWithoutTheColumn() {
        Path input = Disk.write(folder.resolve("in.json"), "{\"id\": 1, \"tokens\": [0]}\n{\"id\": 2}\n");
        Run run = new Run()
                .with("model.path", TOKEN_MODEL)
                .with("input.path", input)
                .with("input.format", "json")
                .with("output.path", folder.resolve("out"));
        assertThat(Failure.sentence(catchThrowable(run::score)))
                .isEqualTo(
                        "row id=2: column 'tokens': it is null, expected a sequence (an empty one is []) (null-sequence)");
    }

    /** On the command line: one line on stderr, and the exit code. */
    @Test
    void theCommandPrintsTheMessageAndFails() {
        run(ANY);
        LocalSpark.session();
        Terminal terminal = Terminal.score(
                "--model", TOKEN_MODEL,
                "--input", folder.resolve("in").toString(),
                "--output", folder.resolve("out").toString());
        assertThat(terminal.errors())
                .containsExactly("sluice: error: row id=1, user=u1: column 'tokens': " + ANY.complaint());
        assertThat(terminal.code()).isEqualTo(ExitCode.BAD_ROWS.code());
    }
}
