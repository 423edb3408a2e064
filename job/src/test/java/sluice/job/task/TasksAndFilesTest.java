package sluice.job.task;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.spark_partition_id;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.input.InputTable;
import sluice.job.report.RunReport;
import sluice.job.settings.RunSession;

/** Scores tables in every task layout: the rows and their bits are the same. */
class TasksAndFilesTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");
    private static final int ROWS = 1_000;

    @TempDir
    Path folder;

    private Dataset<Row> input;

    @BeforeEach
    void makeRows() {
        Random random = new Random(5);
        List<int[]> sequences = new ArrayList<>();
        for (int row = 0; row < ROWS; row++) {
            sequences.add(IntStream.range(0, random.nextInt(30))
                    .map(step -> random.nextInt(10) == 0 ? 0 : 1)
                    .toArray());
        }
        input = Tables.ofIds(sequences);
    }

    private Run run(String name) {
        return Run.of(TORCH, folder.resolve(name)).withInput(input, 5, folder.resolve("in"));
    }

    private Dataset<Row> read(String name) {
        return LocalSpark.session().read().parquet(folder.resolve(name).toString());
    }

    private List<Row> sorted(String name) {
        return read(name).orderBy("id").collectAsList();
    }

    private List<Long> rowsOfFiles(String name) {
        return read(name).groupBy("_metadata.file_path").count().collectAsList().stream()
                .map(row -> row.getLong(1))
                .sorted()
                .toList();
    }

    @Test
    void filesHaveTheRowsThatAreSet() {
        run("plain").score();
        run("one").with("output.file-rows", ROWS).score();
        assertThat(rowsOfFiles("one")).containsExactly((long) ROWS);
        run("many").with("output.file-rows", 300).score();
        assertThat(rowsOfFiles("many")).allMatch(rows -> rows <= 300).hasSizeBetween(4, 5);
        assertThat(sorted("one")).isEqualTo(sorted("plain"));
        assertThat(sorted("many")).isEqualTo(sorted("plain"));
    }

    @Test
    void filesHaveAboutTheBytesThatAreSet() {
        run("small").with("output.file-bytes", "10 KiB").score();
        List<Long> rows = rowsOfFiles("small");
        assertThat(rows.size()).isGreaterThan(3);
        assertThat(rows.get(rows.size() - 1) - rows.get(0))
                .as("difference between files")
                .isLessThan(ROWS / 10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"always", "auto"})
    void sortedRowsShareMoreAndHaveTheSameBits(String cluster) {
        RunReport asRead = run("plain").with("scoring.batch-bytes", "16 KiB").score();
        RunReport sorted = run("sorted")
                .with("scoring.batch-bytes", "16 KiB")
                .with("scoring.cluster-prefixes", cluster)
                .score();
        assertThat(sorted("sorted")).isEqualTo(sorted("plain"));
        if (cluster.equals("always")) {
            assertThat(sorted.measured().computedSteps())
                    .isLessThan(asRead.measured().computedSteps());
            assertThat(sorted.layout().orElseThrow()).startsWith("rows are sorted into");
        } else {
            assertThat(sorted.layout().orElseThrow())
                    .as("sorting a thousand rows does not pay")
                    .contains("as the input is read");
        }
    }

    /** Text can be sorted, and so can null and empty sequences. */
    @Test
    void wordsAndBadRowsAreSortedToo() {
        Dataset<Row> text = Tables.of(DataTypes.StringType, "0 1 1", null, "", "0 1 1 0", "0 1", "1 1 1 1 1");
        List<Row> rows = Run.of(TORCH, folder.resolve("out"))
                .withInput(text, 2, folder.resolve("in"))
                .with("input.vocabulary", Disk.write(folder.resolve("words.txt"), "0\n1\n"))
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .with("scoring.cluster-prefixes", "always")
                .table()
                .orderBy("id")
                .collectAsList();
        assertThat(rows).hasSize(6);
        assertThat(rows.get(1).isNullAt(rows.get(1).fieldIndex("softmax"))).isTrue();
        assertThat(rows.get(2).isNullAt(rows.get(2).fieldIndex("softmax"))).isFalse();
    }

    @Test
    void aPartitionOfTheOutputHasFewFiles() {
        Dataset<Row> rows = input.selectExpr("id", "tokens", "id % 4 AS day");
        RunReport report = Run.of(TORCH, folder.resolve("days"))
                .withInput(rows, 3, folder.resolve("in"))
                .with("output.partition-by", "day")
                .score();
        assertThat(report.layout().orElseThrow()).contains("of neighbouring partitions");
        assertThat(rowsOfFiles("days")).containsExactly(250L, 250L, 250L, 250L);

        TaskLayout rebalance = new TaskLayout(TaskLayout.Kind.REBALANCE, 2, 1, 0, "");
        SparkSession run = RunSession.of(LocalSpark.session());
        InputTable table =
                new InputTable(run.read().parquet(folder.resolve("in").toString()), List.of(0, 1, 2), 1, -1);
        rebalance.set(run);
        List<Row> tasks = rebalance
                .lay(table, List.of("day"))
                .select(col("day"), spark_partition_id())
                .distinct()
                .collectAsList();
        assertThat(tasks).as("each day has one task").hasSize(4);
    }

    @Test
    void withoutASampleASplitIsATask() {
        Run run = run("plain").with("scoring.task-seconds", 0);
        RunReport report = run.score();
        assertThat(report.layout()).isEmpty();
        assertThat(report.measured().tasks()).isEqualTo(5);
        assertThat(sorted("plain")).hasSize(ROWS);
    }

    @Test
    void tinyPartitionsAreCoalesced() {
        RunReport report = Run.of(TORCH, folder.resolve("merged"))
                .withInput(input, 12, folder.resolve("tiny"))
                .score();
        assertThat(report.layout().orElseThrow()).contains("of neighbouring partitions");
        assertThat(report.measured().tasks()).isEqualTo(2);
        assertThat(sorted("merged")).hasSize(ROWS);
    }
}
