package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;

/** Columns that a run only passes through come out as they came in, and those that Spark can't read don't stop it. */
class PassedColumnsTest {
    private static final String CASE = "spark.sql.caseSensitive";
    private static final String MODEL = TorchCase.named("uni_l1_h17").modelPath(); // 50 tokens

    @TempDir
    Path folder;

    private final SparkSession spark = LocalSpark.session();

    @AfterEach
    void unset() {
        spark.conf().unset(CASE);
    }

    private static Path file(String name) {
        try {
            return Path.of(PassedColumnsTest.class
                    .getResource("/situations/column-types/" + name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private Run run(Path input, String output) {
        return new Run()
                .with("model.path", MODEL)
                .with("input.path", input)
                .with("output.emit", "prediction,loglik")
                .with("output.path", folder.resolve(output));
    }

    private static List<String> strings(Dataset<Row> rows, String column) {
        return rows.selectExpr("CAST(" + column + " AS STRING) AS text").orderBy("text").collectAsList().stream()
                .map(row -> row.getString(0))
                .toList();
    }

    @Test
    void textsOfCsvStay() {
        Path input = Disk.write(
                folder.resolve("in.csv"),
                "key,phone,number,tokens\n007,+4917,1.10,1 2\n1e5,+1,2.50,3\n" + "1".repeat(41) + ",,-0,4 5 6\n");
        Dataset<Row> table = run(input, "out").with("input.format", "csv").table();

        assertThat(table.schema().toDDL()).contains("key STRING,phone STRING,number STRING,tokens STRING");
        assertThat(strings(table, "key")).containsExactly("007", "1".repeat(41), "1e5");
        assertThat(strings(table, "phone")).containsExactly(null, "+1", "+4917");
        assertThat(strings(table, "number")).containsExactly("-0", "1.10", "2.50");
    }

    @Test
    void csvIsTypedIfAsked() {
        Path input = Disk.write(folder.resolve("in.csv"), "key,tokens\n7,1\n8,3\n");
        Dataset<Row> table = run(input, "out")
                .with("input.format", "csv")
                .with("input.options.inferSchema", "true")
                .table();

        assertThat(table.schema().toDDL()).contains("key INT,tokens STRING");
    }

    /** Texts are compared with numbers as Spark compares them. */
    @Test
    void aFilterOfCsvComparesNumbers() {
        Path input = Disk.write(folder.resolve("in.csv"), "key,tokens\n007,1\n9,3\n10,3\n");
        Dataset<Row> table = run(input, "out")
                .with("input.format", "csv")
                .with("input.filter", "key > 8")
                .table();

        assertThat(strings(table, "key")).containsExactly("10", "9");
    }

    @Test
    void badRowsOfCsvKeepTheirTexts() {
        Path input = Disk.write(folder.resolve("in.csv"), "key,tokens\n007,1\n008,99\n");
        Run run = run(input, "out").with("input.format", "csv");

        assertThatThrownBy(run::score)
                .satisfies(e -> assertThat(Failure.sentence(e)).startsWith("row key=008: column 'tokens': token 99"));
        run.with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", "1")
                .score();
        Dataset<Row> bad =
                spark.read().parquet(folder.resolve("out/_sluice/bad-rows").toString());
        assertThat(strings(bad, "key")).containsExactly("008");
    }

    @Test
    void incrementalRunsKeepTextsToo() throws IOException {
        Path input = folder.resolve("in");
        Files.createDirectories(input);
        Disk.write(input.resolve("a.csv"), "key,tokens\n007,1\n");
        Run run = run(input, "out").with("input.format", "csv").with("input.checkpoint", folder.resolve("check"));
        run.scoreNew();
        Disk.write(input.resolve("b.csv"), "key,tokens\n1e5,1\n");
        run.scoreNew();

        assertThat(strings(spark.read().parquet(folder.resolve("out").toString()), "key"))
                .containsExactly("007", "1e5");
    }

    @Test
    void carriedStatesMayHaveTextsOfCsvAsKeys() {
        Path first = Disk.write(folder.resolve("1.csv"), "key,tokens\n007,1 2\n7,3\n");
        Path second = Disk.write(folder.resolve("2.csv"), "key,tokens\n007,5\n7,5\n");
        Path whole = Disk.write(folder.resolve("all.csv"), "key,tokens\n007,1 2 5\n7,3 5\n");
        for (Path input : List.of(first, second)) {
            run(input, input.getFileName() + ".out")
                    .with("input.format", "csv")
                    .with("output.emit", "softmax")
                    .with("state.path", folder.resolve("states"))
                    .with("state.key", "KEY")
                    .score();
        }
        Dataset<Row> expected = run(whole, "expected")
                .with("input.format", "csv")
                .with("output.emit", "softmax")
                .table();

        assertThat(spark.read()
                        .parquet(folder.resolve("2.csv.out").toString())
                        .select("key", "softmax")
                        .orderBy("key")
                        .collectAsList())
                .isEqualTo(expected.select("key", "softmax").orderBy("key").collectAsList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT96", "TIMESTAMP_MICROS"})
    void timesStayAndAreWrittenAsMicroseconds(String type) throws Exception {
        Dataset<Row> rows = spark.sql(
                "SELECT id, array(1, 2) AS tokens, TIMESTAMP '2026-11-22 10:30:00.123456' AS at, d, t FROM VALUES"
                        + " (1, DATE '0001-01-01', TIMESTAMP '0001-01-01 00:00:00'),"
                        + " (2, DATE '1582-10-04', TIMESTAMP '1582-10-04 23:59:59.999999'),"
                        + " (3, DATE '1582-10-15', TIMESTAMP '1900-01-01 00:00:00.000001'),"
                        + " (4, DATE '9999-12-31', TIMESTAMP '9999-12-31 23:59:59.999999') AS v(id, d, t)");
        Path input = folder.resolve("in");
        spark.conf().set("spark.sql.parquet.outputTimestampType", type);
        rows.write().parquet(input.toString());
        spark.conf().unset("spark.sql.parquet.outputTimestampType");
        Dataset<Row> table = run(input, "out").table();

        for (String column : List.of("at", "d", "t")) {
            assertThat(strings(table, column)).isEqualTo(strings(rows, column));
        }
        try (Stream<Path> files = Files.list(folder.resolve("out"))) {
            for (Path part :
                    files.filter(at -> at.toString().endsWith(".parquet")).toList()) {
                try (ParquetFileReader reader = ParquetFileReader.open(
                        HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(part.toUri()), new Configuration()))) {
                    assertThat(reader.getFileMetaData().getSchema().toString())
                            .contains("int64 t (TIMESTAMP(MICROS,true))")
                            .doesNotContain("int96");
                }
            }
        }
    }

    @Test
    void jsonKeepsMicroseconds() {
        spark.sql("SELECT array(1) AS tokens, TIMESTAMP '2026-11-22 10:30:00.123456' AS t")
                .write()
                .parquet(folder.resolve("in").toString());
        run(folder.resolve("in"), "out").with("output.format", "json").score();

        assertThat(spark.read()
                        .schema("t TIMESTAMP")
                        .json(folder.resolve("out").toString())
                        .selectExpr("unix_micros(t) % 1000000")
                        .first()
                        .getLong(0))
                .isEqualTo(123456L);
    }

    /** The names of the files decide which of them Spark takes the schema from. */
    @ParameterizedTest
    @CsvSource({
        "parquet, int, bigint, bigint",
        "parquet, bigint, int, bigint",
        "parquet, smallint, int, int",
        "parquet, float, double, double",
        "parquet, int, double, double",
        "parquet, 'decimal(5,2)', 'decimal(12,4)', 'decimal(12,4)'",
        "parquet, 'decimal(20,0)', bigint, 'decimal(20,0)'",
        "orc, int, bigint, bigint",
        "orc, bigint, int, bigint",
        "orc, float, double, double",
    })
    void filesOfDifferentWidthsAreOneColumn(String format, String first, String second, String expected) {
        Path input = folder.resolve("in");
        boolean areIds = !first.startsWith("f") && !first.startsWith("decimal(5");
        for (String type : List.of(first, second)) {
            Path part = folder.resolve("part");
            spark.sql("SELECT CAST(%1$s AS %2$s) AS x, array(CAST(3 AS %3$s), CAST(4 AS %3$s)) AS tokens"
                            .formatted(type.equals(first) ? "1" : "2", type, areIds ? type : "int"))
                    .coalesce(1)
                    .write()
                    .format(format)
                    .save(part.toString());
            String name = type.equals(first) ? "a." : "b.";
            try (Stream<Path> files = Files.list(part)) {
                Path written = files.filter(at -> at.toString().endsWith(format))
                        .findFirst()
                        .orElseThrow();
                Files.createDirectories(input);
                Files.move(written, input.resolve(name + format));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            deleteAll(part);
        }
        for (String vectorized : List.of("true", "false")) {
            spark.conf().set("spark.sql.parquet.enableVectorizedReader", vectorized);
            try {
                Dataset<Row> table = run(input, "out" + vectorized)
                        .with("input.format", format)
                        .table();
                assertThat(table.schema().apply("x").dataType().catalogString()).isEqualTo(expected);
                assertThat(table.selectExpr("CAST(x AS INT)").orderBy("x").collectAsList())
                        .extracting(row -> row.getInt(0))
                        .containsExactly(1, 2);
                assertThat(table.selectExpr("loglik.tokens").distinct().collectAsList())
                        .extracting(row -> row.get(0))
                        .hasSize(1);
            } finally {
                spark.conf().unset("spark.sql.parquet.enableVectorizedReader");
            }
        }
    }

    private static void deleteAll(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(at -> at.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void columnsThatSparkCannotReadAreLeftOutIfTheyAreNotKept() {
        Dataset<Row> table = run(file("half.parquet"), "out")
                .with("input.columns", "ID")
                .with("input.tokens", "Tokens")
                .table();

        assertThat(Arrays.asList(table.columns())).containsExactly("id", "prediction", "loglik");
        assertThat(strings(table, "id")).containsExactly("1", "2");
    }

    @Test
    void aColumnThatSparkCannotReadIsRefusedIfItIsKept() {
        Run run = run(file("half.parquet"), "out");

        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("column 'half' can't be read by Spark: ")
                .hasMessageContaining("FLOAT16")
                .hasMessageContaining("leave it out by listing the columns to keep in input.columns");
    }

    @Test
    void tokensThatSparkCannotReadAreRefused() {
        Run run = run(file("half-tokens.parquet"), "out").with("input.columns", "id");

        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("column 'tokens' can't be read by Spark: ")
                .hasMessageContaining("write it again as another type");
    }

    @Test
    void aMissingCompressionIsNamed() {
        Run run = run(file("brotli.parquet"), "out");

        assertThatThrownBy(run::score)
                .satisfies(e -> assertThat(Failure.sentence(e))
                        .contains("brotli.parquet: can't be read: ")
                        .contains("BrotliCodec")
                        .contains("--jars")
                        .doesNotContain("repair"));
    }

    @ParameterizedTest
    @CsvSource({"'decimal(38,0)', 3", "'decimal(10,2)', 3", "double, 3", "float, 3", "tinyint, 3"})
    void wholeNumbersOfAnyTypeAreIds(String type, String id) {
        Path input = folder.resolve("in");
        spark.sql("SELECT array(CAST(%1$s AS %2$s), CAST(4 AS %2$s)) AS tokens".formatted(id, type))
                .write()
                .parquet(input.toString());
        spark.sql("SELECT array(3, 4) AS tokens")
                .write()
                .parquet(folder.resolve("ids").toString());

        assertThat(run(input, "out").table().select("prediction", "loglik").collectAsList())
                .isEqualTo(run(folder.resolve("ids"), "expected")
                        .table()
                        .select("prediction", "loglik")
                        .collectAsList());
    }

    @ParameterizedTest
    @CsvSource({
        "1.5D, token 1.5 at step 0 is no whole number (wrong-type)",
        "CAST('NaN' AS DOUBLE), token NaN at step 0 is no whole number (wrong-type)",
        "CAST('Infinity' AS DOUBLE), token Infinity at step 0 is no whole number (wrong-type)",
        "1e300D, token 1.0E300 at step 0 is beyond 64 bits (wrong-type)",
        "1.25BD, token 1.25 at step 0 is no whole number (wrong-type)",
        "-1D, 'token -1 at step 0 is outside [0, 50), the model''s tokens (token-out-of-range)'",
        "CAST(NULL AS DOUBLE), the element at step 0 is null (null-element)"
    })
    void anotherNumberIsABadRow(String value, String sentence) {
        Path input = folder.resolve("in");
        spark.sql("SELECT 1 AS id, array(%s) AS tokens".formatted(value))
                .write()
                .parquet(input.toString());

        assertThatThrownBy(run(input, "out")::score)
                .satisfies(e -> assertThat(Failure.sentence(e)).isEqualTo("row id=1: column 'tokens': " + sentence));
    }

    @Test
    void idsInTextMayEndInZeros() {
        Path input = Disk.write(folder.resolve("in.csv"), "key,tokens\n1,3.0 4.\n2,3 4\n");
        List<Row> rows = run(input, "out")
                .with("input.format", "csv")
                .table()
                .orderBy("key")
                .select("prediction", "loglik")
                .collectAsList();

        assertThat(rows.get(0)).isEqualTo(rows.get(1));
    }

    @Test
    void namesAreFoundAsSparkFindsThem() {
        spark.sql("SELECT 1 AS Id, 'a' AS Shop, named_struct('Ids', array(1, 2)) AS Event")
                .write()
                .parquet(folder.resolve("in").toString());
        Dataset<Row> table = run(folder.resolve("in"), "out")
                .with("input.tokens", "event.ids")
                .with("input.columns", "SHOP,id")
                .with("input.key", "ID")
                .with("input.filter", "id = 1")
                .with("output.partition-by", "shop")
                .table();

        assertThat(Arrays.asList(table.columns())).containsExactly("Id", "prediction", "loglik", "Shop");
        assertThat(folder.resolve("out/Shop=a")).isDirectory();
        spark.conf().set(CASE, "true");
        assertThatThrownBy(run(folder.resolve("in"), "other").with("input.tokens", "event.ids")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("input.tokens: no column 'event.ids' in the input");
    }

    @Test
    void ambiguousNamesAreRefused() {
        spark.conf().set(CASE, "true");
        spark.sql("SELECT array(1) AS tokens, array(2) AS Tokens")
                .write()
                .parquet(folder.resolve("in").toString());
        assertThat(run(folder.resolve("in"), "out").table().columns()).contains("tokens", "Tokens");
        spark.conf().unset(CASE);

        assertThatThrownBy(run(folder.resolve("in"), "other")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("spark.sql.caseSensitive");
    }
}
