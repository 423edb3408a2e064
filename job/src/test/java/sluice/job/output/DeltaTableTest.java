package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.BadRowException;
import sluice.job.message.RefusedException;

/** Delta tables: a transactional format that Spark does not ship. */
class DeltaTableTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    static Path files;

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = LocalSpark.restart(Map.of(
                "spark.sql.warehouse.dir", files.resolve("warehouse").toString(),
                // The log has few entries; the default of 50 partitions would be slow.
                "spark.databricks.delta.snapshotPartitions", "1",
                "spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension",
                "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"));
        String rows =
                "CREATE TABLE %s USING delta AS SELECT id, id div 3 AS day, array(%s) AS tokens FROM range(%d, 9, 1, 1)";
        spark.sql(rows.formatted("first", "id % 2, 1L", 0));
        spark.sql(rows.formatted("second", "0L, id % 2, 0L", 3));
        spark.sql(rows.formatted("bad", "IF(id = 4, 7L, 1L)", 3));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @BeforeEach
    void dropTable() {
        spark.sql("DROP TABLE IF EXISTS scored");
    }

    private static Run run(String input, String mode) {
        return Run.of(TORCH, Path.of("scored"))
                .with("input.path", input)
                .with("input.format", "table")
                .with("output.format", "table")
                .with("output.table-provider", "delta")
                .with("output.emit", "prediction,loglik")
                .with("output.mode", mode);
    }

    private static Dataset<Row> table() {
        return spark.read().table("scored");
    }

    private static long versions() {
        return spark.sql("DESCRIBE HISTORY scored").count();
    }

    @Test
    void aDeltaTableIsReadAndWritten() {
        run("first", "error").score();
        assertThat(table().count()).isEqualTo(9);
        run("second", "append").score();
        assertThat(table().count()).isEqualTo(9 + 6);
        assertThat(versions()).isEqualTo(2);
    }

    @Test
    void theSameTransactionIsAppliedOnce() {
        run("first", "error").score();
        for (int time = 0; time < 2; time++) {
            run("second", "append")
                    .with("output.options.txnAppId", "nightly")
                    .with("output.options.txnVersion", "20261122")
                    .score();
            assertThat(versions()).isEqualTo(2);
            assertThat(table().count()).isEqualTo(9 + 6);
        }
    }

    /** The first of the runs makes the table, or finds it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNamedRunIsAddedOnce(boolean exists) {
        long before = exists ? run("first", "error").score().measured().rows() : 0;
        for (int time = 0; time < 2; time++) {
            run("second", "append").with("report.run", "monday").score();
            assertThat(table().count()).isEqualTo(before + 6);
        }
        run("second", "append").with("report.run", "tuesday").score();
        assertThat(table().count()).isEqualTo(before + 6 + 6);
    }

    @Test
    void aTableIsReplacedInOneVersion() {
        run("first", "error").with("output.emit", "softmax").score();
        run("second", "overwrite").score();
        assertThat(versions()).isEqualTo(2);
        assertThat(table().columns()).containsExactly("id", "day", "tokens", "prediction", "loglik");
        assertThat(table().count()).isEqualTo(6);
        assertThat(spark.sql("SELECT * FROM scored VERSION AS OF 0").columns()).contains("softmax");
    }

    @Test
    void partitionsAreReplacedInOneVersion() {
        run("first", "partitions").with("output.partition-by", "day").score();
        run("second", "partitions").score();
        assertThat(versions()).isEqualTo(2);
        assertThat(table().count()).isEqualTo(9);
        assertThat(table().where("size(tokens) = 3").count()).isEqualTo(6);
    }

    @Test
    void aTableByItsPath() {
        String path = "delta.`%s`".formatted(files.resolve("by-path"));
        run("first", "error").score();
        table().write().format("delta").save(files.resolve("by-path").toString());
        assertThatThrownBy(run("first", "error").with("output.path", path)::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(path + ": exists already");
        run("second", "append").with("output.path", path).score();
        assertThat(spark.read().table(path).count()).isEqualTo(9 + 6);
    }

    @Test
    void aRefusedOrFailedRunCreatesNoVersion() {
        run("first", "error").score();
        assertThatThrownBy(run("second", "append").with("output.emit", "loglik")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("it has a column 'prediction' (int), and this run's rows have none");
        assertThatThrownBy(run("bad", "append").with("bad-rows.rule", "null")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("it has no column 'reason' (struct<code:string,text:string>)");
        assertThatThrownBy(run("bad", "append")
                        .with("bad-rows.rule", "quarantine")
                        .with("bad-rows.path", files.resolve("bad-rows"))::score)
                .isInstanceOf(BadRowException.class);
        assertThat(versions()).isEqualTo(1);
    }
}
