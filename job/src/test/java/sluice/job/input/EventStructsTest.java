package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;

/** Events as arrays of structs, and features as structs or in one flat list, have the bits of arrays. */
class EventStructsTest {
    private static final TorchCase TOKENS = TorchCase.named("uni_l1_h17");
    private static final TorchCase FEATURES = TorchCase.named("float_l1_h17_in4");

    @TempDir
    Path folder;

    private int runs;

    private Run run(TorchCase torch, String query) {
        runs++;
        return Run.of(torch, folder.resolve("out-" + runs))
                .withInput(LocalSpark.session().sql(query), 1, folder.resolve("in-" + runs))
                .with("output.emit", "hidden");
    }

    private Object hidden(Run run) {
        return run.rows().get(0).getAs("hidden");
    }

    @ParameterizedTest
    @CsvSource({
        "'',                       '5, 3, 9, 4'",
        "events.ts,                '3, 5, 4, 9'",
        "'events.ts desc',         '9, 5, 4, 3'",
        "'events.ts, events.item', '3, 4, 5, 9'",
        "events.text,              '9, 3, 4, 5'"
    })
    void aFieldOfAnArrayOfStructsIsTheSequenceInTheOrderOfAnotherField(String order, String expected) {
        String events =
                "SELECT array(named_struct('ts', 2, 'item', 5, 'text', '100'), named_struct('ts', 1, 'item', 3, 'text', '10'),"
                        + " named_struct('ts', 3, 'item', 9, 'text', '9'), named_struct('ts', 2, 'item', 4, 'text', '11')) AS events";
        Object sequence = hidden(run(TOKENS, "SELECT array(%s) AS tokens".formatted(expected)));
        Run run = run(TOKENS, events).with("input.tokens", "events.item").with("input.order-by", order);
        Row row = run.rows().get(0);
        assertThat(row.<Object>getAs("hidden")).isEqualTo(sequence);
        assertThat(row.schema().fieldNames()).containsExactly("events", "hidden");
    }

    @Test
    void anEventWithoutItsPlaceIsABadRow() {
        Row row = run(
                        TOKENS,
                        "SELECT array(named_struct('ts', CAST(NULL AS int), 'item', 5), named_struct('ts', 1, 'item', 3)) AS events")
                .with("input.tokens", "events.item")
                .with("input.order-by", "events.ts")
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .rows()
                .get(0);
        assertThat(row.getStruct(row.fieldIndex("reason")).toString())
                .isEqualTo("[null-order,events.ts of an event is null, so its place is unknown]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "events.item | events.ts,events.item desc | input.order-by = [events.ts, events.item desc]: the elements of an array are sorted in one direction",
                "events.item | id                         | input.order-by: 'id' is not a field of 'events', the array of 'events.item'",
                "events.item | events.t                   | input.order-by: no column 'events.t' in the input",
                "plain       | events.ts                  | input.order-by = [events.ts]: 'plain' is not a field of an array of structs"
            })
    void anOrderThatCannotBeIsRefused(String tokens, String order, String message) {
        Run run = run(TOKENS, "SELECT 1 AS id, array(1) AS plain, array(struct(2 AS ts, 5 AS item)) AS events")
                .with("input.tokens", tokens)
                .with("input.order-by", order);
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "array(named_struct('temp', 1f, 'pressure', 2f, 'rpm', 3, 'load', 4.5d), named_struct('temp', 0f, 'pressure', 0f, 'rpm', 1, 'load', 2d))",
                "array(1d, 2d, 3d, 4.5d, 0d, 0d, 1d, 2d)",
            })
    void structsAndFlatNumbersAreStepsOfFeatures(String value) {
        Object rows = hidden(run(FEATURES, "SELECT array(array(1d, 2d, 3d, 4.5d), array(0d, 0d, 1d, 2d)) AS tokens"));
        assertThat(hidden(run(FEATURES, "SELECT %s AS tokens".formatted(value))))
                .isEqualTo(rows);
    }

    @Test
    void wholeFlatNumbersAreFeaturesIfTheModelIsSaidToReadThem() {
        Object rows = hidden(run(FEATURES, "SELECT array(array(1d, 2d, 3d, 4d)) AS tokens"));
        assertThat(hidden(run(FEATURES, "SELECT array(1, 2, 3, 4) AS tokens").with("model.input", "features")))
                .isEqualTo(rows);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "array(1d, 2d, 3d) | wrong-input | it holds 3 numbers, no multiple of the 4 features that the model reads a step",
                "array(struct(1d AS a, 2d AS b)) | wrong-input | step 0 has 2 features, the model reads 4",
                "array(struct(1d AS a, 2d AS b, 3d AS c, CAST(NULL AS double) AS d)) | null-element | the element at step 0 is null"
            })
    void anotherNumberOfFeaturesIsABadRow(String value, String code, String text) {
        List<Row> rows = run(FEATURES, "SELECT %s AS tokens".formatted(value))
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .rows();
        Row reason = rows.get(0).getStruct(rows.get(0).fieldIndex("reason"));
        assertThat(reason.getString(0)).isEqualTo(code);
        assertThat(reason.getString(1)).isEqualTo(text);
    }
}
