package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.KillingFileSystem;

/** Iceberg tables, on the newest version of Spark that Iceberg has a runtime for: by the command, and by SQL. */
@Tag("launch")
@Tag("slow")
class IcebergIT {
    private static final String SPARK = "4.1.1";
    private static final String EMIT = "softmax,loglik";

    private static final Pattern PARTITIONED = Pattern.compile("(PARTITIONED|CLUSTERED) BY .*");

    @TempDir
    private static Path all;

    private static Path spark;
    private static List<Path> jars;
    private static SqlSession sql;
    private static WarmJava java;
    private static Map<String, String> expected;

    @TempDir
    private Path directory;

    private String scored; // the table of a test

    @BeforeAll
    static void makeTheTables() throws IOException {
        spark = SparkHome.of(SPARK, all);
        try (Stream<Path> copied = Files.list(Checkout.target("iceberg"))) {
            jars = copied.toList();
        }
        assertThat(jars).hasSize(1);
        sql = new SqlSession(all, spark, jars, settings());
        java = new WarmJava(all, "java", spark + "/jars/*", jars);
        sql.run("""
                CREATE TABLE lake.db.strings USING iceberg PARTITIONED BY (part) AS SELECT id,
                  cast(substr(id, 2) AS int) DIV 400 AS part, timestamp '2026-11-01 00:00:00' +
                  make_interval(0, 0, 0, 0, cast(substr(id, 2) AS int)) AS at, text
                FROM json.`%s`
                """.formatted(Checkout.example("strings.jsonl")));
        sql.run("CREATE TABLE strings USING parquet AS SELECT * FROM lake.db.strings");
        Launch.local(all, options(all.resolve("warehouse/strings").toString(), "parquet", "alone"))
                .end()
                .assertScored();
        expected = ParquetRows.bits(all.resolve("alone"));
        assertThat(expected).hasSize(1_200);
    }

    @AfterAll
    static void endTheSession() {
        if (sql != null) {
            sql.close();
        }
        if (java != null) {
            java.close();
        }
    }

    @BeforeEach
    void nameTheTable(TestInfo test) {
        scored = "lake.db." + test.getTestMethod().orElseThrow().getName() + System.nanoTime();
    }

    private static Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>(Map.of(
                "spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
                "spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog",
                "spark.sql.catalog.lake.type", "hadoop",
                "spark.sql.catalog.lake.warehouse", "killing:" + all.resolve("lake"),
                "spark.sql.catalog.lake.cache.expiration-interval-ms",
                        "-1", // a table stays cached, on slow machines too
                "spark.sql.catalog.spark_catalog", "org.apache.iceberg.spark.SparkSessionCatalog",
                "spark.sql.catalog.spark_catalog.type", "hadoop",
                "spark.sql.catalog.spark_catalog.warehouse",
                        all.resolve("session").toString(),
                "spark.sql.warehouse.dir", all.resolve("warehouse").toString(),
                "spark.hadoop.fs.killing.impl", KillingFileSystem.class.getName()));
        settings.put("spark.sql.catalog.sluice", "sluice.job.sql.SluiceCatalog");
        return settings;
    }

    private static String[] options(String input, String format, String output, String... more) {
        List<String> options = new ArrayList<>(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--tokens", "text",
                "--splitter", "character",
                "--emit", EMIT,
                "--input", input,
                "--input-format", format,
                "--output", output));
        options.addAll(Arrays.asList(more));
        return options.toArray(String[]::new);
    }

    /**
     * A run of the command, on the installation and with Iceberg's jar.
     *
     * @param java the environment of its Java
     */
    private Launch submit(Map<String, String> java, String... options) {
        List<String> command = new ArrayList<>(List.of(
                Checkout.launcher().toString(),
                "--master",
                "local[2]",
                "--driver-memory",
                "512m",
                "--driver-java-options",
                "%s -Dlog4j2.configurationFile=%s"
                        .formatted(Launch.SMALL, Checkout.root().resolve("conf/log4j2.properties")),
                "--jars",
                jars.get(0).toString(),
                "--driver-class-path",
                Checkout.target("test-classes").toString()));
        settings().forEach((key, value) -> command.addAll(List.of("--conf", key + "=" + value)));
        command.addAll(List.of(options));
        Map<String, String> environment = new TreeMap<>(java);
        environment.put("SPARK_HOME", spark.toString());
        return Launch.start(directory, command, environment);
    }

    /** As another process: the session sees the snapshot after it. */
    private Launch.Ended score(String input, String output, String mode, String... more) {
        Launch.Ended ended = scoreUnseen(input, output, mode, more);
        sql.run("REFRESH TABLE " + output);
        return ended;
    }

    /** As another process, after which the session still has the table that it has cached. */
    private Launch.Ended scoreUnseen(String input, String output, String mode, String... more) {
        return submit(
                        java.environment(),
                        options(
                                input,
                                "table",
                                output,
                                Stream.concat(
                                                Stream.of("--output-format", "table", "--mode", mode),
                                                Arrays.stream(more))
                                        .toArray(String[]::new)))
                .end();
    }

    /** A run by the procedure; the settings are keys and values. */
    private static String call(String input, String output, String mode, String... settings) {
        String map = Stream.concat(Stream.of("input.splitter", "character"), Arrays.stream(settings))
                .map("'%s'"::formatted)
                .collect(Collectors.joining(", "));
        return "CALL sluice.run('%s', '%s', '%s', emit => '%s', tokens => 'text', mode => '%s', settings => map(%s))"
                .formatted(Checkout.example("reber.safetensors"), input, output, EMIT, mode, map);
    }

    private static long rows(String table) {
        return sql.number("SELECT count(*) FROM " + table);
    }

    private static long snapshots(String table) {
        return rows(table + ".snapshots");
    }

    /** The rows of a table are those of the local run, each so many times. */
    private static void assertHolds(String table, int times) {
        String columns = "id, part, at, text, softmax, loglik";
        String same = "(SELECT %s FROM parquet.`%s`)".formatted(columns, all.resolve("alone"));
        assertThat(rows(table)).isEqualTo(1_200L * times);
        assertThat(rows("(SELECT %s FROM %s EXCEPT SELECT * FROM %s)".formatted(columns, table, same)))
                .as("rows of %s that differ", table)
                .isZero();
        assertThat(sql.number("SELECT count(DISTINCT id) FROM " + table)).isEqualTo(1_200);
    }

    /** As SQL writes them, buckets apart. */
    private static String partitions(String table) {
        String definition = sql.run("SHOW CREATE TABLE " + table)
                .get(0)
                .path("createtab_stmt")
                .asText();
        return PARTITIONED.matcher(definition).results().map(MatchResult::group).collect(Collectors.joining(" "));
    }

    @Test
    void aTableIsReadAndWrittenToTheBitsOfADirectory() throws IOException {
        Path report = directory.resolve("report.json");
        score("lake.db.strings", scored, "error", "--report", report.toString()).assertScored();
        Path files = all.resolve("lake/db").resolve(scored.substring("lake.db.".length()));
        assertThat(ParquetRows.bits(files.resolve("data"))).isEqualTo(expected);
        Launch.Ended audit = submit(
                        java.environment(),
                        "--audit",
                        scored,
                        "--report",
                        report.toString(),
                        "--model",
                        Checkout.example("reber.safetensors").toString())
                .end()
                .assertScored();
        assertThat(audit.out()).contains("1,200 rows with the fingerprint " + fingerprint(report));
        score("lake.db.strings", scored, "error").assertFailed(2, scored + ": exists already");
        assertThat(snapshots(scored)).isEqualTo(1);
    }

    private static String fingerprint(Path report) throws IOException {
        JsonNode found = new ObjectMapper().readTree(report.toFile()).findValue("fingerprint");
        assertThat(found).as("%s", report).isNotNull();
        return found.isTextual() ? found.asText() : found.elements().next().asText();
    }

    @Test
    void aNamedRunIsAddedOnce() {
        score("lake.db.strings", scored, "append", "--run", "monday").assertScored();
        Launch.Ended repeated =
                score("lake.db.strings", scored, "append", "--run", "monday").assertScored();
        assertThat(repeated.out()).contains("holds the rows of the run 'monday' already; nothing to do");
        assertHolds(scored, 1);
        assertThat(sql.run(call("lake.db.strings", scored, "append", "report.run", "monday")))
                .isEmpty();
        sql.run(call("lake.db.strings", scored, "append", "report.run", "tuesday"));
        sql.run(call("lake.db.strings", scored, "append"));
        assertHolds(scored, 3);
        assertThat(snapshots(scored)).isEqualTo(3);

        scoreUnseen("lake.db.strings", scored, "append", "--run", "wednesday").assertScored();
        assertThat(rows(scored)).as("rows that the session sees").isEqualTo(3_600);
        assertThat(sql.run(call("lake.db.strings", scored, "append", "report.run", "wednesday")))
                .isEmpty();
        assertHolds(scored, 4);
    }

    @Test
    void aRunThatWasTakenBackIsAddedAgain() {
        sql.run(call("lake.db.strings", scored, "append", "report.run", "monday"));
        long first = sql.number("SELECT snapshot_id FROM %s.snapshots".formatted(scored));
        sql.run(call("lake.db.strings", scored, "append", "report.run", "tuesday"));
        sql.run("CALL lake.system.rollback_to_snapshot('%s', %s)".formatted(scored.substring("lake.".length()), first));
        assertHolds(scored, 1);
        assertThat(sql.run(call("lake.db.strings", scored, "append", "report.run", "monday")))
                .isEmpty();
        sql.run(call("lake.db.strings", scored, "append", "report.run", "tuesday"));
        assertHolds(scored, 2);

        sql.run(call("lake.db.strings", scored, "overwrite"));
        assertHolds(scored, 1);
        sql.run(call("lake.db.strings", scored, "append", "report.run", "tuesday"));
        assertHolds(scored, 2);
    }

    /** Snapshots that are published after an audit are no ancestors of the current one, and neither are those of a branch. */
    @Test
    void aNamedRunIsRefusedWhereItCouldBeAddedTwice() {
        sql.run(call("lake.db.strings", scored, "error"));
        sql.run("ALTER TABLE %s CREATE BRANCH other".formatted(scored));
        sql.run(call("lake.db.strings", scored + ".branch_other", "append"));
        sql.run("REFRESH TABLE " + scored); // Iceberg's catalog caches the table of a branch
        assertHolds(scored, 1);
        assertHolds(scored + ".branch_other", 2);
        assertThat(sql.error(call("lake.db.strings", scored + ".branch_other", "append", "report.run", "monday")))
                .contains("branch_other: whether it holds the rows of the run can't be looked up: ")
                .contains("; leave out run, or write to the table itself");
        sql.run("ALTER TABLE %s SET TBLPROPERTIES ('write.wap.enabled' = 'true')".formatted(scored));
        sql.run("SET spark.wap.id = audited");
        String error = sql.error(call("lake.db.strings", scored, "append", "report.run", "monday"));
        sql.run("RESET spark.wap.id");
        assertThat(error).contains("spark.wap.id is set, so its new snapshots are published later");
        assertHolds(scored, 1);
    }

    /** Columns are found by their names, partitions may be computed from them. */
    @ParameterizedTest
    @CsvSource({
        "part, 'part = 1', 400",
        "days(at), 'at < ''2026-11-03''', 47",
        "'part, bucket(4, id), truncate(1, text)', 'part = 1', 400"
    })
    void partitionsAreReplacedInOneSnapshot(String partitioning, String filter, long replaced) {
        createTable(partitioning);
        sql.run(call("lake.db.strings", scored, "append"));
        assertHolds(scored, 1);
        String defined = partitions(scored);
        assertThat(defined).startsWith("PARTITIONED BY (");
        sql.run("UPDATE %s SET softmax = array() WHERE %s".formatted(scored, filter));
        long before = snapshots(scored);
        for (int time = 1; time <= 2; time++) {
            JsonNode report = sql.run(
                            call("lake.db.strings", scored, "partitions", "input.filter", filter.replace("'", "\\'")))
                    .get(0);
            assertThat(report.path("rows").asLong()).isEqualTo(replaced);
            assertHolds(scored, 1);
            assertThat(snapshots(scored)).isEqualTo(before + time);
        }
        sql.run(call("lake.db.strings", scored, "overwrite"));
        assertHolds(scored, 1);
        assertThat(snapshots(scored)).isEqualTo(before + 3);
        assertThat(partitions(scored)).isEqualTo(defined);
    }

    private void createTable(String partitioning) {
        sql.run("""
                CREATE TABLE %s (loglik STRUCT<sum: DOUBLE, perplexity: DOUBLE, tokens: INT>, at TIMESTAMP, part BIGINT,
                  softmax ARRAY<FLOAT>, text STRING NOT NULL COMMENT 'symbols', id STRING NOT NULL)
                USING iceberg PARTITIONED BY (%s)
                """.formatted(scored, partitioning));
    }

    @Test
    void aTableOfOtherColumnsKeepsItsPartitionsOrIsRefused() {
        sql.run(call("lake.db.strings", scored, "partitions", "output.partition-by", "part"));
        sql.run(call("lake.db.strings", scored, "overwrite", "output.provenance", "true"));
        assertThat(partitions(scored)).isEqualTo("PARTITIONED BY (part)");
        assertHolds(scored, 1);
        sql.run(call("lake.db.strings", scored, "overwrite", "output.partition-by", "id", "input.filter", "part = 3"));
        assertThat(partitions(scored)).isEqualTo("PARTITIONED BY (id)");
        assertThat(sql.error(call("lake.db.strings", scored, "overwrite", "input.columns", "part, at, text")))
                .contains(scored + ": is partitioned by id, and a table with other columns can't take that over; "
                        + "set output.partition-by, or drop the table, or choose another output");
        scored += "hidden";
        createTable("days(at)");
        assertThat(sql.error(call("lake.db.strings", scored, "overwrite", "output.provenance", "true")))
                .contains("is partitioned by days(at), and a table with other columns can't take that over");
        assertThat(sql.error(call("lake.db.strings", scored, "append", "output.partition-by", "at")))
                .contains("it is partitioned by days(at), and this run's rows by at (output.partition-by)");
        assertThat(snapshots(scored)).isZero();
    }

    @Test
    void aRefusedOrFailedRunCreatesNoSnapshot() throws IOException {
        sql.run(call("lake.db.strings", scored, "append"));
        assertThat(sql.error(call("lake.db.strings", scored, "append", "output.provenance", "true")))
                .contains("can't be added to: it has no column 'provenance'");
        assertThat(sql.error(call("lake.db.strings", scored, "append", "input.columns", "id, part, text")))
                .contains("can't be added to: it has a column 'at' (timestamp), and this run's rows have none");
        assertThat(sql.error(call("lake.db.strings", scored, "partitions")))
                .contains(scored + ": has no partitions; use mode append or overwrite");
        sql.run("ALTER TABLE %s RENAME COLUMN part TO third".formatted(scored));
        assertThat(sql.error(call("lake.db.strings", scored, "append")))
                .contains("it has a column 'third' (bigint), and this run's rows have none");
        sql.run("ALTER TABLE %s RENAME COLUMN third TO part".formatted(scored));

        sql.run(
                "CREATE TABLE %sbad USING iceberg AS SELECT id, part, at, IF(id = 's0007', 'Q', text) AS text FROM strings"
                        .formatted(scored));
        Path bad = directory.resolve("bad");
        Launch.Ended failed =
                score(scored + "bad", scored, "append", "--run", "monday"); // Spark warns of a block that is not cached
        assertThat(failed.exitCode()).as("%s", failed).isEqualTo(3);
        assertThat(failed.err()).as("%s", failed).contains("word 'Q' at step 0");
        String[] quarantine = {"--bad-rows", "quarantine", "--set", "bad-rows.path=" + bad, "--run", "monday"};
        score(scored + "bad", scored, "append", with(quarantine, "--set", "bad-rows.max-fraction=0"))
                .assertFailed(3, "1 of 1,200 rows can't be scored");
        assertThat(bad).doesNotExist();
        assertThat(snapshots(scored)).isEqualTo(1);

        score(scored + "bad", scored, "append", quarantine).assertScored();
        score(scored + "bad", scored, "append", quarantine).assertScored();
        assertThat(rows(scored)).isEqualTo(1_200 + 1_199);
        assertThat(rows("parquet.`%s`".formatted(bad))).isEqualTo(1);
    }

    private static String[] with(String[] options, String... more) {
        return Stream.concat(Arrays.stream(options), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    void anOlderSnapshotIsScored() {
        sql.run("CREATE TABLE %sgrown USING iceberg AS SELECT * FROM strings".formatted(scored));
        long first = sql.number("SELECT snapshot_id FROM %sgrown.snapshots".formatted(scored));
        sql.run("ALTER TABLE %sgrown CREATE TAG sunday".formatted(scored));
        sql.run("INSERT INTO %1$sgrown SELECT concat(id, '+'), part, at, text FROM %1$sgrown".formatted(scored));
        String from = scored + "grown";
        sql.run(call(from, scored, "overwrite"));
        assertThat(rows(scored)).isEqualTo(2_400);
        sql.run(call(from, scored, "overwrite", "input.options.versionAsOf", String.valueOf(first)));
        assertHolds(scored, 1);
        sql.run(call(from + ".tag_sunday", scored, "append"));
        assertHolds(scored, 2);
        assertThat(sql.error(call(from, scored, "append", "input.options.versionAsOf", "1")))
                .contains(from + ": not readable as table: Cannot find snapshot with ID 1");
    }

    /** Iceberg has no smaller integers than int. */
    @Test
    void smallIntegersAreAddedToTheColumnsThatIcebergMadeOfThem() {
        sql.run(
                "CREATE TABLE small USING parquet AS SELECT *, cast(part AS smallint) AS s, array(named_struct('t', cast(part AS tinyint))) AS n FROM strings");
        sql.run(call("small", scored, "error"));
        sql.run(call("small", scored, "append"));
        sql.run(call("small", scored, "overwrite"));
        sql.run(call("small", scored, "append"));
        assertHolds(scored, 2);
        assertThat(rows("%s WHERE s = part AND n[0].t = part".formatted(scored)))
                .isEqualTo(2_400);
        assertThat(snapshots(scored)).isEqualTo(4);
        sql.run(
                "CREATE TABLE large USING parquet AS SELECT *, cast(part AS bigint) AS s, array(named_struct('t', cast(part AS tinyint))) AS n FROM strings");
        assertThat(sql.error(call("large", scored, "append")))
                .contains("its column 's' has type int, and this run's has bigint");
    }

    @Test
    void tablesOfTheSessionsOwnCatalogAreTheSame() {
        String table = "default." + scored.substring("lake.db.".length());
        assertThat(sql.error(call("lake.db.strings", table, "append", "report.run", "monday")))
                .contains("is stored as parquet, which does not record that the run 'monday' was added");
        for (int time = 0; time < 2; time++) {
            sql.run(call("strings", table, "append", "output.table-provider", "iceberg", "report.run", "monday"));
            assertHolds(table, 1);
        }
        sql.run(call(table, scored, "error", "output.prefix", "again_"));
        assertHolds(scored, 1);
        sql.run(call("strings", table, "overwrite"));
        assertHolds(table, 1);
        assertThat(snapshots("spark_catalog." + table)).isEqualTo(2);
    }

    /** Iceberg's runtime is for one version of Spark, and says of another only that a class has changed. */
    @Test
    void theRuntimeOfAnotherSparkIsRefusedWithASentence() {
        List<String> options = new ArrayList<>(List.of("--jars", jars.get(0).toString()));
        settings().forEach((key, value) -> options.addAll(List.of("--conf", key + "=" + value)));
        options.addAll(List.of(
                options(all.resolve("warehouse/strings").toString(), "parquet", scored, "--output-format", "table")));
        Launch.local(directory, options.toArray(String[]::new))
                .end()
                .assertFailed(2, "IncompatibleClassChangeError: class org.apache.iceberg.", "--packages");
    }

    /** Before the new metadata has its name there is the old snapshot alone, after that the new one. */
    @ParameterizedTest
    @CsvSource({
        "append, data/.*parquet, false",
        "append, snap-, false",
        "append, v2.metadata.json, false",
        "append, version-hint, true",
        "partitions, v2.metadata.json, false",
        "overwrite, v2.metadata.json, false",
        "overwrite, version-hint, true",
    })
    void aKilledRunLeavesOneSnapshotOrTheOther(String mode, String before, boolean committed) {
        sql.run(call("lake.db.strings", scored, "error", "output.partition-by", "part", "input.filter", "part < 2"));
        String name = scored.substring("lake.db.".length());
        List<JsonNode> old = sql.run("SELECT * FROM " + scored + ".snapshots");
        List<String> options = new ArrayList<>(List.of(
                "--output-format",
                "table",
                "--mode",
                mode,
                "--run",
                "tonight",
                "--conf",
                "spark.hadoop.sluice.test.halt-before=/%s/.*%s".formatted(name, before)));
        if (mode.equals("append")) {
            options.addAll(List.of("--set", "input.filter=part >= 2"));
        }
        Launch.Ended killed = submit(
                        Map.of(), options("lake.db.strings", "table", scored, options.toArray(String[]::new)))
                .end();
        assertThat(killed.exitCode()).as("%s", killed).isEqualTo(137);

        sql.run("REFRESH TABLE " + scored);
        if (committed) {
            assertHolds(scored, 1);
            assertThat(snapshots(scored)).isEqualTo(2);
        } else {
            assertThat(sql.run("SELECT * FROM " + scored + ".snapshots")).isEqualTo(old);
            assertThat(rows(scored)).isEqualTo(799);
        }
        String[] settings = mode.equals("append")
                ? new String[] {"report.run", "tonight", "input.filter", "part >= 2"}
                : new String[] {"report.run", "tonight"};
        for (int time = 0; time < 2; time++) {
            sql.run(call("lake.db.strings", scored, mode, settings));
            assertHolds(scored, 1);
        }
        if (mode.equals("append")) {
            assertThat(snapshots(scored)).isEqualTo(2);
        }
    }
}
