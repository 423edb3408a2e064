package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;

/** Padding is stripped, so that a padded table has the bits of the sequences without it. */
class PaddedTablesTest {
    private static final Path CASE = Path.of("src", "test", "resources", "situations", "padded-tables");

    @TempDir
    Path folder;

    private Run run(String output) {
        return Run.of(TorchCase.named("uni_l1_h17"), folder.resolve(output)).with("output.emit", "hidden");
    }

    private Run ofCase(String input) {
        return run("case")
                .with("model.path", CASE.resolve("lm20.safetensors"))
                .with("input.path", CASE.resolve(input))
                .with("input.format", "json")
                .with("output.emit", "prediction");
    }

    @ParameterizedTest
    @CsvSource({"padded.jsonl, input.pad, 0", "padneg.jsonl, input.pad, -1", "padded.jsonl, input.length, len"})
    void theSituationHasItsExpectedPredictions(String input, String key, String value) {
        List<Row> rows = ofCase(input)
                .with(key, value)
                .table()
                .orderBy("id")
                .select("prediction")
                .collectAsList();
        assertThat(rows).extracting(row -> row.getInt(0)).containsExactly(1, 16, 0);
    }

    /** The row {@code id} has the sequence without padding; the row {@code id + 100} has it with padding. */
    private static void requireSame(Dataset<Row> table) {
        List<Row> rows = table.orderBy("id").collectAsList();
        int half = rows.size() / 2;
        for (int at = 0; at < half; at++) {
            assertThat(rows.get(at + half).<Object>getAs("hidden"))
                    .as("row %s", rows.get(at))
                    .isEqualTo(rows.get(at).<Object>getAs("hidden"));
        }
    }

    @Test
    void paddingIsStrippedAtBothEndsAndStaysInside() {
        Dataset<Row> plain = Tables.of(
                Tables.INTS, Tables.boxed(3, 0, 5), Tables.boxed(), Tables.boxed(7), Tables.boxed(1, 2, 3, 4));
        Dataset<Row> padded = Tables.of(
                        Tables.INTS,
                        Tables.boxed(0, 3, 0, 5, 0, 0),
                        Tables.boxed(0, 0),
                        Tables.boxed(7, 0),
                        Tables.boxed(0, 0, 1, 2, 3, 4))
                .withColumn("id", functions.col("id").plus(100));
        requireSame(run("ids")
                .withInput(plain.union(padded), 2, folder.resolve("in"))
                .with("input.pad", "0")
                .with("input.max-length", "4")
                .with("input.begin-token", "9")
                .table());
    }

    @Test
    void aStepOfFeaturesIsPaddingIfAllItsNumbersAre() {
        Double[] step = {1.0, 0.0, 2.0, -1.0};
        Double[] pad = {0.0, 0.0, 0.0, 0.0};
        Dataset<Row> rows = Tables.of(
                Tables.DOUBLE_ROWS, new Double[][] {step, pad, step}, new Double[][] {pad, step, pad, step, pad});
        requireSame(run("features")
                .with("model.path", TorchCase.named("float_l1_h17_in4").modelPath())
                .withInput(rows, 1, folder.resolve("in"))
                .with("input.pad", "0")
                .table());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NULL | its length (input.length) is null",
                "-1   | its length (input.length) is -1, and it holds 2 steps: expected 0 to 2",
                "3    | its length (input.length) is 3, and it holds 2 steps: expected 0 to 2"
            })
    void aWrongLengthIsABadRow(String length, String text) {
        Row row = run("out")
                .withInput(
                        LocalSpark.session()
                                .sql("SELECT 1 AS id, array(1, 2) AS tokens, CAST(%s AS int) AS n".formatted(length)),
                        1,
                        folder.resolve("in"))
                .with("input.length", "n")
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .rows()
                .get(0);
        Row reason = row.getStruct(row.fieldIndex("reason"));
        assertThat(reason.getString(0)).isEqualTo("wrong-length");
        assertThat(reason.getString(1)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.pad=x | | input.pad = 'x': the sequences hold token ids, expected a number",
                "input.length=id | input.pad=0 | input.pad and input.length are both set, and each says where a sequence ends",
                "input.length=tokens | | input.length: column 'tokens' has type array<int>, expected int or bigint",
                "input.length=n | | input.length: no column 'n' in the input"
            })
    void whatCannotBeIsRefused(String first, String second, String message) {
        Run run = run("refused").withInput(Tables.of(Tables.INTS, (Object) Tables.boxed(1)), 1, folder.resolve("in"));
        for (String setting : second == null ? List.of(first) : List.of(first, second)) {
            run.with(setting.split("=", 2)[0], setting.split("=", 2)[1]);
        }
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessageStartingWith(message);
    }
}
