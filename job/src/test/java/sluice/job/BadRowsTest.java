package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A row that can't be scored stops the run with a sentence that leads to it, and nothing is left on disk. */
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
                        "token -1 at step 2 is outside [0, 2), which the model knows (token-out-of-range)"),
                ids(
                        "the first id that is none",
                        longs(2L),
                        "token 2 at step 0 is outside [0, 2), which the model knows (token-out-of-range)"),
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
                        "word 'login' at step 1 is not in the vocabulary; input.unknown-word can name a word to stand for such "
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
    void aBadRowStopsTheRun(BadRow bad) {
        Throwable failure = catchThrowable(run(bad)::score);
        assertThat(Failure.sentence(failure)).isEqualTo("row id=1, user=u1: column 'tokens': " + bad.complaint());
        assertThat(Disk.names(folder)).containsExactly("in", "words.txt");
    }

    private static final BadRow ANY = ids(
            "negative", longs(-7L), "token -7 at step 0 is outside [0, 2), which the model knows (token-out-of-range)");

    @Test
    void theKeyIsWhatTheSettingsSay() {
        Throwable failure = catchThrowable(run(ANY).with("input.key", "price, user")::score);
        assertThat(Failure.sentence(failure)).isEqualTo("row price=0.5, user=u1: column 'tokens': " + ANY.complaint());
    }

    @Test
    void aLongKeyIsCut() {
        Dataset<Row> input = table(ANY).selectExpr("repeat('k', 200) AS name", "tokens");
        Throwable failure = catchThrowable(run(ANY).withInput(input, 1, folder.resolve("in"))::score);
        assertThat(Failure.sentence(failure))
                .isEqualTo("row name=" + "k".repeat(80) + "...: column 'tokens': " + ANY.complaint());
    }

    @Test
    void anExistingOutputStaysWholeThoughItWasToBeReplaced() {
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

    /** The bad row's task fails while others are at work, which then must not leave their files. */
    @Test
    void nothingIsLeftByTheTasksBesideTheBadOne() {
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

    /** The whole way to the terminal: one line on stderr, and the code of a run that failed. */
    @Test
    void theCommandSaysTheSentenceAndFails() {
        run(ANY);
        LocalSpark.session();
        Terminal terminal = Terminal.score(
                "--model", TOKEN_MODEL,
                "--input", folder.resolve("in").toString(),
                "--output", folder.resolve("out").toString());
        assertThat(terminal.errors())
                .containsExactly("sluice: error: row id=1, user=u1: column 'tokens': " + ANY.complaint());
        assertThat(terminal.code()).isEqualTo(ExitCode.FAILED.code());
    }
}
