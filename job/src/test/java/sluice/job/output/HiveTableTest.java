package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.audit.AuditJob;
import sluice.job.fixture.Disk;
import sluice.job.fixture.KillingFileSystem;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/** Tables of a Hive metastore, in a database in memory. */
class HiveTableTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");
    private static final String ROWS =
            "SELECT id, id div 3 AS day, array(%s) AS tokens, concat('n', id) AS name FROM range(%d, 9, 1, 1)";

    private static final String COLUMNS =
            "id BIGINT, tokens ARRAY<BIGINT>, name STRING, prediction INT, loglik STRUCT<sum: DOUBLE, perplexity: DOUBLE, tokens: INT>";

    @TempDir
    static Path files;

    private static SparkSession spark;
    private static List<Row> first; // the scored rows, as an output directory has them
    private static List<Row> second;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        System.setProperty("derby.stream.error.file", files.resolve("derby.log").toString());
        spark = LocalSpark.restart(Map.of(
                "spark.sql.catalogImplementation",
                "hive",
                "spark.sql.warehouse.dir",
                files.resolve("warehouse").toString(),
                "spark.hadoop.javax.jdo.option.ConnectionURL",
                "jdbc:derby:memory:hive-table-test;create=true",
                "spark.hadoop.hive.exec.scratchdir",
                files.resolve("scratch").toString(),
                "spark.hadoop." + KillingFileSystem.SETTING,
                KillingFileSystem.class.getName(),
                "spark.sql.catalog.sluice",
                SluiceCatalog.class.getName(),
                "spark.sql.catalog.sluice.model.clicks",
                TORCH.modelPath()));
        for (String format : List.of("PARQUET", "ORC", "AVRO", "TEXTFILE")) {
            spark.sql("CREATE TABLE first_%s STORED AS %s AS ".formatted(format, format) + rows("id % 2, 1L", 0));
        }
        spark.sql("CREATE TABLE second USING parquet AS " + rows("0L, id % 2, 0L", 3));
        spark.sql("CREATE TABLE bad USING parquet AS " + rows("IF(id = 4, 7L, 1L)", 3));
        spark.sql("CREATE VIEW seen AS SELECT * FROM second");
        first = directory("first_PARQUET", "first");
        second = directory("second", "second");
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @BeforeEach
    void dropTable() {
        KillingFileSystem.disarm();
        spark.sql("DROP TABLE IF EXISTS scored");
    }

    private static String rows(String tokens, int from) {
        return String.format(Locale.ROOT, ROWS, tokens, from);
    }

    private static List<Row> directory(String input, String output) {
        return sorted(run(input, files.resolve(output).toString(), "error")
                .with("output.format", "parquet")
                .table());
    }

    private static Run run(String input, String output, String mode) {
        return Run.of(TORCH, Path.of(output))
                .with("input.path", input)
                .with("input.format", "table")
                .with("output.path", output)
                .with("output.format", "table")
                .with("output.emit", "prediction,loglik")
                .with("output.mode", mode);
    }

    private static Run run(String input, String mode) {
        return run(input, "scored", mode);
    }

    private static List<Row> sorted(Dataset<Row> rows) {
        return rows.selectExpr("id", "day", "tokens", "name", "prediction", "loglik")
                .orderBy(functions.col("id"), functions.expr("size(tokens)"))
                .collectAsList();
    }

    private static List<Row> table() {
        return sorted(spark.read().table("scored"));
    }

    private static void assertRefused(Run run, String message) {
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessage(message);
    }

    private static List<Row> both() {
        List<Row> rows = new ArrayList<>(first);
        rows.addAll(second);
        rows.sort(Comparator.<Row>comparingLong(row -> row.getLong(0))
                .thenComparingInt(row -> row.getList(2).size()));
        return rows;
    }

    /** The old rows of the partitions that have no new ones, and the new rows. */
    private static List<Row> replaced() {
        List<Row> rows = new ArrayList<>(first.subList(0, 3));
        rows.addAll(second);
        return rows;
    }

    @ParameterizedTest
    @ValueSource(strings = {"PARQUET", "ORC", "AVRO", "TEXTFILE"})
    void tablesOfAllFormatsAreReadWithTheSameBits(String format) {
        run("first_" + format, "error").score();
        assertThat(table()).isEqualTo(first);
    }

    /** A table of Hive, or of Spark; each is created, added to, and its partitions are replaced. */
    @ParameterizedTest
    @CsvSource({"hive, parquet", "hive, orc", "hive, textfile", "hive, avro", "parquet, ''", "ORC, ''"})
    void aTableIsWrittenInEachMode(String provider, String fileFormat) {
        for (String mode : List.of("error", "append", "partitions", "partitions")) {
            Run run = run(mode.equals("error") ? "first_PARQUET" : "seen", mode)
                    .with("output.table-provider", provider)
                    .with("output.partition-by", "day")
                    .with("report.run", mode.equals("append") ? "" : mode);
            if (!fileFormat.isEmpty()) {
                run.with("output.options.fileFormat", fileFormat);
            }
            run.score();
            assertThat(table())
                    .as(mode)
                    .isEqualTo(mode.equals("error") ? first : mode.equals("append") ? both() : replaced());
        }
        String name = provider.toLowerCase(Locale.ROOT);
        assertThat(CatalogTable.find(spark, "scored").orElseThrow().provider()).isEqualTo(name);
        assertThat(spark.conf().get("hive.exec.dynamic.partition.mode", "strict"))
                .isEqualTo("strict");
        assertRefused(
                run("second", "overwrite"),
                "scored: is stored as %s, and Spark drops such a table before it writes the new one; use --mode partitions, a Delta or Iceberg table, or a path"
                        .formatted(name));
        assertRefused(
                run("second", "append").with("report.run", "monday"),
                "scored: is stored as %s, which does not record that the run 'monday' was added, so repeating it would add its rows again; use --mode partitions, a Delta or Iceberg table or a directory, or leave out --run"
                        .formatted(name));
        assertThat(table()).isEqualTo(replaced());
    }

    @Test
    void aTableWithoutPartitionsIsAddedTo() {
        spark.sql("CREATE TABLE scored (%s, day BIGINT) STORED AS ORC".formatted(COLUMNS));
        run("first_PARQUET", "append").score();
        run("second", "append").score();
        assertThat(table()).isEqualTo(both());
        assertRefused(run("second", "partitions"), "scored: has no partitions; use --mode append");
    }

    @ParameterizedTest
    @ValueSource(strings = {"STORED AS PARQUET", "STORED AS TEXTFILE", "USING PARQUET"})
    void columnsAreFoundRegardlessOfCase(String stored) {
        String columns = COLUMNS.replaceAll("(^|, )(id|tokens|name|prediction|loglik) (?=[A-Z])", "$1_$2 ")
                .replace("_id", "ID")
                .replace("_tokens", "TOKENS")
                .replace("_name", "NAME")
                .replace("_prediction", "PREDICTION")
                .replace("_loglik", "LOGLIK");
        spark.sql(
                stored.startsWith("USING")
                        ? "CREATE TABLE scored (%s, DAY BIGINT) %s PARTITIONED BY (DAY)".formatted(columns, stored)
                        : "CREATE TABLE scored (%s) PARTITIONED BY (DAY BIGINT) %s".formatted(columns, stored));
        run("first_PARQUET", "append").with("output.partition-by", "day").score();
        run("second", "partitions").score();
        assertThat(table()).isEqualTo(replaced());
    }

    @Test
    void aTableOfAnotherShapeIsRefused() {
        spark.sql("CREATE TABLE scored (%s) PARTITIONED BY (day STRING) STORED AS PARQUET".formatted(COLUMNS));
        assertRefused(
                run("second", "append"),
                "scored: can't be added to: its column 'day' has type string, and this run's has bigint; choose another --output, or settings that fit");
    }

    // Input

    @Test
    void partitionsAreReadAsTheMetastoreKnowsThem() {
        spark.sql(
                "CREATE EXTERNAL TABLE drops (id BIGINT, tokens ARRAY<BIGINT>, name STRING) PARTITIONED BY (day STRING) STORED AS PARQUET LOCATION '%s'"
                        .formatted(folder.resolve("drops")));
        spark.table("second")
                .drop("day")
                .write()
                .parquet(folder.resolve("drops/day=007").toString());
        run("drops", "error").score();
        assertThat(spark.table("scored").count()).isZero();
        dropTable();
        spark.sql("MSCK REPAIR TABLE drops");
        run("drops", "error").with("output.partition-by", "day").score();
        assertThat(spark.table("scored").selectExpr("day").distinct().collectAsList())
                .singleElement()
                .satisfies(row -> assertThat(row.getString(0)).isEqualTo("007"));
        assertThat(spark.table("scored").orderBy("id").select("loglik").collectAsList())
                .isEqualTo(second.stream()
                        .map(row -> RowFactory.create(row.<Object>getAs("loglik")))
                        .toList());
    }

    @Test
    void textsOfFixedLengthAreWords() {
        spark.sql("CREATE TABLE words (id BIGINT, short CHAR(3), tokens VARCHAR(20)) STORED AS PARQUET");
        spark.sql("INSERT INTO words VALUES (0, 'a', 'r l'), (1, 'b', 'l')");
        Run run = run("words", "error").with("input.vocabulary", Disk.write(folder.resolve("words.txt"), "l\nr\n"));
        run.score();
        spark.sql("CREATE TABLE copied STORED AS ORC AS SELECT id, 'long' AS short, tokens FROM words");
        assertThatThrownBy(run.with("input.path", "copied").with("output.mode", "append")::score)
                .satisfies(
                        failure -> assertThat(Failure.sentence(failure))
                                .isEqualTo(
                                        "the run failed, nothing was written: SparkRuntimeException: Exceeds char/varchar type length limitation: 3"));
        assertThat(spark.table("scored").select("id", "short", "tokens").collectAsList())
                .hasSize(2);
    }

    @Test
    void transactionalTablesAreRefused() {
        spark.sql(
                "CREATE TABLE moves (%s, day BIGINT) CLUSTERED BY (id) INTO 2 BUCKETS STORED AS ORC TBLPROPERTIES ('transactional'='true')"
                        .formatted(COLUMNS));
        String message =
                "spark_catalog.default.moves: is a transactional table of Hive, which Spark neither reads nor writes correctly; check %s, or copy it with Hive into a table with TBLPROPERTIES ('transactional'='false')";
        assertRefused(run("moves", "error"), message.formatted("--input"));
        assertRefused(run("second", "moves", "append"), message.formatted("--output"));
    }

    @Test
    void viewsAndNewFilesAreRefused() {
        assertThatThrownBy(run("first_ORC", "seen", "append")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage("seen: is not a table (a view, perhaps), expected a table to write to; check --output");
        assertThatThrownBy(run("second", "append").with("input.checkpoint", folder.resolve("checkpoint"))::scoreNew)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("input.format = table: --incremental (input.checkpoint) reads new files");
    }

    // Bad rows, audit, SQL

    @Test
    void badRowsAreSetAside() {
        spark.sql("CREATE TABLE scored (%s) PARTITIONED BY (day BIGINT) STORED AS PARQUET".formatted(COLUMNS));
        Path bad = folder.resolve("bad");
        Run run = run("bad", "partitions").with("bad-rows.rule", "quarantine").with("bad-rows.path", bad);
        assertThatThrownBy(run::score)
                .satisfies(failure -> assertThat(Failure.code(failure)).isEqualTo(ExitCode.BAD_ROWS));
        assertThat(spark.table("scored").count()).isZero();
        run.with("bad-rows.max-fraction", 0.5).with("report.run", "monday");
        for (int time = 0; time < 2; time++) {
            run.score();
            assertThat(spark.table("scored").count()).isEqualTo(5);
            assertThat(spark.read().parquet(bad.toString()).collectAsList()).hasSize(1);
        }
    }

    @Test
    void aTableIsAudited() {
        Path report = folder.resolve("report.json");
        run("first_TEXTFILE", "error")
                .with("output.table-provider", "hive")
                .with("output.options.fileFormat", "orc")
                .with("output.partition-by", "day")
                .with("report.path", report)
                .score();
        assertThat(audit(report)).contains("sluice: 9 of 9 rows have the same bits");
        spark.sql(
                "INSERT INTO scored PARTITION (day = 2) SELECT id, tokens, name, prediction, loglik FROM scored WHERE id = 8");
        assertThat(audit(report)).contains("scored: it has 10 rows, and the report has 9");
    }

    private static String audit(Path report) {
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said, true);
        try {
            new AuditJob(
                            spark,
                            new Console(writer, writer),
                            "scored",
                            1,
                            Map.of("model.path", TORCH.modelPath(), "report.path", report.toString()))
                    .run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return said.toString();
    }

    @Test
    void functionsAndProceduresReadAndWriteThem() {
        spark.sql("CREATE DATABASE IF NOT EXISTS shop");
        spark.sql("DROP TABLE IF EXISTS shop.scored");
        spark.sql(
                "CALL sluice.run(model => 'clicks', input => 'first_AVRO', output => 'shop.scored', emit => 'prediction,loglik', settings => map('output.table-provider', 'hive', 'output.partition-by', 'day'))");
        assertThat(sorted(spark.table("shop.scored"))).isEqualTo(first);
        assertThat(spark.sql("SELECT count_if(loglik = sluice.loglik('clicks', tokens)) FROM shop.scored")
                        .first()
                        .getLong(0))
                .isEqualTo(9);
    }

    // Kills

    /**
     * Kills a run at each change of a partition's directory in turn. A partition that is replaced has its old rows, none, or its new rows,
     * and the repeated run replaces all of them.
     */
    @Tag("slow")
    @Test
    void aKilledReplacementIsRepeated() {
        List<List<Row>> left = new ArrayList<>();
        boolean isDead = true;
        for (int change = 1; isDead; change++) {
            spark.sql("DROP TABLE IF EXISTS scored");
            spark.sql("CREATE TABLE scored (%s) PARTITIONED BY (day BIGINT) STORED AS PARQUET LOCATION 'killing:%s'"
                    .formatted(COLUMNS, folder.resolve("change-" + change)));
            run("first_PARQUET", "append").score();
            KillingFileSystem.arm(path -> path.matches(".*/day=[12]"), change);
            Throwable failure = catchThrowable(run("second", "partitions")::score);
            isDead = KillingFileSystem.isDead();
            KillingFileSystem.disarm();
            spark.catalog().refreshTable("scored");
            left.add(table());
            assertThat(failure != null).isEqualTo(isDead);
            run("second", "partitions").score();
            assertThat(table()).as("repeated").isEqualTo(replaced());
        }
        assertThat(left).first().isEqualTo(first);
        assertThat(left).last().isEqualTo(replaced());
        assertThat(left).hasSizeGreaterThan(3).allSatisfy(rows -> {
            assertThat(rows).containsAll(first.subList(0, 3));
            for (long day = 1; day <= 2; day++) {
                assertThat(ofDay(rows, day)).isIn(List.of(), ofDay(first, day), ofDay(second, day));
            }
        });
    }

    private static List<Row> ofDay(List<Row> rows, long day) {
        return rows.stream().filter(row -> row.getLong(1) == day).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "partitions | scored: the partitions could not be replaced: IOException: the disk is gone; some may be old, some new, and one may be missing, because Spark moves them one by one: repeat the run, which replaces all of them"
            })
    void aFailureWhileFilesAreMovedSaysWhatMayBeThere(String mode, String message) {
        spark.sql("CREATE TABLE scored (%s) PARTITIONED BY (day BIGINT) STORED AS PARQUET LOCATION 'killing:%s'"
                .formatted(COLUMNS, folder.resolve("failing")));
        run("first_PARQUET", "append").score();
        KillingFileSystem.armFailure(path -> path.matches(".*/day=[12]") && !path.contains("/attempt_"), 1);
        Throwable failure = catchThrowable(run("second", mode)::score);
        KillingFileSystem.disarm();
        assertThat(Failure.code(failure)).isEqualTo(ExitCode.FAILED);
        assertThat(Failure.sentence(failure)).isEqualTo(message);
    }

    /** The files of a run that was killed before its table was in the catalog. */
    @ParameterizedTest
    @ValueSource(strings = {"parquet", "hive"})
    void aDirectoryThatIsInUseIsRefusedBeforeRowsAreScored(String provider) throws IOException {
        Path place = Files.createDirectories(files.resolve("warehouse/left")).resolve("part-0.parquet");
        Disk.write(place, "");
        assertRefused(
                run("second", "left", "error").with("output.table-provider", provider),
                "left: there is no such table, but its directory file:%s is not empty, so Spark can't create it; if a killed run has left the files, delete the directory and repeat, otherwise choose another --output"
                        .formatted(place.getParent()));
    }

    /** A directory that Sluice publishes, as an external table. */
    @Test
    void anOutputDirectoryIsATable() {
        Path out = folder.resolve("out");
        run("first_PARQUET", out.toString(), "error")
                .with("output.format", "parquet")
                .score();
        spark.sql("CREATE EXTERNAL TABLE scored (%s, day BIGINT) STORED AS PARQUET LOCATION '%s'"
                .formatted(COLUMNS, out));
        assertThat(table()).isEqualTo(first);
        run("second", out.toString(), "overwrite")
                .with("output.format", "parquet")
                .score();
        spark.catalog().refreshTable("scored");
        assertThat(table()).isEqualTo(second);
    }
}
