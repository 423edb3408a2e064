package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.BadRowException;
import sluice.job.message.RefusedException;
import sluice.job.report.RunName;
import sluice.job.settings.Settings;

/** File tables in Spark's own catalog. */
class TableOutputTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    static Path files;

    private static SparkSession spark;

    @TempDir
    Path folder;

    private static void startSession() {
        Path warehouse;
        try {
            warehouse = Files.createTempDirectory(files, "warehouse");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        spark = LocalSpark.restart(Map.of("spark.sql.warehouse.dir", warehouse.toString()));
    }

    @BeforeAll
    static void start() {
        startSession();
        String rows = "SELECT id, id div 3 AS day, array(%s) AS tokens FROM range(%d, 9, 1, 1)";
        spark.sql(rows.formatted("id % 2, 1L", 0)).write().parquet(in("first"));
        spark.sql(rows.formatted("0L, id % 2, 0L", 3)).write().parquet(in("second"));
        spark.sql(rows.formatted("IF(id = 4, 7L, 1L)", 3)).write().parquet(in("bad"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static String in(String name) {
        return files.resolve(name).toString();
    }

    @BeforeEach
    void dropTable() {
        spark.sql("DROP TABLE IF EXISTS scored");
    }

    private Run run(String input, String mode) {
        return Run.of(TORCH, Path.of("scored"))
                .with("input.path", in(input))
                .with("output.format", "table")
                .with("output.emit", "prediction,loglik")
                .with("output.mode", mode);
    }

    private Run byDay(String input, String mode) {
        return run(input, mode).with("output.partition-by", "day");
    }

    private static Dataset<Row> table() {
        return spark.read().table("scored");
    }

    private static void assertRefused(Run run, String message) {
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessage(message);
    }

    @Test
    void aNewTableHasTheSameRowsAsAnOutputDirectory() {
        Path report = folder.resolve("report.json");
        run("first", "error").with("report.path", report).score();
        List<Row> asFiles = Run.of(TORCH, folder.resolve("out"))
                .with("input.path", in("first"))
                .with("output.emit", "prediction,loglik")
                .rows();
        assertThat(table().orderBy("id").collectAsList()).isEqualTo(asFiles);
        assertThat(report).content().contains("\"exit-code\" : 0", "\"output\" : \"scored\"");
        assertRefused(
                run("first", "error"),
                "scored: exists already; choose another --output, or set --mode to overwrite, append or partitions");
    }

    @Test
    void theProviderCanBeChosen() {
        run("first", "append").with("output.table-provider", "orc").score();
        assertThat(CatalogTable.find(spark, "scored").orElseThrow().provider()).isEqualTo("orc");
        run("second", "append").score();
        assertThat(table().count()).isEqualTo(9 + 6);
        assertRefused(
                run("first", "append").with("output.table-provider", "parquet"),
                "scored: is stored as orc, not as output.table-provider = parquet");
    }

    @Test
    void overwriteIsRefusedWhereSparkWouldDropTheTableFirst() {
        run("first", "overwrite").score();
        assertRefused(
                run("second", "overwrite"),
                "scored: is stored as parquet, and Spark drops such a table before it writes the new one; use --mode partitions, a Delta or Iceberg table, or a path");
        assertThat(table().count()).isEqualTo(9);
    }

    @Test
    void onlyPartitionsWithNewRowsAreReplaced() {
        byDay("first", "partitions").score();
        run("second", "partitions").score();
        assertThat(table().count()).isEqualTo(9);
        assertThat(table().where("size(tokens) = 3").count()).isEqualTo(6);
        byDay("second", "append").score();
        assertThat(table().count()).isEqualTo(9 + 6);
        assertThat(spark.conf().get("spark.sql.sources.partitionOverwriteMode")).isEqualToIgnoringCase("static");
    }

    /** The table doesn't record which runs it holds. */
    @Test
    void aNamedRunIsNotAppendedWhereItCouldBeAddedTwice() {
        String refusal =
                "scored: is stored as parquet, which does not record that the run 'monday' was added, so repeating it would add its rows again; use --mode partitions, a Delta or Iceberg table or a directory, or leave out --run";
        assertRefused(run("first", "append").with("report.run", "monday"), refusal);
        run("first", "append").score();
        assertRefused(run("first", "append").with("report.run", "monday"), refusal);
        assertThat(table().count()).isEqualTo(9);
    }

    @Test
    void modePartitionsIsRefusedForATableWithoutPartitions() {
        assertRefused(
                run("first", "partitions"),
                "output.mode = partitions needs partition columns, and table 'scored' does not exist yet; set output.partition-by");
        run("first", "error").score();
        assertRefused(run("first", "partitions"), "scored: has no partitions; use --mode append");
    }

    @Test
    void aTableOfAnotherShapeIsRefusedWithTheDifference() {
        byDay("first", "error").score();
        assertRefused(
                run("first", "append").with("output.emit", "loglik"),
                "scored: can't be added to: it has a column 'prediction' (int), and this run's rows have none; choose another --output, or settings that fit");
        assertRefused(
                run("first", "append").with("output.partition-by", "id"),
                "scored: can't be added to: it is partitioned by day, and this run's rows by id (output.partition-by); choose another --output, or settings that fit");
        assertThat(table().count()).isEqualTo(9);
    }

    @Test
    void viewsAndInvalidNamesAreRefused() {
        spark.range(1).createOrReplaceTempView("seen");
        assertRefused(
                run("first", "append").with("output.path", "seen"),
                "seen: is not a table (a view, perhaps), expected a table to write to; check --output");
        assertThatThrownBy(run("first", "append").with("output.path", "no-such.catalog.table")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("no-such.catalog.table: can't be looked up: ")
                .hasMessageEndingWith("; check --output and the spark.sql.catalog settings");
    }

    // Bad rows

    @Test
    void withTooManyBadRowsNothingIsCommitted() {
        Run run = run("bad", "append").with("bad-rows.rule", "null");
        assertThatThrownBy(run::score).isInstanceOf(BadRowException.class);
        assertThat(spark.catalog().tableExists("scored")).isFalse();
        assertThat(spark.sharedState().cacheManager().isEmpty())
                .as("no cached rows")
                .isTrue();
    }

    @Test
    void quarantineNeedsADirectory() {
        assertRefused(
                run("bad", "append").with("bad-rows.rule", "quarantine"),
                "bad-rows.rule = quarantine: an output table can't hold the bad rows; set bad-rows.path to a directory");
        Path bad = folder.resolve("bad");
        byDay("bad", "partitions")
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", "0.5")
                .with("bad-rows.path", bad)
                .with("report.run", "monday")
                .score();
        assertThat(spark.read().parquet(bad.toString()).collectAsList())
                .singleElement()
                .satisfies(row -> assertThat(row.<String>getAs("run")).isEqualTo("monday"));
        assertThat(Disk.names(bad))
                .filteredOn(name -> !name.endsWith(".crc"))
                .containsExactly("_sluice-bad-rows.json", "run=monday");
        assertRefused(
                byDay("bad", "partitions")
                        .with("output.path", "other")
                        .with("bad-rows.rule", "quarantine")
                        .with("bad-rows.path", bad),
                "%s: holds the bad rows of the output scored, not of other; choose another bad-rows.path"
                        .formatted(bad));
    }

    /** The commit fails because another process creates the table during the run. */
    @Test
    void badRowsAreWithdrawnWhereTheTableCannotBeWritten() throws Exception {
        Path bad = folder.resolve("bad");
        Settings settings = Settings.read(
                null,
                Map.of(
                        "model.path", "m",
                        "input.path", "in",
                        "output.path", "scored",
                        "output.format", "table",
                        "bad-rows.rule", "quarantine",
                        "bad-rows.path", bad.toString()));
        TableOutput output = TableOutput.at(
                spark,
                settings,
                RunName.of("", java.time.Instant.EPOCH),
                spark.sessionState().newHadoopConf());
        output.stage(spark.range(3).toDF(), 0);
        output.stageBadRows(spark.range(1).toDF());
        spark.sql("CREATE TABLE scored (x INT) USING parquet");
        assertThatThrownBy(() -> output.publish(null)) // an output table has no report
                .hasMessageContaining("scored");
        output.abandon();
        assertThat(Disk.names(folder)).isEmpty();
        assertThat(table().count()).isZero();
    }

    @Test
    void rowsOfATableCanBePrinted() {
        Terminal terminal = Terminal.score(
                "--model",
                TORCH.modelPath(),
                "--input",
                in("first"),
                "--output",
                "shown",
                "--output-format",
                "table",
                "--show",
                "2");
        assertThat(terminal.code()).as("%s", terminal).isZero();
        assertThat(terminal.output())
                .filteredOn(line -> line.startsWith("{\"id\":"))
                .hasSize(2);
        startSession(); // the command has stopped its session
    }
}
