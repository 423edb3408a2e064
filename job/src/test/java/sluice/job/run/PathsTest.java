package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/** Names of files, directories and partitions with characters that mean something to Hadoop or to Spark. */
@Tag("slow")
class PathsTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");
    private static final String ROWS = "SELECT id, id % 3 AS day, array(id % 2, 1L) AS tokens FROM range(0, 9, 1, 1)";
    private static final String WITH_A_COLON =
            "%s: has a colon in its name, which Hadoop's file systems don't write; choose another name, for example %s, in %s";

    @TempDir
    static Path files;

    @TempDir
    Path folder;

    @BeforeAll
    static void writeInput() {
        LocalSpark.session().sql(ROWS).write().parquet(files.resolve("in").toString());
    }

    private Run run(Path output, String mode) {
        return Run.of(TORCH, output)
                .with("input.path", files.resolve("in"))
                .with("output.emit", "prediction")
                .with("output.partition-by", "day")
                .with("output.mode", mode);
    }

    private static Dataset<Row> table(Path path) {
        String literal = path.toString().replaceAll("[\\\\{}\\[\\]*?]", "\\\\$0");
        return LocalSpark.session().read().parquet(literal);
    }

    // Colons

    @ParameterizedTest
    @CsvSource({
        "output.path, --output",
        "bad-rows.path, bad-rows.path",
        "state.path, state.path",
        "report.path, --report",
        "input.checkpoint, --incremental"
    })
    void aColonInANameThatIsWrittenIsRefused(String setting, String option) {
        Path named = folder.resolve("scores-10:30:00");
        Run run = run(folder.resolve("out"), "append").with(setting, named);
        if (setting.equals("state.path")) {
            run.with("state.key", "id");
        }
        boolean isIncremental = setting.equals("input.checkpoint");
        assertThatThrownBy(() -> {
                    if (isIncremental) {
                        run.scoreNew();
                    } else {
                        run.scoreOnce();
                    }
                })
                .isInstanceOf(RefusedException.class)
                .hasMessage(WITH_A_COLON, named, "scores-10-30-00", option);
        assertThat(Disk.names(folder)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--output", "--input", "--model", "--vocabulary", "--report"})
    void whatIsNoPathIsRefusedInOneLine(String option) {
        LocalSpark.session();
        Map<String, String> options = new java.util.TreeMap<>(Map.of(
                "--model", TORCH.modelPath(),
                "--input", files.resolve("in").toString(),
                "--output", folder.resolve("out").toString()));
        options.put(option, "scores-10:30:00");
        Terminal terminal = Terminal.score(options.entrySet().stream()
                .flatMap(given -> List.of(given.getKey(), given.getValue()).stream())
                .toArray(String[]::new));
        assertThat(terminal.errors().get(0))
                .isEqualTo(
                        "sluice: error: scores-10:30:00: not a path: java.net.URISyntaxException: Relative path in absolute URI: scores-10:30:00; check %s, and that no name in it has a colon",
                        option);
        assertThat(terminal.errors()).noneMatch(line -> line.startsWith("\tat "));
        assertThat(terminal.code()).isEqualTo(2);
    }

    // Characters of patterns

    @ParameterizedTest
    @ValueSource(strings = {"scores[1]", "{a,b}", "b*", "w?y", "back\\slash", "per%cent", "space d"})
    void anyOtherNameCanBeAnOutput(String name) {
        Path output = folder.resolve(name);
        run(output, "error").score();
        run(output, "append").score();
        assertThat(table(output).count()).isEqualTo(9 + 9);
        run(output, "partitions").score();
        assertThat(table(output).count()).isEqualTo(9);
        run(output, "overwrite").score();
        assertThat(table(output).count()).isEqualTo(9);
        assertThat(Disk.names(folder)).containsExactly(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"scores[1]", "back\\slash"})
    void carriedStatesBadRowsAndNewFilesHaveSuchNames(String name) {
        Path states = folder.resolve("states " + name);
        for (String night : List.of("monday", "tuesday", "wednesday")) {
            run(folder.resolve("nights " + name), "append")
                    .with("state.path", states)
                    .with("state.key", "id")
                    .with("report.run", night)
                    .score();
        }
        assertThat(table(folder.resolve("nights " + name)).count()).isEqualTo(27);

        Path drops = folder.resolve("drops");
        for (int night = 0; night < 2; night++) {
            LocalSpark.session()
                    .sql(ROWS)
                    .write()
                    .mode("append")
                    .parquet(drops.resolve("of " + name).toString());
            run(folder.resolve("batches " + name), "append")
                    .with("input.path", drops + "/*")
                    .with("input.checkpoint", folder.resolve("checkpoint " + name))
                    .scoreNew();
        }
        assertThat(table(folder.resolve("batches " + name)).count()).isEqualTo(18);
    }

    @Test
    void rowsOfSuchAnOutputArePrinted() {
        LocalSpark.session();
        Terminal terminal = Terminal.score(
                "--model", TORCH.modelPath(),
                "--input", files.resolve("in").toString(),
                "--output", folder.resolve("scores[1]").toString(),
                "--show", "3");
        assertThat(terminal.code()).as("%s", terminal).isZero();
        assertThat(terminal.output())
                .filteredOn(line -> line.startsWith("{\"id\":"))
                .hasSize(3);
    }

    // Values of partitions

    private static final String VALUES =
            "'a/b', '50%', 'x=y', 'ü', 'a:b', '[1]', '{a,b}', 'c*', 'back\\\\slash', ' ', '', NULL";

    @ParameterizedTest
    @ValueSource(strings = {"append", "partitions", "overwrite", "sql"})
    void aPartitionMayHaveAnyValue(String mode) {
        SparkSession spark = LocalSpark.session();
        Dataset<Row> rows =
                spark.sql("SELECT shop AS `shop/no`, array(0L, 1L) AS tokens FROM (SELECT explode(array(%s)) AS shop)"
                        .formatted(VALUES));
        rows.write().parquet(folder.resolve("in").toString());
        Path output = folder.resolve("out");
        for (int time = 0; time < 2; time++) {
            if (mode.equals("sql")) {
                spark.conf().set("spark.sql.catalog.paths", SluiceCatalog.class.getName());
                spark.sql(
                        "CALL paths.run('%s', '%s', '%s', input_format => 'parquet', output_format => 'parquet', mode => 'partitions', settings => map('output.partition-by', 'shop/no'))"
                                .formatted(Path.of(TORCH.modelPath()).toAbsolutePath(), folder.resolve("in"), output));
            } else {
                run(output, mode)
                        .with("input.path", folder.resolve("in"))
                        .with("output.partition-by", "shop/no")
                        .score();
            }
        }
        Dataset<Row> scored = table(output);
        assertThat(scored.count()).isEqualTo(mode.equals("append") ? 24 : 12);
        assertThat(scored.select("`shop/no`").distinct().collectAsList())
                .extracting(row -> row.getString(0))
                .containsExactlyInAnyOrder(
                        "a/b", "50%", "x=y", "ü", "a:b", "[1]", "{a,b}", "c*", "back\\slash", " ", null);
    }

    /** Spark reads the directory's name as a number, and would write another name. */
    @Test
    void aPartitionOfTheInputKeepsItsText() {
        LocalSpark.session()
                .sql(
                        "SELECT id, lpad(id % 3 + 7, 3, '0') AS shop, 2 AS day, array(0L) AS tokens FROM range(0, 9, 1, 1)")
                .write()
                .partitionBy("shop", "day")
                .parquet(folder.resolve("in").toString());
        Path output = folder.resolve("out");
        for (int time = 0; time < 2; time++) {
            run(output, "partitions")
                    .with("input.path", folder.resolve("in"))
                    .with("output.partition-by", "shop")
                    .with("input.filter", "shop > 7 AND day = 2") // as a number, as before
                    .score();
        }
        assertThat(Disk.names(output)).contains("shop=008", "shop=009").doesNotContain("shop=8", "shop=007");
        assertThat(table(output).count()).isEqualTo(6);
        assertThat(table(output).schema().apply("day").dataType().catalogString())
                .isEqualTo("int");
    }

    /** An earlier run, or another program, has named the directory otherwise. */
    @Test
    void aPartitionOfTheSameValueIsReplacedWhateverItsName() {
        Path output = folder.resolve("out");
        run(output, "partitions").score();
        for (int day = 0; day < 3; day++) {
            assertThat(output.resolve("day=" + day)
                            .toFile()
                            .renameTo(output.resolve("day=0" + day).toFile()))
                    .isTrue();
        }
        run(output, "partitions").with("input.filter", "day < 2").score();
        assertThat(table(output).count()).isEqualTo(9);
        assertThat(Disk.names(output)).contains("day=0", "day=1", "day=02").doesNotContain("day=00", "day=01");
    }

    @Test
    void textsThatAReaderTakesForTheSameNumberAreRefused() {
        Path output = folder.resolve("out");
        LocalSpark.session()
                .sql("SELECT '007' AS shop, array(0L) AS tokens")
                .write()
                .parquet(folder.resolve("in").toString());
        Run run = run(output, "partitions")
                .with("input.path", folder.resolve("in"))
                .with("output.partition-by", "shop");
        run.score();
        assertThat(output.resolve("shop=007")
                        .toFile()
                        .renameTo(output.resolve("shop=7").toFile()))
                .isTrue();
        Map<String, String> before = Disk.content(output);
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s: has the partition shop=7, and this run has rows for shop=007: both are the same number to a reader, who would see the rows of both; move the first one away, or choose another --output",
                        output);
        assertThat(Disk.content(output)).isEqualTo(before);
    }
}
