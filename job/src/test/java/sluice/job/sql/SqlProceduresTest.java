package sluice.job.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.model.ModelCache;

/** The procedures of the catalog in a session with tables and a small model cache. */
class SqlProceduresTest {
    private static final TorchCase TORCH = TorchCase.named("many_short");
    private static final TorchCase OTHER = TorchCase.named("uni_l1_h3");
    private static final String MODEL = "spark.sql.catalog.lstm.model.";

    @TempDir
    static Path folder;

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = LocalSpark.restart(Map.of(
                "spark.sql.warehouse.dir",
                folder.resolve("warehouse").toString(),
                "spark.sql.catalog.lstm",
                SluiceCatalog.class.getName(),
                "spark.sql.catalog.lstm.cache-bytes",
                "1 KiB",
                MODEL + "next-click",
                TORCH.modelPath(),
                MODEL + "next-click.output.top-k",
                "3",
                MODEL + "other",
                OTHER.modelPath()));
        spark.sql("CREATE DATABASE IF NOT EXISTS db");
        Tables.ofIds(TORCH.tokens()).write().saveAsTable("db.events");
    }

    @AfterAll
    static void stop() {
        spark.sql("DROP DATABASE db CASCADE");
        spark.stop();
    }

    @Test
    void aTableIsScoredIntoATable() throws Exception {
        Row report = spark.sql(
                        "CALL lstm.run(model => 'next-click', input => 'db.events', output => 'db.scores', emit => 'topk,loglik')")
                .first();
        assertThat(report.<Long>getAs("rows")).isEqualTo(300);
        assertThat(report.<Long>getAs("bad_rows")).isZero();
        assertThat(report.<String>getAs("model_sha256")).isEqualTo(TORCH.model().fingerprint());
        assertThat(report.<String>getAs("output")).isEqualTo("db.scores");
        JsonNode json = new ObjectMapper().readTree(report.<String>getAs("report"));
        assertThat(json.path("columns")).hasToString("[\"id\",\"tokens\",\"topk\",\"loglik\"]");
        assertThat(json.path("tokens").asLong()).isEqualTo(report.<Long>getAs("tokens"));

        assertThat(spark.sql("SELECT * FROM db.scores"))
                .satisfies(scores -> assertThat(scores.count()).isEqualTo(300));
        long different = spark.sql("""
                        SELECT * FROM db.scores
                        WHERE topk <> lstm.topk('next-click', tokens, 3) OR loglik <> lstm.loglik('next-click', tokens)
                        """).count();
        assertThat(different)
                .as("rows for which the functions give other values")
                .isZero();
    }

    @Test
    void aViewIntoADirectoryWithOtherSettings() {
        spark.sql("CREATE TEMPORARY VIEW some AS SELECT id, tokens AS clicks FROM db.events WHERE id < 9");
        String output = folder.resolve("out").toString();
        Row report = spark.sql("""
                        CALL lstm.run('%s', 'some', '%s', at => 'each', emit => 'rank', tokens => 'clicks', run => 'first',
                          mode => 'append', output_format => 'parquet', settings => map('input.filter', 'id >= 2', 'output.prefix', 'p_'))
                        """.formatted(Path.of(TORCH.modelPath()).toAbsolutePath(), output))
                .first();
        assertThat(report.<Long>getAs("rows")).isEqualTo(7);
        assertThat(spark.read().parquet(output).columns()).containsExactly("id", "clicks", "p_rank");
        assertThat(spark.sql("""
                        CALL lstm.run('next-click', 'some', '%s', tokens => 'clicks', run => 'first', mode => 'append', output_format => 'parquet')
                        """.formatted(output)).collectAsList())
                .as("this run is done already")
                .isEmpty();
    }

    /** As of the command line, {@code --status} tells how the last run of a name ended. */
    @Test
    void aRepeatedRunThatFailsHasItsCode() {
        String output = folder.resolve("out").toString();
        Path report = folder.resolve("report.json");
        String call =
                "CALL lstm.run('next-click', '%s', '%s', run => 'first', report => '%s', output_format => 'parquet', mode => 'overwrite', tokens => '%s')";
        spark.sql(call.formatted("db.events", output, report, "tokens"));
        assertThatThrownBy(() -> spark.sql(call.formatted("db.events", output, report, "clicks")))
                .hasStackTraceContaining("no column 'clicks'");
        for (String place : List.of(output, report.toString())) {
            Terminal status = Terminal.score("--status", place, "--run", "first");
            assertThat(status.code()).as("%s", status).isEqualTo(2);
            assertThat(status.errors()).singleElement().asString().contains("ended with 2: input.tokens: no column");
        }
    }

    @Test
    void newFilesOnly() {
        String drops = folder.resolve("drops").toString();
        String call =
                "CALL lstm.run('next-click', '%s', '%s', input_format => 'parquet', output_format => 'parquet', settings => map('input.checkpoint', '%s'))"
                        .formatted(drops, folder.resolve("batches"), folder.resolve("checkpoint"));
        for (int night = 0; night < 2; night++) {
            spark.sql(String.format(Locale.ROOT, "SELECT * FROM db.events WHERE id %% 2 = %d", night))
                    .coalesce(1)
                    .write()
                    .mode("append")
                    .parquet(drops);
            assertThat(spark.sql(call).first().<Long>getAs("rows")).isEqualTo(150);
        }
        assertThat(spark.sql(call).collectAsList()).as("no new files").isEmpty();
        assertThat(spark.read().parquet(folder.resolve("batches").toString()).count())
                .isEqualTo(300);
    }

    @Test
    void aModelIsDescribed() {
        List<Row> page = spark.sql("CALL lstm.describe(model => 'other')").collectAsList();
        assertThat(page)
                .extracting(row -> row.getString(0))
                .startsWith("model", "format", "input", "layer 0", "forward", "output")
                .contains("sha-256");
        assertThat(page)
                .extracting(Row::toString)
                .contains("[sha-256,%s]".formatted(OTHER.model().fingerprint()), "[format,safetensors]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CALL lstm.run('nxt-click', 'db.events', 'db.no')                   | no model 'nxt-click', did you mean 'next-click'? There are next-click, other; set spark.sql.catalog.lstm.model.nxt-click to its path",
                "CALL lstm.run('other', 'db.event', 'db.no')                        | db.event: no such table in this session's catalogs; check input",
                "CALL lstm.run('other', 'db.events', 'db.no', emit => 'tokp')       | output.emit = 'tokp': expected one of softmax, logits, sigmoid, prediction, topk",
                "CALL lstm.run('other', 'db.events', 'db.no', settings => map('output.topk', '2')) | unknown key 'output.topk', did you mean 'output.top-k'?",
                "CALL lstm.run('other', 'db.events', 'db.events')                   | db.events: exists already; choose another output, or set mode to overwrite, append or partitions",
                "CALL lstm.run(model => 'other', input => 'db.events')              | `output`",
                "CALL lstm.run('other', 'db.events', NULL)                          | no output: pass output or set output.path",
                "CALL lstm.describe(CAST(NULL AS string))                           | describe: argument model is null, expected a model's name or path",
                "CALL lstm.describe('/no/such')                                     | /no/such: no such file; check the path",
                "CALL lstm.rum('other')                                             | lstm.rum: no such procedure; there are lstm.run and lstm.describe"
            })
    void aWrongCallIsRefused(String call, String message) {
        assertThatThrownBy(() -> spark.sql(call))
                .satisfies(thrown -> assertThat(thrown.getMessage()
                                + (thrown.getCause() == null
                                        ? ""
                                        : thrown.getCause().getMessage()))
                        .contains(message));
        assertThat(spark.catalog().tableExists("db.no")).isFalse();
    }

    /** The cache has room for one model, the last used. A running query keeps its own. */
    @Test
    void modelsAreEvictedAboveTheCacheSize() {
        ModelCache cache = ModelCache.of(spark.sparkContext(), "lstm", 0);
        Dataset<Row> first = spark.sql("SELECT lstm.`next-click`.loglik(tokens) FROM db.events");
        assertThat(cache.paths()).containsExactly(TORCH.modelPath());
        spark.sql("CALL lstm.describe('other')");
        assertThat(cache.paths()).containsExactly(OTHER.modelPath());
        assertThat(cache.bytes()).isPositive();
        assertThat(first.collectAsList()).hasSize(300);
        assertThat(cache.paths()).containsExactly(OTHER.modelPath());
    }
}
