package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;
import sluice.job.settings.InputFormat;
import sluice.job.settings.SettingValues;

/** The same rows give the same bits from every input format, filtered, and with some of their columns. */
class InputTableTest {
    private static final TorchCase TORCH = TorchCase.named("many_short");
    private static final List<int[]> SEQUENCES = TORCH.tokens().stream()
            .filter(sequence -> sequence.length > 0)
            .limit(12)
            .toList();

    @TempDir
    static Path files;

    private static List<Row> expected; // id, softmax

    @TempDir
    Path folder;

    @BeforeAll
    static void scoreParquet() {
        Run run = Run.of(TORCH, files.resolve("expected")).withInput(table(), 2, files.resolve("parquet"));
        expected = answers(run.table());
        assertThat(expected).hasSize(SEQUENCES.size());
    }

    private static Dataset<Row> table() {
        return Tables.ofIds(SEQUENCES).selectExpr("id", "concat('user ', id % 3) AS user", "tokens");
    }

    private static List<Row> answers(Dataset<Row> scored) {
        return scored.selectExpr("CAST(id AS int) AS id", "softmax")
                .orderBy("id")
                .collectAsList();
    }

    private Run run() {
        return Run.of(TORCH, folder.resolve("out"));
    }

    private Run run(Dataset<Row> input, BiConsumer<Dataset<Row>, String> writer, InputFormat format) {
        writer.accept(input, folder.resolve("in").toString());
        return run().with("input.path", folder.resolve("in")).with("input.format", SettingValues.name(format));
    }

    private static String text(int[] sequence) {
        return Arrays.stream(sequence).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    private static Dataset<Row> textTable() {
        return table().selectExpr("id", "user", "concat_ws(' ', tokens) AS tokens");
    }

    @ParameterizedTest
    @EnumSource
    void everyFormat(InputFormat format) {
        Run run = switch (format) {
            case PARQUET -> run(table(), (rows, path) -> rows.write().parquet(path), format);
            case ORC -> run(table(), (rows, path) -> rows.write().orc(path), format);
            case JSON -> run(table(), (rows, path) -> rows.write().json(path), format);
            case CSV ->
                run(
                        textTable(),
                        (rows, path) -> rows.write().option("header", true).csv(path),
                        format);
            case AVRO ->
                run(
                        table(),
                        (rows, path) -> rows.write().format(format.sparkName()).save(path),
                        format);
            case TEXT ->
                run(
                        textTable().coalesce(1).select("tokens"),
                        (rows, path) -> rows.write().text(path),
                        format);
            case TABLE -> {
                table().createOrReplaceTempView("events");
                yield run().with("input.path", "events").with("input.format", "table");
            }
        };

        Dataset<Row> scored = run.table();

        if (format == InputFormat.TEXT) { // a line has no other columns
            assertThat(scored.columns()).containsExactly("tokens", "softmax");
            assertThat(scored.select("softmax").collectAsList().stream().map(row -> row.getList(0)))
                    .containsExactlyInAnyOrderElementsOf(
                            expected.stream().map(row -> row.getList(1)).toList());
        } else {
            assertThat(answers(scored)).isEqualTo(expected);
        }
    }

    @Test
    void aLineThatIsNoRecordOfACsvFile() {
        Path input = Disk.write(
                folder.resolve("in.csv"),
                "id,tokens\n0,%s\n1\n2,%s\n3,%s\n".formatted(text(SEQUENCES.get(0)), text(SEQUENCES.get(2)), "1 x"));
        Run run = run().with("input.path", input).with("input.format", "csv");
        assertThatThrownBy(run::score)
                .rootCause()
                .hasMessage("a line is no CSV record of these columns: 1 (broken-record)");

        Dataset<Row> scored = run.with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "0.5")
                .table();

        assertThat(answers(scored.where("reason IS NULL"))).containsExactly(expected.get(0), expected.get(2));
        assertThat(scored.where("id = 3")
                        .select("reason.code", "reason.text")
                        .first()
                        .mkString(": "))
                .isEqualTo("unknown-word: 'x' at step 1 is no token id, and there is no vocabulary");
    }

    @Test
    void optionsOfTheReader() {
        Path input = Disk.write(
                folder.resolve("in.csv"),
                "id;tokens\n0;%s\n1;%s\n".formatted(text(SEQUENCES.get(0)), text(SEQUENCES.get(1))));

        Dataset<Row> scored = run().with("input.path", input)
                .with("input.format", "csv")
                .with("input.options.sep", ";")
                .table();

        assertThat(answers(scored)).isEqualTo(expected.subList(0, 2));
    }

    @Test
    void severalPathsAndPatternsOfPaths() {
        for (int id = 0; id < 6; id++) {
            table().where("id = " + id)
                    .write()
                    .parquet(folder.resolve("day" + id).toString());
        }

        Dataset<Row> scored = run().with("input.path", folder.resolve("day[0-3]") + ", " + folder.resolve("day5"))
                .table();

        assertThat(answers(scored))
                .isEqualTo(IntStream.of(0, 1, 2, 3, 5).mapToObj(expected::get).toList());
    }

    @Test
    void aFilterRemovesRows() {
        Dataset<Row> scored = run().withInput(table(), 2, folder.resolve("in"))
                .with("input.filter", "user = 'user 1' AND id > 2")
                .table();

        assertThat(answers(scored))
                .isEqualTo(expected.stream()
                        .filter(row -> row.getInt(0) % 3 == 1 && row.getInt(0) > 2)
                        .toList());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "usr = 1        | A column, variable, or function parameter with name `usr` cannot be resolved",
                "id +           | Syntax error at or near end of input",
                "id + 1         | Cannot resolve \"(id + 1)\" due to data type mismatch"
            })
    void aFilterThatDoesNotFitIsRefused(String filter, String reason) {
        Run run = run().withInput(table(), 1, folder.resolve("in")).with("input.filter", filter);

        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("input.filter = '%s': %s".formatted(filter, reason))
                .hasMessageEndingWith("the input has id (int), user (string), tokens (array<int>)");
    }

    @Test
    void onlyTheColumnsThatAreAskedFor() {
        Dataset<Row> scored = run().withInput(table(), 2, folder.resolve("in"))
                .with("input.columns", "user, id")
                .table();

        assertThat(scored.columns()).containsExactly("user", "id", "softmax");
        assertThat(answers(scored)).isEqualTo(expected);
    }

    @Test
    void aRowIsNamedByColumnsThatAreNotKept() {
        Dataset<Row> input = Tables.of(Tables.INTS, new Integer[] {1}, new Integer[] {-1});
        Run run = run().withInput(input, 1, folder.resolve("in")).with("input.columns", "tokens");

        assertThatThrownBy(run::score).rootCause().hasMessageStartingWith("row id=1: column 'tokens': token -1");

        run.with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", "0.5")
                .score();
        Dataset<Row> quarantine = LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").resolve(RunReport.BAD_ROWS).toString());
        assertThat(quarantine.columns()).as("nothing is lost").containsExactly("id", "tokens", "reason");
    }

    @Test
    void aMissingColumnIsRefused() {
        Run run = run().withInput(table(), 1, folder.resolve("in")).with("input.columns", "id, name");

        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "input.columns: no column 'name' in the input, which has id (int), user (string), tokens (array<int>); set it to columns of the input");
    }

    @ParameterizedTest
    @EnumSource(
            value = InputFormat.class,
            names = {"PARQUET", "JSON"})
    void aSequenceWithinStructs(InputFormat format) {
        Dataset<Row> nested = table().selectExpr(
                        "id", "IF(id = 1, NULL, named_struct('a.b', named_struct('tokens', tokens))) AS event");
        Run run = run(
                        nested,
                        (rows, path) -> rows.write().format(format.sparkName()).save(path),
                        format)
                .with("input.tokens", "event.a.b.tokens");
        assertThatThrownBy(run::score)
                .rootCause()
                .hasMessageStartingWith("row id=1: column 'event.a.b.tokens': it is null");

        Dataset<Row> scored = run.with("input.filter", "id <> 1").table();

        assertThat(scored.columns()).containsExactlyInAnyOrder("id", "event", "softmax");
        assertThat(answers(scored))
                .isEqualTo(expected.stream().filter(row -> row.getInt(0) != 1).toList());
    }

    @Test
    void beginAndEndTokensAreAdded() {
        List<int[]> withBoundaries = SEQUENCES.stream()
                .map(sequence -> IntStream.concat(
                                IntStream.concat(IntStream.of(1), Arrays.stream(sequence)), IntStream.of(2))
                        .toArray())
                .toList();
        List<Row> byHand = answers(run().with("output.path", folder.resolve("by hand"))
                .withInput(Tables.ofIds(withBoundaries), 1, folder.resolve("withBoundaries"))
                .table());

        Dataset<Row> scored = run().withInput(table(), 2, folder.resolve("in"))
                .with("input.begin-token", "1")
                .with("input.end-token", "2")
                .table();

        assertThat(answers(scored)).isEqualTo(byHand);
    }

    @ParameterizedTest
    @CsvSource({"keep-first, 0, 3", "keep-last, 2, 5"})
    void aLongSequenceMayBeCut(String rule, int from, int to) {
        int[] whole = {3, 1, 4, 1, 5};
        Integer[] part = Tables.boxed(Arrays.copyOfRange(whole, from, to));
        List<Row> byHand = answers(run().with("output.path", folder.resolve("by hand"))
                .withInput(Tables.of(Tables.INTS, new Object[] {part}), 1, folder.resolve("part"))
                .table());

        Dataset<Row> scored = run().withInput(Tables.ofIds(List.of(whole)), 1, folder.resolve("in"))
                .with("input.max-length", "3")
                .with("input.too-long", rule)
                .table();

        assertThat(answers(scored)).isEqualTo(byHand);
        assertThat(scored.select("tokens").first().getList(0))
                .as("the output keeps the whole sequence")
                .hasSize(5);
    }

    @Test
    void aMissingTableIsRefused() {
        Run run = run().with("input.path", "no.such_table").with("input.format", "table");

        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "no.such_table: no such table in this session's catalogs; check --input and the spark.sql.catalog settings; tables of Hive need --conf spark.sql.catalogImplementation=hive");
    }

    /** The message names the column's type. */
    @Test
    void aColumnOfMapsIsRefused() {
        Dataset<Row> input = table().selectExpr("id", "map('a', tokens) AS tokens");
        Run run = run().withInput(input, 1, folder.resolve("in"));

        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(
                        "input.tokens: column 'tokens' has type map<string,array<int>>, expected array<int|bigint>");
    }

    @Test
    void aDamagedFileIsNamed() {
        Path in = folder.resolve("in");
        run().withInput(table(), 2, in);
        Disk.write(in.resolve("part-damaged.parquet"), "PAR1 this is no Parquet PAR1");
        Run run = run().with("input.path", in);

        assertThatThrownBy(run::score)
                .satisfies(failure -> assertThat(Failure.sentence(failure))
                        .contains("part-damaged.parquet")
                        .doesNotContain("\n"));
        assertThat(Disk.names(folder)).containsExactly("in");
    }
}
