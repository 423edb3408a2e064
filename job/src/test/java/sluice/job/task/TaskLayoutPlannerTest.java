package sluice.job.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import sluice.cell.FlopCount;
import sluice.cell.Sequence;
import sluice.job.column.OutputSize;
import sluice.job.settings.Settings;

/** The task layout that is chosen for a sample and its estimated cost. */
class TaskLayoutPlannerTest {
    private static final int CORES = 8;
    private static final int TOKENS = 20; // of every row

    /** A row of 20 tokens takes a millisecond. */
    private static final FlopCount WORK = new FlopCount(1_000_000, 0, false, 1);

    private static TableSample sample(long... rowsOf) {
        Sequence sequence = Sequence.ofTokens(new int[TOKENS]);
        return new TableSample(rowsOf, List.of(new SampledPart(0, List.of(sequence), 1, TOKENS, 1_000, 100, false)));
    }

    private static TableSample evenSample(int partitions, long rows) {
        long[] rowsOf = new long[partitions];
        Arrays.fill(rowsOf, rows);
        return sample(rowsOf);
    }

    private static TaskLayout layout(TableSample sample, double sharingIfClustered, String... settings) {
        return layoutOn(CORES, sample, sharingIfClustered, settings);
    }

    private static TaskLayout layoutOn(int cores, TableSample sample, double sharingIfClustered, String... settings) {
        CostEstimate work = new CostEstimate(
                sample.rows(), sample.rows() * (double) TOKENS, WORK, 1, sharingIfClustered, 200, 20e9);
        return TaskLayoutPlanner.plan(sample, work, true, false, settings(settings), cores);
    }

    private static Settings settings(String... keysAndValues) {
        Map<String, String> all = new HashMap<>(Map.of("model.path", "m", "input.path", "in", "output.path", "out"));
        for (int at = 0; at < keysAndValues.length; at += 2) {
            all.put(keysAndValues[at], keysAndValues[at + 1]);
        }
        return Settings.read(null, all);
    }

    private static void assertLayout(TaskLayout layout, TaskLayout.Kind kind, int tasks) {
        assertThat(layout.kind()).as(layout.sentence()).isEqualTo(kind);
        assertThat(layout.tasks()).as(layout.sentence()).isEqualTo(tasks);
    }

    @Test
    void evenPartitionsOfAFewSecondsStayAsRead() {
        assertLayout(layout(evenSample(24, 20_000), 1), TaskLayout.Kind.AS_READ, 24);
    }

    @Test
    void oneLongPartitionIsRepartitionedToAllCores() {
        TaskLayout layout = layout(sample(0, 100_000, 0), 1);
        assertLayout(layout, TaskLayout.Kind.REPARTITION, CORES);
        assertThat(layout.sentence())
                .isEqualTo("rows are repartitioned into 8 tasks: about 2 min of work for one core, "
                        + "of which the largest of 1 partition read has 2 min");
    }

    @Test
    void tasksOfHoursBecomeTasksOfHalfAMinute() {
        assertLayout(layout(sample(4_000_000, 4_000_000, 4_000_000, 4_000_000), 1), TaskLayout.Kind.REPARTITION, 536);
    }

    /** The steps of a partition are estimated from its own sample. */
    @Test
    void aPartitionOfLongRowsIsSeen() {
        Sequence tail = Sequence.ofTokens(new int[5_000]);
        TableSample sample = new TableSample(
                new long[] {20_000, 2_000},
                List.of(
                        new SampledPart(0, List.of(Sequence.ofTokens(new int[10])), 1, 10, 1_000, 100, false),
                        new SampledPart(1, List.of(tail), 1, 5_000, 100_000, 20_000, false)));
        assertThat(sample.stepsOf(0)).isEqualTo(200_000);
        assertThat(sample.stepsOf(1)).isEqualTo(10_000_000);
        CostEstimate work = new CostEstimate(22_000, 10_200_000, WORK, 1, 1, 200, 20e9);
        TaskLayout layout = TaskLayoutPlanner.plan(sample, work, true, false, settings(), CORES);
        assertLayout(layout, TaskLayout.Kind.REPARTITION, 24);
    }

    @Test
    void littleWorkIsNotRepartitioned() {
        assertLayout(layout(sample(1_500), 1), TaskLayout.Kind.AS_READ, 1);
    }

    @Test
    void hundredsOfTinyPartitionsAreCoalesced() {
        TaskLayout layout = layout(evenSample(400, 10), 1);
        assertLayout(layout, TaskLayout.Kind.COALESCE, CORES);
        assertThat(layout.sentence())
                .isEqualTo("8 tasks of neighbouring partitions: about 4.0 s of work for one core in 400 partitions");
    }

    /** Partitions differ in length: with one task for each core, the cores would wait for the longest. */
    @Test
    void fewPartitionsOfASecondStayAsRead() {
        assertLayout(layout(evenSample(64, 1_000), 1), TaskLayout.Kind.AS_READ, 64);
    }

    @Test
    void onASingleCoreOnlyTheTaskLengthCounts() {
        assertLayout(layoutOn(1, evenSample(64, 1_000), 1), TaskLayout.Kind.COALESCE, 3);
        assertLayout(layoutOn(1, evenSample(16, 1_000), 1), TaskLayout.Kind.COALESCE, 1);
        assertLayout(layoutOn(1, evenSample(4, 1_000), 1), TaskLayout.Kind.AS_READ, 4);
    }

    @Test
    void withoutATaskLengthPartitionsStayAsRead() {
        String[] free = {"scoring.task-seconds", "0", "scoring.cluster-prefixes", "auto"};
        assertLayout(layout(evenSample(400, 10), 1, free), TaskLayout.Kind.AS_READ, 400);
        assertLayout(layout(sample(0, 100_000, 0), 1, free), TaskLayout.Kind.AS_READ, 3);
    }

    @Test
    void thousandsOfTinyPartitionsAreCoalescedToWholeWaves() {
        assertLayout(layout(evenSample(10_000, 100), 1), TaskLayout.Kind.COALESCE, 40);
    }

    @Test
    void noRowsAreOneTask() {
        assertLayout(layout(sample(0, 0), 1), TaskLayout.Kind.COALESCE, 1);
    }

    @Test
    void filesWithAnUpperBoundOfRows() {
        TaskLayout layout = layout(sample(100_000), 1, "output.file-rows", "30000");
        assertLayout(layout, TaskLayout.Kind.REPARTITION, 4);
        assertThat(layout.fileRows()).isEqualTo(25_001);
        assertLayout(layout(sample(100_000), 1, "output.file-rows", "100000"), TaskLayout.Kind.COALESCE, 1);

        TaskLayout several = layout(sample(100_000), 1, "output.file-rows", "5000");
        assertLayout(several, TaskLayout.Kind.REPARTITION, CORES);
        assertThat(several.fileRows()).as("three files for each task").isEqualTo(4_167);

        TaskLayout ofOneTask = layout(sample(1_000), 1, "output.file-rows", "300");
        assertLayout(ofOneTask, TaskLayout.Kind.COALESCE, 1);
        assertThat(ofOneTask.fileRows()).isEqualTo(250);
    }

    /** A row has 200 bytes. */
    @Test
    void filesWithAnUpperBoundOfBytes() {
        assertLayout(layout(sample(100_000), 1, "output.file-bytes", "5000000"), TaskLayout.Kind.REPARTITION, 5);
        assertLayout(
                layout(sample(100_000), 1, "output.file-bytes", "5000000", "output.file-rows", "12500"),
                TaskLayout.Kind.REPARTITION,
                8);
    }

    @Test
    void rowsAreSortedIfThatPays() {
        TableSample sample = sample(100_000);
        assertLayout(layout(sample, 3, "scoring.cluster-prefixes", "auto"), TaskLayout.Kind.RANGE_SORT, CORES);
        assertLayout(layout(sample, 1.01, "scoring.cluster-prefixes", "auto"), TaskLayout.Kind.REPARTITION, CORES);
        assertLayout(layout(sample, 1, "scoring.cluster-prefixes", "always"), TaskLayout.Kind.RANGE_SORT, CORES);
        assertLayout(layout(sample, 3), TaskLayout.Kind.REPARTITION, CORES);
        TaskLayout features = TaskLayoutPlanner.plan(
                sample,
                new CostEstimate(100_000, 2_000_000, WORK, 1, 1, 200, 20e9),
                false,
                false,
                settings("scoring.cluster-prefixes", "always"),
                CORES);
        assertLayout(features, TaskLayout.Kind.REPARTITION, CORES);
    }

    @Test
    void whetherSortingPaysDoesNotDependOnTheSetting() {
        TableSample sample = sample(100_000);
        CostEstimate much = new CostEstimate(100_000, 2_000_000, WORK, 1, 3, 200, 20e9);
        CostEstimate little = new CostEstimate(100_000, 2_000_000, WORK, 1, 1.01, 200, 20e9);
        assertThat(TaskLayoutPlanner.clusteringPays(sample, much)).isTrue();
        assertThat(TaskLayoutPlanner.clusteringPays(sample, little)).isFalse();
    }

    @Test
    void rowsOfAnOutputPartitionAreRebalanced() {
        CostEstimate work = new CostEstimate(100_000, 2_000_000, WORK, 1, 1, 200, 20e9);
        TaskLayout layout = TaskLayoutPlanner.plan(sample(100_000), work, true, true, settings(), CORES);
        assertLayout(layout, TaskLayout.Kind.REBALANCE, CORES);
        assertThat(layout.taskBytes()).as("half of 100 bytes for each row").isEqualTo(100_000 * 50 / CORES);
        CostEstimate little = new CostEstimate(1_000, 20_000, WORK, 1, 1, 200, 20e9);
        assertLayout(
                TaskLayoutPlanner.plan(sample(500, 500), little, true, true, settings(), CORES),
                TaskLayout.Kind.COALESCE,
                1);
    }

    @Test
    void terabytesOfOutputCauseAWarning() {
        Settings each = settings("output.at", "each");
        CostEstimate much = new CostEstimate(1_000_000_000, 1e10, WORK, 1, 1, 40_000, 20e9);
        assertThat(OutputSize.warning(
                        much.rows() * much.rowBytes(), each.output().request()))
                .hasValueSatisfying(warning -> assertThat(warning).contains("36.4 TiB", "softmax at each step"));
        CostEstimate little = new CostEstimate(1_000, 1e4, WORK, 1, 1, 40_000, 20e9);
        assertThat(OutputSize.warning(
                        little.rows() * little.rowBytes(), each.output().request()))
                .isEmpty();
    }
}
