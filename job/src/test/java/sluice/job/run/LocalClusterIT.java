package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.CollectionConverters;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.job.column.OutputColumns;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Disk;
import sluice.job.fixture.Endpoint;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.input.InputPlan;
import sluice.job.input.InputRow;
import sluice.job.input.InputTable;
import sluice.job.input.SequenceReader;
import sluice.job.message.Failure;
import sluice.job.model.BroadcastModel;
import sluice.job.model.Vocabularies;
import sluice.job.report.RunCounters;
import sluice.job.report.RunReport;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.Settings;
import sluice.job.settings.VectorForm;
import sluice.job.sql.SluiceCatalog;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.PartitionScorer;

/**
 * The job on two executors in processes of their own. Local mode does not serialize broadcasts, so only this test finds what a serializer
 * loses. It runs once with Java's serializer and once with Kryo.
 */
@ParameterizedClass
@ValueSource(strings = {"org.apache.spark.serializer.JavaSerializer", "org.apache.spark.serializer.KryoSerializer"})
@Tag("slow")
class LocalClusterIT {
    private static final int EXECUTORS = 2;
    private static final int FILES = 8;
    private static final TorchCase TORCH = TorchCase.named("many_short");
    private static final List<OutputKind> ASKED = List.of(OutputKind.SOFTMAX, OutputKind.LOGLIK, OutputKind.STATE);

    private static SparkSession spark;

    @Parameter
    String serializer;

    @TempDir
    static Path warehouse;

    @TempDir
    Path folder;

    @BeforeParameterizedClassInvocation
    static void start(String serializer) throws IOException {
        // Executors get the class path of the tests. Spark's launcher still requires a directory of jars, which may be
        // empty.
        Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
        SparkSession.Builder builder = SparkSession.builder();
        Endpoint.settings().forEach(builder::config);
        spark = builder.appName("sluice cluster tests")
                .master(String.format(Locale.ROOT, "local-cluster[%d,1,1024]", EXECUTORS))
                .config("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .config("spark.serializer", serializer)
                .config("spark.sql.warehouse.dir", warehouse.toString())
                .config(
                        "spark.sql.files.maxPartitionBytes",
                        "4m") // equal to spark.sql.files.openCostInBytes: each file is a task
                .getOrCreate();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        spark.stop();
    }

    @Test
    void theSessionUsesTheSerializer() {
        assertThat(spark.sparkContext().env().serializer().getClass()).hasToString("class " + serializer);
    }

    /** Counts the scoring tasks of each executor. */
    private static final class Workers extends SparkListener {
        private final Set<String> executors = ConcurrentHashMap.newKeySet();
        private final AtomicInteger tasks = new AtomicInteger();

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            boolean scored = CollectionConverters.asJava(end.taskInfo().accumulables()).stream()
                    .anyMatch(counter -> counter.name().contains("sluice rows"));
            if (scored) {
                executors.add(end.taskInfo().executorId());
                tasks.incrementAndGet();
            }
        }
    }

    @Test
    void executorsReturnTheEnginesBits() throws Exception {
        List<ScoredSequence> expected = CompiledModel.compile(TORCH.model(), InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(Steps.LAST, ASKED, 1))
                .score(TORCH.sequences());
        Run run = Run.of(TORCH, folder.resolve("out"))
                .withInput(Tables.ofIds(TORCH.tokens()), FILES, folder.resolve("in"))
                .with("output.emit", "softmax,loglik,state");
        Workers workers = new Workers();
        spark.sparkContext().addSparkListener(workers);
        RunReport report = run.score();
        List<Row> rows = spark.read().parquet(folder.resolve("out").toString()).collectAsList();
        spark.sparkContext().listenerBus().waitUntilEmpty();

        assertThat(rows).hasSameSizeAs(expected);
        for (Row row : rows) {
            Answers.requireSame(row, expected.get(row.getInt(0)), Steps.LAST, ASKED);
        }
        assertThat(workers.tasks).hasValue(FILES);
        assertThat(workers.executors).hasSizeBetween(1, EXECUTORS);
        assertThat(report.measured().engines())
                .as("one engine for each executor that ran tasks")
                .hasSameSizeAs(workers.executors);
        assertThat(report.measured().rows()).isEqualTo(expected.size());
    }

    /** A query refers to the broadcast of the model, and does not contain the model. */
    @Test
    void theSqlFunctionsReturnTheEnginesBits() {
        List<ScoredSequence> expected = CompiledModel.compile(TORCH.model(), InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(Steps.LAST, ASKED, 1))
                .score(TORCH.sequences());
        spark.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        spark.conf().set("spark.sql.catalog.sluice.model.short", TORCH.modelPath());
        spark.conf().set("spark.sql.catalog.sluice.model.short.output.emit", "softmax,loglik,state");
        Tables.ofIds(TORCH.tokens()).repartition(FILES).createOrReplaceTempView("events");
        List<Row> rows = spark.sql(
                        "SELECT id, answer.* FROM (SELECT id, sluice.short.score(tokens) AS answer FROM events)")
                .collectAsList();
        assertThat(rows).hasSameSizeAs(expected);
        for (Row row : rows) {
            Answers.requireSame(row, expected.get(row.getInt(0)), Steps.LAST, ASKED);
        }
    }

    /** Spark serves Prometheus on the driver only, which has the counters of each executor and their sums. */
    @Test
    void theDriverServesTheCountersOfTheExecutors() {
        Endpoint endpoint = new Endpoint(spark);
        Map<String, Long> before = endpoint.counters();
        RunReport report = Run.of(TORCH, folder.resolve("out"))
                .withInput(Tables.ofIds(TORCH.tokens()), FILES, folder.resolve("in"))
                .score();
        Map<String, Long> expected = new TreeMap<>(Endpoint.reported(report, ""));
        expected.replaceAll((name, more) -> before.getOrDefault(name, 0L) + more);
        Map<String, Long> served = endpoint.counters(now -> now.entrySet().containsAll(expected.entrySet()));
        assertThat(served).containsAllEntriesOf(expected);
        for (String name : expected.keySet()) {
            long sum = served.entrySet().stream()
                    .filter(counter -> counter.getKey().matches("executor_\\d+_" + name))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
            assertThat(sum).as("%s of all executors", name).isEqualTo(served.get(name));
        }
    }

    /** Ends the executor that has finished the first scoring task, with the rows that it has cached. */
    private static final class Killer extends SparkListener {
        private final AtomicInteger kills = new AtomicInteger();

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            boolean scored = CollectionConverters.asJava(end.taskInfo().accumulables()).stream()
                    .anyMatch(counter -> counter.name().contains("sluice rows"));
            if (scored && kills.compareAndSet(0, 1)) {
                new Thread(() -> spark.sparkContext()
                                .killAndReplaceExecutor(end.taskInfo().executorId()))
                        .start();
            }
        }
    }

    /** A table's rows are counted while they are cached. Spark scores the rows of a lost executor again. */
    @Test
    void rowsOfALostExecutorCountOnce() throws Exception {
        TorchCase torch = TorchCase.named("vocab_2");
        Killer killer = new Killer();
        Run run = Run.of(torch, Path.of("scored"))
                .withInput(
                        spark.sql("SELECT id, array(IF(id % 40 = 3, 7L, id % 2), 1L) AS tokens FROM range(0, 4000)"),
                        16,
                        folder.resolve("in"))
                .with("output.format", "table")
                .with("scoring.task-seconds", 0)
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.path", folder.resolve("bad"));
        spark.sparkContext().addSparkListener(killer);
        try {
            RunReport report = run.score();
            assertThat(killer.kills).hasValue(1);
            assertThat(report.measured().rows()).isEqualTo(3_900);
            assertThat(report.measured().tokens()).isEqualTo(7_800);
            assertThat(report.measured().tasks()).isEqualTo(16);
            assertThat(report.badRows().rows()).isEqualTo(100);
            assertThat(spark.read().table("scored").count()).isEqualTo(3_900);
            assertThat(spark.read().parquet(folder.resolve("bad").toString()).count())
                    .isEqualTo(100);
        } finally {
            spark.sparkContext().removeSparkListener(killer);
            spark.sql("DROP TABLE IF EXISTS scored");
        }
    }

    /** Words, labels and patterns are part of the broadcast plan. */
    @Test
    void executorsReadText() {
        Path vocabulary = Disk.write(folder.resolve("words.txt"), "zero\none\n");
        List<Row> rows = Run.of(TorchCase.named("vocab_2"), folder.resolve("out"))
                .withInput(spark.sql("SELECT 0 AS id, 'one, zero,one' AS tokens"), 1, folder.resolve("in"))
                .with("input.vocabulary", vocabulary)
                .with("input.splitter", "regex")
                .with("input.splitter-pattern", ",\\s*")
                .with("output.emit", "loglik,topk")
                .with("output.top-k", 2)
                .rows();
        assertThat(rows).hasSize(1);
        assertThat(rows.get(0).<Row>getAs("loglik").<Integer>getAs("tokens")).isEqualTo(2);
        assertThat(rows.get(0).<Row>getList(rows.get(0).fieldIndex("topk")))
                .extracting(top -> top.<String>getAs("label"))
                .containsExactlyInAnyOrder("zero", "one");
    }

    @Test
    void aDamagedModelIsNotUsed() {
        TorchCase torch = TorchCase.named("vocab_2");
        Tables.ofIds(torch.tokens()).write().parquet(folder.resolve("in").toString());
        // Simulates a faulty serializer: changes a weight after the checksum was computed.
        torch.model().output().orElseThrow().weights().values()[0] += 1;
        Dataset<Row> scored = scored(torch.model(), torch.modelPath());
        Throwable failure = catchThrowable(scored::collectAsList);
        assertThat(Failure.sentence(failure))
                .startsWith("the model arrived damaged: its weights have SHA-256 ")
                .endsWith(
                        ", expected %s; check the serializer settings (spark.serializer, spark.kryo.*) and the memory of this machine"
                                .formatted(torch.model().fingerprint()));
        assertThat(failure).message().containsPattern("executor [0-9]+\\)");
    }

    /** Scores like the job, but with a model that is in no file. */
    private Dataset<Row> scored(LstmModel model, String path) {
        Settings settings = Settings.read(
                null,
                Map.of("model.path", path, "input.path", folder.resolve("in").toString(), "output.path", "none"));
        InputTable table = InputTable.read(spark, settings.input(), model);
        InputPlan plan = InputPlan.resolve(table, model, settings, new Vocabularies(Optional.empty(), Map.of()));
        OutputColumns columns =
                new OutputColumns(settings.output().request(), VectorForm.ARRAY, "", Optional.empty(), BadRowRule.FAIL);
        StructType schema = columns.appendTo(table.schema(), model);
        SequenceReader reader = new SequenceReader(plan, plan.state(), settings.input(), model);
        Broadcast<BroadcastPlan> broadcast = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new BroadcastPlan(
                        BroadcastModel.broadcast(model, plan.kind(), settings, spark),
                        settings.output().request(),
                        new InputRow(reader, Optional.empty(), table, settings.input()),
                        columns,
                        BadRowRule.FAIL,
                        settings.scoring().batchBytes()));
        PartitionScorer scorer = new PartitionScorer(broadcast, new RunCounters(spark.sparkContext()));
        return table.rows().mapPartitions(scorer, Encoders.row(schema));
    }
}
