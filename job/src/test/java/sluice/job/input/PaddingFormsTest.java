package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;

/** Padding of words, of lists in text, of numbers and of features that a model skips: the bits are those without padding. */
class PaddingFormsTest {
    private static final TorchCase TOKENS = TorchCase.named("uni_l1_h17");
    private static final TorchCase FEATURES = TorchCase.named("float_l1_h17_in4");
    private static final Path MASKED =
            Path.of("..", "cell", "src", "test", "resources", "real-models", "k_features_masking", "model.keras");

    @TempDir
    Path folder;

    private int runs;

    private Run run(Path model) {
        runs++;
        return new Run()
                .with("model.path", model)
                .with("output.path", folder.resolve("out-" + runs))
                .with("output.emit", "hidden");
    }

    private Run run(TorchCase torch) {
        return run(Path.of(torch.modelPath()));
    }

    /** The table has one row, whose sequence is this SQL value. */
    private Run ofValue(Run run, String value) {
        return run.withInput(
                LocalSpark.session().sql("SELECT %s AS tokens".formatted(value)), 1, folder.resolve("in-" + runs));
    }

    private Run ofCsv(Run run, String... lines) {
        Path file = Disk.write(folder.resolve("in-" + runs + ".csv"), String.join("\n", lines) + "\n");
        return run.with("input.path", file).with("input.format", "csv");
    }

    private Path words() {
        return Disk.write(
                folder.resolve("words.txt"),
                IntStream.range(0, TOKENS.model().tokens())
                        .mapToObj(id -> id == 0 ? "<pad>" : "w" + id)
                        .collect(Collectors.joining("\n")));
    }

    private static Object hidden(Run run) {
        return run.rows().get(0).getAs("hidden");
    }

    private static String reason(Run run) {
        Row row = run.with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .rows()
                .get(0);
        return row.getStruct(row.fieldIndex("reason")).mkString(": ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "array('<pad>', 'w3', '<pad>', 'w5', '<pad>', '<pad>') | <pad>",
                "concat('<pad> <pad> w3', ' <pad> w5 <pad>') | <pad>",
                "array('0', 'w3', '<pad>', 'w5', '0.0', '0') | 0" // words are no numbers
            })
    void paddingOfWords(String value, String pad) {
        Object plain = hidden(ofValue(run(TOKENS), "array(3, 0, 5)"));
        Run padded =
                ofValue(run(TOKENS), value).with("input.vocabulary", words()).with("input.pad", pad);
        if (value.contains("0.0")) {
            assertThat(reason(padded)).startsWith("unknown-word: word '0.0' at step 3 is not in the vocabulary");
        } else {
            assertThat(hidden(padded)).isEqualTo(plain);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "whitespace | 0 3 0 5 0 0       | 0",
                "whitespace | 0.0 3 0.0 5.0 0.0 | 0",
                "list       | \"[0, 3, 0, 5]\"  | 0",
                "whitespace | 3 0 5 - -         | -"
            })
    void paddingOfIdsInText(String splitter, String text, String pad) {
        Object plain = hidden(ofValue(run(TOKENS), "array(3, 0, 5)"));
        assertThat(hidden(ofCsv(run(TOKENS), "tokens", text)
                        .with("input.splitter", splitter)
                        .with("input.pad", pad)))
                .isEqualTo(plain);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "array(array(0d, 0d, 0d, 0d), array(1d, 2d, 3d, 4.5d), array(0d, 0d, 1d, 2d), array(0d, 0d, 0d, 0d)) | 0",
                "array(array(1d, 2d, 3d, 4.5d), array(0d, 0d, 1d, 2d), array(double('NaN'), double('NaN'), double('NaN'), double('NaN'))) | NaN",
                "array(1d, 2d, 3d, 4.5d, 0d, 0d, 1d, 2d, -1d, -1d, -1d, -1d) | -1",
                "array(struct(1d, 2d, 3d, 4.5d), struct(0d, 0d, 1d, 2d), struct(9d, 9d, 9d, 9d)) | 9.0",
                "concat('[[0, 0.0, 0, 0], ', '[1, 2, 3, 4.5], [0, 0, 1, 2]]') | 0"
            })
    void paddingOfFeatures(String value, String pad) {
        Object plain = hidden(ofValue(run(FEATURES), "array(array(1d, 2d, 3d, 4.5d), array(0d, 0d, 1d, 2d))"));
        assertThat(hidden(ofValue(run(FEATURES), value)
                        .with("input.splitter", value.startsWith("concat") ? "list" : "whitespace")
                        .with("input.pad", pad)))
                .isEqualTo(plain);
    }

    /** Keras' Masking skips steps of zeros, so they are defects unless they are stripped as padding. */
    @Test
    void paddingThatTheModelSkips() {
        String step = "array(0.5d, -1d, 2d, 0d, 1d)";
        String mask = "array(0d, 0d, 0d, 0d, 0d)";
        Object plain = hidden(ofValue(run(MASKED), "array(%s, %s)".formatted(step, step)));
        String padded = "array(%s, %s, %s, %s)".formatted(mask, step, step, mask);
        assertThat(hidden(ofValue(run(MASKED), padded).with("input.pad", "0"))).isEqualTo(plain);
        assertThat(reason(ofValue(run(MASKED), padded)))
                .isEqualTo(
                        "step-is-masked: all features of step 0 are 0.0, which this model skips (mask_value); leave such steps out");
        assertThat(reason(ofValue(run(MASKED), "array(%s, %s, %s)".formatted(step, mask, step))
                        .with("input.pad", "0")))
                .startsWith("step-is-masked: all features of step 1 are 0.0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CAST(2 AS tinyint) | tokens | ''",
                "2L                 | tokens | ''",
                "2.0d               | tokens | ''",
                "CAST(2 AS decimal(10, 2)) | tokens | ''",
                "2.5d               | tokens | wrong-length: its length (input.length) is 2.5, and it holds 3 steps: expected 0 to 3",
                "double('NaN')      | tokens | wrong-length: its length (input.length) is NaN, and it holds 3 steps: expected 0 to 3",
                "5000000000L        | tokens | wrong-length: its length (input.length) is 5000000000, and it holds 3 steps: expected 0 to 3"
            })
    void lengthsOfAnyNumberType(String length, String column, String reason) {
        Run run = run(TOKENS)
                .withInput(
                        LocalSpark.session().sql("SELECT array(3, 5, 7) AS %s, %s AS n".formatted(column, length)),
                        1,
                        folder.resolve("in-" + runs))
                .with("input.length", "n");
        if (reason.isEmpty()) {
            assertThat(hidden(run)).isEqualTo(hidden(ofValue(run(TOKENS), "array(3, 5)")));
        } else {
            assertThat(reason(run)).isEqualTo(reason);
        }
    }

    @Test
    void lengthsInCsvAreTexts() {
        Object plain = hidden(ofValue(run(TOKENS), "array(3, 5)"));
        Run run = ofCsv(run(TOKENS), "n,tokens", "2,3 5 7", " 2.0,3 5 7", "two,3 5 7", "4,3 5 7", ",3 5 7")
                .with("input.length", "n")
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1");
        List<Row> rows = run.rows();
        assertThat(rows.get(0).<Object>getAs("hidden")).isEqualTo(plain);
        assertThat(rows.get(1).<Object>getAs("hidden")).isEqualTo(plain);
        assertThat(rows.subList(2, 5))
                .extracting(row -> row.getStruct(row.fieldIndex("reason")).getString(1))
                .containsExactly(
                        "its length (input.length) is two, and it holds 3 steps: expected 0 to 3",
                        "its length (input.length) is 4, and it holds 3 steps: expected 0 to 3",
                        "its length (input.length) is null");
    }

    @Test
    void aLengthOfFeaturesIsOfSteps() {
        Object plain = hidden(ofValue(run(FEATURES), "array(array(1d, 2d, 3d, 4.5d))"));
        for (String value : List.of(
                "array(array(1d, 2d, 3d, 4.5d), array(0d, 0d, 1d, 2d))", "array(1d, 2d, 3d, 4.5d, 0d, 0d, 1d, 2d)")) {
            Run run = run(FEATURES)
                    .withInput(
                            LocalSpark.session().sql("SELECT 1 AS n, %s AS tokens".formatted(value)),
                            1,
                            folder.resolve("in-" + runs))
                    .with("input.length", "n");
            assertThat(hidden(run)).isEqualTo(plain);
        }
    }

    @Test
    void aPadThatIsNoNumberIsRefusedForNumbers() {
        assertThatThrownBy(() -> ofValue(run(FEATURES), "array(array(1d, 2d, 3d, 4d))")
                        .with("input.pad", "none")
                        .score())
                .isInstanceOf(RefusedException.class)
                .hasMessage("input.pad = 'none': the sequences hold rows of features, expected a number");
    }
}
