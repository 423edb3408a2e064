package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;

/** A run that continues from states that another run wrote to files gives the same bits as one run over whole sequences. */
class InputStateTest {
    private static final List<String> COLUMNS = List.of("softmax", "topk", "hidden", "cell");

    @TempDir
    Path folder;

    private Run run(TorchCase torch, String name) {
        return Run.of(torch, folder.resolve(name)).with("output.top-k", 2);
    }

    /** Row {@code id} holds the tokens that {@code part} takes from its sequence. */
    private interface Part {
        int[] of(int[] tokens, int cut);
    }

    private static Dataset<Row> table(TorchCase torch, int[] cuts, Part part) {
        List<int[]> parts = new ArrayList<>();
        for (int id = 0; id < cuts.length; id++) {
            parts.add(part.of(torch.tokens().get(id), cuts[id]));
        }
        return Tables.ofIds(parts);
    }

    /** The first part of every third row is empty if {@code freshToo}; its state is null. */
    private static int[] cuts(TorchCase torch, boolean freshToo) {
        Random random = new Random(3);
        int[] cuts = torch.tokens().stream()
                .mapToInt(tokens -> random.nextInt(tokens.length + 1))
                .toArray();
        for (int id = 0; freshToo && id < cuts.length; id += 3) {
            cuts[id] = 0;
        }
        return cuts;
    }

    @ParameterizedTest
    @CsvSource({
        "uni_l2_h17, parquet, vector, 1",
        "uni_l2_h17, json, scalar, 3",
        "proj_l1_h17_p5, parquet, scalar, 2",
        "many_short, parquet, auto, 3",
        "many_short, json, auto, 1"
    })
    void theRestHasTheBitsOfTheWhole(String name, String format, String kernel, int files) {
        TorchCase torch = TorchCase.named(name);
        int[] cuts = cuts(torch, true);
        Run first = run(torch, "first")
                .withInput(
                        table(torch, cuts, (tokens, cut) -> Arrays.copyOf(tokens, cut)), files, folder.resolve("in1"))
                .with("output.emit", "state")
                .with("output.format", format)
                .with("scoring.kernel", kernel);
        Dataset<Row> states = first.table().selectExpr("id", "IF(id % 3 = 0, NULL, state) AS state");
        Dataset<Row> rest = table(torch, cuts, (tokens, cut) -> Arrays.copyOfRange(tokens, cut, tokens.length))
                .join(states, "id");
        List<Row> rests = run(torch, "rests")
                .withInput(rest, files, folder.resolve("in2"))
                .with("input.state", "state")
                .with("output.prefix", "new_")
                .with("output.at", "each")
                .with("output.emit", String.join(",", COLUMNS))
                .with("scoring.kernel", kernel)
                .with("scoring.batch-bytes", 4_000)
                .rows();
        List<Row> ends = run(torch, "ends")
                .with("input.path", folder.resolve("in2"))
                .with("input.state", "state")
                .with("output.prefix", "new_")
                .with("output.emit", "state")
                .rows();
        List<Row> wholes = run(torch, "wholes")
                .withInput(Tables.ofIds(torch.tokens()), 1, folder.resolve("in3"))
                .with("output.at", "each")
                .with("output.emit", String.join(",", COLUMNS))
                .rows();
        List<Row> wholeEnds = run(torch, "whole ends")
                .with("input.path", folder.resolve("in3"))
                .with("output.emit", "state")
                .rows();
        assertThat(rests).hasSameSizeAs(wholes);
        for (Row row : rests) {
            int id = row.getAs("id");
            for (String column : COLUMNS) {
                List<?> steps = byId(wholes, id).getList(byId(wholes, id).fieldIndex(column));
                assertThat(Answers.flat(row.getAs("new_" + column)))
                        .as("%s of row %d, cut at %d", column, id, cuts[id])
                        .isEqualTo(Answers.flat(steps.subList(cuts[id], steps.size())));
            }
            assertThat(Answers.flat(byId(ends, id).getAs("new_state")))
                    .as("state of row %d, cut at %d", id, cuts[id])
                    .isEqualTo(Answers.flat(byId(wholeEnds, id).getAs("state")));
        }
    }

    private static Row byId(List<Row> rows, int id) {
        return rows.stream()
                .filter(row -> row.<Integer>getAs("id") == id)
                .findFirst()
                .orElseThrow();
    }

    // Rows whose state does not fit the model

    private static final StructType STATE =
            new StructType().add("h", Tables.FLOAT_ROWS).add("c", Tables.FLOAT_ROWS); // of vocab_2, which has one layer

    private record BadState(String name, Object hidden, Object cell, String complaint) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Float[][] rows(Float[]... rows) {
        return rows;
    }

    private static Float[] row(Float... values) {
        return values;
    }

    private static final int UNITS =
            TorchCase.named("vocab_2").model().directions().get(0).hiddenWidth();

    private static Float[] units(float last) {
        Float[] row = new Float[UNITS];
        Arrays.fill(row, 0.5f);
        row[UNITS - 1] = last;
        return row;
    }

    static Stream<BadState> badStates() {
        Float[][] good = rows(units(0));
        Float[] withNull = units(0);
        withNull[1] = null;
        Float[] wide = Arrays.copyOf(units(0), UNITS + 1);
        wide[UNITS] = 0f;
        return Stream.of(
                new BadState("no h", null, good, "the state's h is null, expected a row of numbers for each layer"),
                new BadState("no c", good, null, "the state's c is null, expected a row of numbers for each layer"),
                new BadState(
                        "no layer", good, rows((Float[]) null), "row 0 of the state's c is null, expected numbers"),
                new BadState("a null", rows(withNull), good, "number 1 in row 0 of the state's h is null"),
                new BadState(
                        "two layers",
                        rows(units(0), units(0)),
                        good,
                        "a state with 2 rows of h and 1 rows of c: expected one row for each of the model's 1 directions"),
                new BadState(
                        "none",
                        rows(),
                        rows(),
                        "a state with 0 rows of h and 0 rows of c: expected one row for each of the model's 1 directions"),
                new BadState(
                        "wide",
                        good,
                        rows(wide),
                        String.format(
                                Locale.ROOT, "row 0 of the state's c has %d values, expected %d", UNITS + 1, UNITS)),
                new BadState(
                        "narrow",
                        rows(row(1f)),
                        good,
                        String.format(Locale.ROOT, "row 0 of the state's h has 1 values, expected %d", UNITS)),
                new BadState(
                        "no number",
                        good,
                        rows(units(Float.NaN)),
                        "row 0 of the state's c holds NaN: expected at most 1.09951163E12 in magnitude"),
                new BadState(
                        "infinity",
                        rows(units(Float.NEGATIVE_INFINITY)),
                        good,
                        "row 0 of the state's h holds -Infinity: expected at most 1.09951163E12 in magnitude"),
                new BadState(
                        "too large",
                        good,
                        rows(units(Math.nextUp(0x1p40f))),
                        "row 0 of the state's c holds 1.09951176E12: expected at most 1.09951163E12 in magnitude"));
    }

    private static Dataset<Row> withState(DataType type, Object state) {
        StructType schema = new StructType()
                .add("id", DataTypes.IntegerType)
                .add("tokens", Tables.INTS)
                .add("before", type);
        return LocalSpark.session()
                .createDataFrame(
                        List.of(
                                RowFactory.create(0, Tables.boxed(0, 1), null),
                                RowFactory.create(1, Tables.boxed(1), state)),
                        schema);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badStates")
    void aStateThatDoesNotFitTheModelIsABadRow(BadState bad) {
        Run run = run(TorchCase.named("vocab_2"), "out")
                .withInput(withState(STATE, RowFactory.create(bad.hidden(), bad.cell())), 1, folder.resolve("in"))
                .with("input.state", "before");
        assertThat(Failure.sentence(catchThrowable(run::score)))
                .isEqualTo("row id=1: column 'before': " + bad.complaint() + " (wrong-state)");
        assertThat(Disk.names(folder)).containsExactly("in");
    }

    @Test
    void theLargestStateAndAnEmptySequenceAreScored() {
        Object state = RowFactory.create(rows(units(0x1p40f)), rows(units(-0x1p40f)));
        Dataset<Row> input =
                withState(STATE, state).selectExpr("id", "IF(id = 1, array(), tokens) AS tokens", "before");
        List<Row> rows = run(TorchCase.named("vocab_2"), "out")
                .withInput(input, 1, folder.resolve("in"))
                .with("input.state", "before")
                .with("output.emit", "state,softmax")
                .rows();
        assertThat(Answers.flat(byId(rows, 1).getAs("state")))
                .as("an empty sequence leaves its state as it is")
                .isEqualTo(Answers.flat(byId(rows, 1).getAs("before")));
        assertThat(byId(rows, 0).isNullAt(2)).isTrue();
    }

    // Columns and models that do not fit together are refused before any task starts

    private void assertRefused(Run run, String message) {
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessage(message);
        assertThat(Disk.names(folder)).containsExactly("in");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "array(0.5F)                                       | array<float>",
                "named_struct('h', array(array(0.5F)))             | struct<h:array<array<float>>>",
                "named_struct('h', array(0.5F), 'c', array(0.5F))  | struct<h:array<float>,c:array<float>>",
                "named_struct('h', array(array('x')), 'c', array(array('y'))) | struct<h:array<array<string>>,c:array<array<string>>>"
            })
    void aColumnOfAnotherTypeIsRefused(String expression, String type) {
        Dataset<Row> input = Tables.ofIds(List.of(new int[] {0, 1})).selectExpr("*", expression + " AS state");
        assertRefused(
                run(TorchCase.named("vocab_2"), "out")
                        .withInput(input, 1, folder.resolve("in"))
                        .with("input.state", "state"),
                "input.state: column 'state' has type %s, expected struct<h,c> of array<array<float|double>>, as output.emit = state writes it"
                        .formatted(type));
    }

    @Test
    void aMissingColumnIsNamed() {
        assertRefused(
                run(TorchCase.named("vocab_2"), "out")
                        .withInput(Tables.ofIds(List.of(new int[] {0})), 1, folder.resolve("in"))
                        .with("input.state", "before"),
                "input.state: no column 'before' in the input, which has id (int), tokens (array<int>); set input.state to one of these, or leave it empty");
    }

    @Test
    void aModelThatReadsBackwardTooIsRefused() {
        assertRefused(
                run(TorchCase.named("bi_l2_h17"), "out")
                        .withInput(withState(STATE, null), 1, folder.resolve("in"))
                        .with("input.state", "before"),
                "input.state: the model also reads backward, from a sequence's end, so it cannot continue from the state of an earlier part: "
                        + "score whole sequences and leave input.state empty");
    }
}
