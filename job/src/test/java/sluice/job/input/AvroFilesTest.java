package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.OutputFormat;

/** Avro files of another library than Spark's, without the package that gives Spark the name of the format. */
class AvroFilesTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    /** The sequences of all files, by id. */
    private static final List<int[]> SEQUENCES =
            List.of(new int[] {0, 1, 0}, new int[] {1, 1}, new int[] {0}, new int[] {1, 0, 0, 1, 1});

    private static final String ANSWERS = "softmax,prediction,loglik";

    /** Ends each block of the files, and their headers. */
    private static final byte[] MARK = "sluice test file".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    static Path shared;

    private static Map<List<Integer>, List<Object>> expected; // answers by sequence

    @TempDir
    Path folder;

    @BeforeAll
    static void scoreInParquet() {
        Dataset<Row> scored = Run.of(TORCH, shared.resolve("out"))
                .withInput(Tables.ofIds(SEQUENCES), 1, shared.resolve("in"))
                .with("output.emit", ANSWERS)
                .table();
        expected = new HashMap<>();
        scored.collectAsList().forEach(row -> expected.put(sequence(row), answers(row)));
    }

    private static List<Integer> sequence(Row row) {
        return Arrays.stream(SEQUENCES.get(row.<Number>getAs("id").intValue() % 10))
                .boxed()
                .toList();
    }

    private static List<Object> answers(Row row) {
        return Arrays.stream(ANSWERS.split(",")).map(row::<Object>getAs).toList();
    }

    private static Path resource(String name) {
        try {
            return Path.of(AvroFilesTest.class.getResource("/avro/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void copy(String name) throws IOException {
        Files.createDirectories(folder.resolve("in"));
        Files.copy(resource(name), folder.resolve("in").resolve(name));
    }

    private Run run(Path input) {
        return Run.of(TORCH, folder.resolve("out"))
                .with("input.path", input)
                .with("input.format", "avro")
                .with("output.emit", ANSWERS);
    }

    private static void assertBits(List<Row> rows, int count) {
        assertThat(rows).hasSize(count);
        for (Row row : rows) {
            assertThat(answers(row)).as("%s", row).isEqualTo(expected.get(sequence(row)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "deflate", "snappy", "zstandard", "bzip2", "xz"})
    void allCodecs(String codec) {
        assertBits(run(resource("codec-" + codec + ".avro")).rows(), SEQUENCES.size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ids_int",
                "ids_long",
                "ids_float",
                "ids_double",
                "ids_decimal",
                "ids_int_or_long",
                "ids_or_null",
                "null_last",
                "nested.tokens",
                "words",
                "enums",
                "text"
            })
    void allTypesOfSequences(String column) {
        Run run = run(resource("types.avro")).with("input.tokens", column).with("input.columns", "id");
        if (List.of("words", "enums", "text").contains(column)) {
            run.with("input.vocabulary", Disk.write(folder.resolve("words.txt"), "left\nright\n"));
        }
        assertBits(run.rows(), SEQUENCES.size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "raw    | array<binary>",
                "fixed  | array<binary>",
                "either | array<struct<member0:int,member1:string>>"
            })
    void typesThatHoldNoTokensAreRefused(String column, String type) {
        assertThatThrownBy(run(resource("types.avro")).with("input.tokens", column)::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("input.tokens: column '%s' has type %s, expected ".formatted(column, type));
    }

    @Test
    void nullsAreBadRows() {
        Dataset<Row> scored = run(resource("nulls.avro"))
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .table();
        assertBits(scored.where("reason IS NULL").collectAsList(), 1);
        assertThat(scored.where("reason IS NOT NULL").orderBy("id").select("reason.code").collectAsList().stream()
                        .map(row -> row.getString(0)))
                .containsExactly("null-sequence", "null-element");
    }

    /** Times of each logical type are in one order. */
    @ParameterizedTest
    @ValueSource(strings = {"millis", "micros", "local", "day", "text"})
    void eventsBecomeSequences(String order) {
        List<Row> rows = run(resource("events.avro"))
                .with("input.tokens", "token")
                .with("input.group-by", "user")
                .with("input.order-by", order)
                .table()
                .selectExpr("CAST(substr(user, 2) AS int) AS id", "token", "softmax", "prediction", "loglik")
                .collectAsList();
        assertBits(rows, SEQUENCES.size());
        for (Row row : rows) {
            assertThat(row.<Integer>getList(1)).isEqualTo(sequence(row));
        }
    }

    // Several files

    @Test
    void filesWithSeveralTypesAreReadWithTheWiderOne() throws IOException {
        copy("codec-null.avro");
        copy("later-long.avro");
        Dataset<Row> scored = run(folder.resolve("in")).table();
        assertThat(scored.schema().apply("tokens").dataType().simpleString()).isEqualTo("array<bigint>");
        assertBits(scored.collectAsList(), 2 * SEQUENCES.size());
    }

    @Test
    void laterFilesAreReadAsTheFirstOnes() throws IOException {
        copy("codec-null.avro");
        runNew().scoreNew();
        copy("later-long.avro");
        Run second = runNew();
        second.scoreNew();
        assertThat(second.said())
                .contains(
                        "note: batch 1: column 'tokens' has type array<bigint> in new files; it is read as array<int>")
                .contains("channel");
        copy("later-large.avro");
        assertThatThrownBy(runNew()::scoreNew)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(
                        "column 'tokens' has type array<bigint> in the new files, and array<int> in the files before, which does not hold the value");
        assertBits(
                LocalSpark.session()
                        .read()
                        .parquet(folder.resolve("out").toString())
                        .collectAsList(),
                2 * SEQUENCES.size());
    }

    @Test
    void aLaterFileWithoutTheColumnIsRefused() throws IOException {
        copy("codec-null.avro");
        runNew().scoreNew();
        copy("later-without.avro");
        assertThatThrownBy(runNew()::scoreNew)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("later-without.avro: has no column 'tokens', which the files before it have");
    }

    private Run runNew() {
        return run(folder.resolve("in")).with("input.checkpoint", folder.resolve("checkpoint"));
    }

    // Damaged files

    /** Where each block ends; the first one is the header. */
    private static List<Integer> ends(byte[] file) {
        List<Integer> ends = new ArrayList<>();
        for (int at = 0; at + MARK.length <= file.length; at++) {
            if (Arrays.equals(file, at, at + MARK.length, MARK, 0, MARK.length)) {
                ends.add(at + MARK.length);
            }
        }
        return ends;
    }

    /** Beside a good file. A file that ends after a whole block is not damaged: Avro does not store the number of blocks. */
    @Test
    void aDamagedFileFailsTheRun() throws IOException {
        copy("codec-deflate.avro");
        byte[] good = Files.readAllBytes(resource("codec-null.avro"));
        List<Integer> ends = ends(good);
        assertThat(ends).hasSizeGreaterThan(1).last().isEqualTo(good.length);
        int header = ends.get(0);
        for (int length : new int[] {header + 3, good.length - MARK.length, good.length - 1}) {
            assertDamaged(Arrays.copyOf(good, length), ExitCode.FAILED, "it is damaged or not complete");
        }
        byte[] changed = good.clone();
        changed[good.length - 3] ^= 1; // in the mark
        assertDamaged(changed, ExitCode.FAILED, "can't be read: ");
        Path cut = folder.resolve("in/damaged.avro");
        Files.write(cut, Arrays.copyOf(good, header));
        assertThat(run(folder.resolve("in")).score().measured().rows()).isEqualTo(SEQUENCES.size());
    }

    private void assertDamaged(byte[] content, ExitCode code, String words) throws IOException {
        Files.write(folder.resolve("in/damaged.avro"), content);
        Throwable failure = catchThrowable(run(folder.resolve("in"))::score);
        assertThat(Failure.code(failure)).isEqualTo(code);
        assertThat(Failure.sentence(failure)).contains("damaged.avro: can't be read: ", words, "nothing was written");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 100})
    void aFileWithoutAWholeHeaderIsRefused(int length) throws IOException {
        Path input = folder.resolve("in.avro");
        Files.write(input, Arrays.copyOf(Files.readAllBytes(resource("codec-null.avro")), length));
        assertThatThrownBy(run(input)::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(input + ": not readable as avro: ");
    }

    // Output

    private Dataset<Row> written() {
        return LocalSpark.session()
                .read()
                .format(OutputFormat.AVRO.sparkName())
                .load(folder.resolve("out").toString());
    }

    @Test
    void theOutputIsAvroInEachMode() {
        run(resource("codec-null.avro")).with("output.format", "avro").score();
        assertBits(written().collectAsList(), SEQUENCES.size());
        Run again =
                run(resource("later-long.avro")).with("output.format", "avro").with("output.mode", "append");
        assertThatThrownBy(again::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("its column 'tokens' has type array<int>, and this run's has array<bigint>");
        for (int time = 0; time < 2; time++) {
            run(resource("codec-xz.avro"))
                    .with("output.format", "avro")
                    .with("output.mode", "append")
                    .with("report.run", "monday")
                    .scoreOnce();
            assertBits(written().collectAsList(), 2 * SEQUENCES.size());
        }
        run(resource("types.avro"))
                .with("input.tokens", "ids_long")
                .with("input.columns", "id,enums,ids_decimal")
                .with("output.format", "avro")
                .with("output.mode", "overwrite")
                .with("output.partition-by", "id")
                .score();
        assertBits(written().collectAsList(), SEQUENCES.size());
        assertThat(Disk.names(folder.resolve("out/id=1")))
                .filteredOn(name -> !name.endsWith(".crc"))
                .singleElement()
                .asString()
                .endsWith(".avro");
    }

    /** Avro has no smaller whole number than an int. */
    @Test
    void smallNumbersBecomeInts() {
        Dataset<Row> small = LocalSpark.session()
                .sql("SELECT 0L AS id, 1Y AS b, named_struct('s', 2S) AS n, array(0S, 1S, 0S) AS tokens");
        for (String mode : List.of("error", "append")) {
            run(folder)
                    .withInput(small, 1, folder.resolve("in"))
                    .with("input.format", "parquet")
                    .with("output.format", "avro")
                    .with("output.mode", mode)
                    .score();
        }
        assertThat(written().schema().simpleString())
                .startsWith("struct<id:bigint,b:int,n:struct<s:int>,tokens:array<int>,");
        assertBits(written().collectAsList(), 2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 AS `unit price` | column 'unit price': Avro has no name 'unit price', only letters from A to Z, digits and underscores, and no digit at the beginning",
                "named_struct('7', 1) AS n | column 'n': Avro has no name '7', only letters from A to Z, digits and underscores, and no digit at the beginning",
                "parse_json('1') AS v | column 'v' has type variant, which Avro can't hold"
            })
    void columnsThatAvroDoesNotHoldAreRefused(String column, String message) {
        LocalSpark.session()
                .sql("SELECT 0L AS id, array(0, 1, 0) AS tokens, " + column)
                .createOrReplaceTempView("columns");
        Run run = run(folder)
                .with("input.path", "columns")
                .with("input.format", "table")
                .with("output.format", "avro");
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("output.format = avro: " + message)
                .hasMessageEndingWith("input.columns, or choose another --output-format");
        run.with("input.columns", "id,tokens").score();
        assertBits(written().collectAsList(), 1);
    }
}
