package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;

/**
 * A JSON line may hold anything. One line that differs from the others is one bad row, under each {@code bad-rows.rule}, and the other
 * rows keep their bits.
 */
public class MalformedRowsTest {
    private static final String TOKEN_MODEL = TorchCase.named("vocab_2").modelPath();
    private static final String FEATURE_MODEL =
            TorchCase.named("float_l1_h17_in4").modelPath();
    private static final List<String> TOKEN_LINES =
            List.of("{\"id\": 0, \"tokens\": [0, 1, 1]}", "{\"id\": 2, \"tokens\": [1]}");
    private static final List<String> FEATURE_LINES = List.of(
            "{\"id\": 0, \"tokens\": [[1, 2, 3, 4], [0.5, 0, 0, 1]]}", "{\"id\": 2, \"tokens\": [[1.5, 2, 3, 4]]}");

    /** Numbers beside a line of text: Spark then infers no numbers, and the column is read as whole ones. */
    private static final Map<String, String> BESIDE_TEXT = Map.of(
            "beyond long", "it holds [99999999999999999999], expected token ids",
            "fractional", "it holds [0,0.5], expected token ids");

    @TempDir
    Path folder;

    /** A line, with its expected reason code and text. */
    private record Malformed(String name, String model, List<String> good, String line, String code, String text) {
        @Override
        public String toString() {
            return name;
        }

        /** The expected message. Without JSON no column has a value, so the row has no name. */
        String sentence() {
            return code.equals("broken-record")
                    ? "%s (%s)".formatted(text, code)
                    : "row id=1: column 'tokens': %s (%s)".formatted(text, code);
        }
    }

    private static Malformed tokens(String name, String value, String code, String text) {
        return new Malformed(
                name, TOKEN_MODEL, TOKEN_LINES, "{\"id\": 1, \"tokens\": %s}".formatted(value), code, text);
    }

    private static Malformed wrongType(String name, String value, String shown) {
        return tokens(name, value, "wrong-type", "it holds %s, expected token ids".formatted(shown));
    }

    private static Malformed features(String name, String value, String code, String text) {
        return new Malformed(
                name, FEATURE_MODEL, FEATURE_LINES, "{\"id\": 1, \"tokens\": %s}".formatted(value), code, text);
    }

    static Stream<Malformed> kinds() {
        return Stream.of(
                tokens("null", "null", "null-sequence", "it is null, expected a sequence (an empty one is [])"),
                new Malformed(
                        "missing",
                        TOKEN_MODEL,
                        TOKEN_LINES,
                        "{\"id\": 1}",
                        "null-sequence",
                        "it is null, expected a sequence (an empty one is [])"),
                tokens("empty", "[]", "too-short", "0 steps, input.min-length asks for 1"),
                wrongType("not an array", "\"abc\"", "\"abc\""),
                wrongType("an object", "{\"a\": 1}", "{\"a\":1}"),
                wrongType("nested", "[[1]]", "[[1]]"),
                tokens("null element", "[0, null]", "null-element", "the element at step 1 is null"),
                tokens(
                        "negative",
                        "[0, -1]",
                        "token-out-of-range",
                        "token -1 at step 1 is outside [0, 2), the model's tokens"),
                tokens(
                        "out of range",
                        "[2]",
                        "token-out-of-range",
                        "token 2 at step 0 is outside [0, 2), the model's tokens"),
                tokens(
                        "beyond int",
                        "[4294967296]",
                        "token-out-of-range",
                        "token 4294967296 at step 0 is beyond any model's vocabulary"),
                tokens(
                        "beyond long",
                        "[99999999999999999999]",
                        "wrong-type",
                        "token 99999999999999999999 at step 0 is beyond 64 bits"),
                tokens("fractional", "[0, 0.5]", "wrong-type", "token 0.5 at step 1 is no whole number"),
                wrongType("numeric string", "[\"1\"]", "[\"1\"]"),
                wrongType("boolean", "[true]", "[true]"),
                features(
                        "NaN feature",
                        "[[1, 2, NaN, 4]]",
                        "feature-not-finite",
                        "feature 2 of step 0 is NaN: expected a finite number"),
                features(
                        "ragged width",
                        "[[1, 2, 3, 4], [1, 2, 3]]",
                        "wrong-input",
                        "step 1 has 3 features, the model reads 4"),
                features("one number a step", "[1, 2]", "wrong-type", "it holds [1,2], expected rows of features"),
                tokens("too long", "[0, 1, 0, 1, 0]", "too-long", "5 steps, input.max-length allows 4"),
                new Malformed(
                        "broken line",
                        TOKEN_MODEL,
                        TOKEN_LINES,
                        "{\"id\": 1, \"tokens\": [0",
                        "broken-record",
                        "a line is no JSON object: {\"id\": 1, \"tokens\": [0"));
    }

    private Run run(Malformed malformed, String output) {
        Path input = Disk.write(
                folder.resolve("in.json"),
                malformed.good().get(0) + "\n" + malformed.line() + "\n"
                        + malformed.good().get(1) + "\n");
        return settings(malformed, input, output);
    }

    private Run settings(Malformed malformed, Path input, String output) {
        return new Run()
                .with("model.path", malformed.model())
                .with("input.path", input)
                .with("input.format", "json")
                .with("input.min-length", "1")
                .with("input.max-length", "4")
                .with("bad-rows.max-fraction", "0.5")
                .with("output.path", folder.resolve(output));
    }

    /** The softmax of the two good rows, from a run over these rows only. */
    private List<Row> expected(Malformed malformed) {
        Path input = Disk.write(folder.resolve("good.json"), String.join("\n", malformed.good()) + "\n");
        return settings(malformed, input, "good")
                .table()
                .select("id", "softmax")
                .orderBy("id")
                .collectAsList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void failsTheRun(Malformed malformed) {
        Throwable failure = catchThrowable(run(malformed, "out")::score);

        assertThat(Failure.sentence(failure)).isEqualTo(malformed.sentence());
        assertThat(Failure.code(failure)).isEqualTo(ExitCode.BAD_ROWS);
        assertThat(Disk.names(folder)).containsExactly("in.json");
    }

    /** All malformed lines for one model, between the two good lines. */
    private Run everyKind(String model, String rule) {
        List<Malformed> kinds = kinds(model);
        List<String> good = kinds.get(0).good();
        String lines = kinds.stream().map(Malformed::line).collect(Collectors.joining("\n"));
        Path input = Disk.write(folder.resolve("all.json"), good.get(0) + "\n" + lines + "\n" + good.get(1) + "\n");
        return settings(kinds.get(0), input, "out").with("bad-rows.rule", rule).with("bad-rows.max-fraction", "1");
    }

    private static List<Malformed> kinds(String model) {
        return kinds().filter(kind -> kind.model().equals(model)).toList();
    }

    private static Row[] reasons(String model) {
        return kinds(model).stream()
                .map(kind -> RowFactory.create(kind.code(), BESIDE_TEXT.getOrDefault(kind.name(), kind.text())))
                .toArray(Row[]::new);
    }

    static Stream<String> models() {
        return Stream.of(TOKEN_MODEL, FEATURE_MODEL);
    }

    @ParameterizedTest
    @MethodSource("models")
    void areQuarantined(String model) {
        List<Row> expected = expected(kinds(model).get(0));

        Dataset<Row> table = everyKind(model, "quarantine").table();

        assertThat(table.select("id", "softmax").orderBy("id").collectAsList()).isEqualTo(expected);
        Dataset<Row> quarantine = LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").resolve(RunReport.BAD_ROWS).toString());
        assertThat(quarantine.select("reason.code", "reason.text").collectAsList())
                .containsExactly(reasons(model));
        assertThat(quarantine
                        .where("reason.code IN ('wrong-type', 'broken-record')")
                        .select("_corrupt_record")
                        .collectAsList()
                        .stream()
                        .map(row -> row.getString(0)))
                .as("lines that Spark could not parse")
                .containsExactlyElementsOf(kinds(model).stream()
                        .filter(kind -> List.of("wrong-type", "broken-record").contains(kind.code()))
                        .map(Malformed::line)
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("models")
    void haveNullAnswers(String model) {
        List<Row> expected = expected(kinds(model).get(0));

        Dataset<Row> table = everyKind(model, "null").table();

        assertThat(table.where("reason IS NULL")
                        .select("id", "softmax")
                        .orderBy("id")
                        .collectAsList())
                .isEqualTo(expected);
        assertThat(table.where("softmax IS NULL")
                        .select("reason.code", "reason.text")
                        .collectAsList())
                .containsExactly(reasons(model));
    }

    /** Spark cannot infer an element type from empty lists. */
    @Test
    void onlyEmptySequences() {
        Path input =
                Disk.write(folder.resolve("in.json"), "{\"id\": 0, \"tokens\": []}\n{\"id\": 1, \"tokens\": []}\n");
        Run run = new Run()
                .with("model.path", TOKEN_MODEL)
                .with("input.path", input)
                .with("input.format", "json")
                .with("output.path", folder.resolve("out"));

        assertThat(run.rows()).hasSize(2);
    }

    /** If all rows have another type, the column is wrong, and the run is refused. */
    @Test
    void aColumnOfAnotherTypeIsRefused() {
        Path input = Disk.write(folder.resolve("in.json"), "{\"tokens\": \"a b\"}\n{\"tokens\": \"b\"}\n");
        Run run = new Run()
                .with("model.path", TOKEN_MODEL)
                .with("input.path", input)
                .with("input.format", "json")
                .with("output.path", folder.resolve("out"));

        assertThat(catchThrowable(run::score))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("holds text, and there is no vocabulary");
    }
}
