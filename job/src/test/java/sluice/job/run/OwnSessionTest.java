package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;

/** Runs at the same time in one session leave its settings as they are. */
class OwnSessionTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    Path folder;

    private SparkSession spark;

    /** The settings of the user's session whenever a task starts. */
    private final Set<Map<String, String>> seen = ConcurrentHashMap.newKeySet();

    private final SparkListener listener = new SparkListener() {
        @Override
        public void onTaskStart(SparkListenerTaskStart start) {
            seen.add(settings());
        }
    };

    @BeforeEach
    void start() {
        spark = LocalSpark.restart(
                Map.of("spark.sql.warehouse.dir", folder.resolve("warehouse").toString()));
        spark.sql("SELECT id, id div 300 AS day, array(id % 2, 1L) AS tokens FROM range(0, 900, 1, 3)")
                .write()
                .parquet(folder.resolve("in").toString());
        spark.sparkContext().addSparkListener(listener);
    }

    @AfterEach
    void stop() {
        spark.stop();
    }

    private Map<String, String> settings() {
        return Map.copyOf(CollectionConverters.asJava(spark.conf().getAll()));
    }

    private Run run(Path output, String mode) {
        return Run.of(TORCH, output)
                .with("input.path", folder.resolve("in"))
                .with("output.partition-by", "day")
                .with("output.emit", "prediction")
                .with("output.mode", mode);
    }

    @Test
    void theSettingsOfTheSessionStay() throws Exception {
        Map<String, String> before = settings();
        run(Path.of("scored"), "error").with("output.format", "table").score();
        run(Path.of("grown"), "error").with("output.format", "table").score();
        List<Run> runs = List.of(
                run(Path.of("scored"), "partitions").with("output.format", "table"), // sets partitionOverwriteMode
                run(Path.of("grown"), "append").with("output.format", "table"),
                run(folder.resolve("out"), "partitions").with("output.file-rows", "10"), // sets advisory sizes
                run(folder.resolve("states"), "append")
                        .with("state.path", folder.resolve("states of keys"))
                        .with("state.key", "id"));
        Run batches = run(folder.resolve("batches"), "append") // sets adaptive execution and the streams' checks
                .with("input.checkpoint", folder.resolve("checkpoint"));
        ExecutorService threads = Executors.newFixedThreadPool(runs.size() + 1);
        try {
            List<Future<?>> ended = new ArrayList<>();
            runs.forEach(run -> ended.add(threads.submit(run::score)));
            ended.add(threads.submit(batches::scoreNew));
            for (Future<?> end : ended) {
                end.get();
            }
        } finally {
            threads.shutdown();
        }
        spark.sparkContext().listenerBus().waitUntilEmpty();
        assertThat(settings()).isEqualTo(before);
        assertThat(seen).containsOnly(before);
        assertThat(spark.read().table("scored").count()).isEqualTo(900);
        assertThat(spark.read().table("grown").count()).isEqualTo(900 + 900);
    }

    /** A run sees what its session has: settings, views, the current database. */
    @Test
    void aRunHasTheViewsAndSettingsOfItsSession() {
        spark.sql("CREATE DATABASE other");
        spark.sql("USE other");
        spark.sql("SELECT 1 AS id, array(0L) AS tokens").createOrReplaceTempView("seen");
        spark.conf().set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MILLIS");
        Run.of(TORCH, Path.of("scored"))
                .with("input.format", "table")
                .with("input.path", "seen")
                .with("output.format", "table")
                .score();
        assertThat(spark.read().table("other.scored").count()).isEqualTo(1);
        assertThat(spark.catalog().currentDatabase()).isEqualTo("other");
    }
}
