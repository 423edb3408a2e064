package sluice.job.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import sluice.cell.FlopCount;
import sluice.cell.Sequence;
import sluice.job.output.OutputSize;
import sluice.job.settings.Settings;

/** How rows are cut into tasks, by what is known of them. */
class TaskLayoutTest {
    private static final int CORES = 8;
    private static final int TOKENS = 20; // of every row here

    /** So that a row is a millisecond of work. */
    private static final FlopCount WORK = new FlopCount(1_000_000, 0, false);

    private static TableSample survey(long... rowsOf) {
        Sequence sequence = Sequence.ofTokens(new int[TOKENS]);
        return new TableSample(rowsOf, List.of(new SampledPart(0, List.of(sequence), 1, TOKENS, 1_000, 100, false)));
    }

    private static TableSample evenSurvey(int partitions, long rows) {
        long[] rowsOf = new long[partitions];
        Arrays.fill(rowsOf, rows);
        return survey(rowsOf);
    }

    private static TaskLayout layout(TableSample survey, double sharingIfClustered, String... settings) {
        return layoutOn(CORES, survey, sharingIfClustered, settings);
    }

    private static TaskLayout layoutOn(int cores, TableSample survey, double sharingIfClustered, String... settings) {
        CostEstimate work = new CostEstimate(
                survey.rows(), survey.rows() * (double) TOKENS, WORK, 1, sharingIfClustered, 200, 20e9);
        return TaskLayout.settle(survey, work, true, false, settings(settings), cores);
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
    void evenPartitionsOfAFewSecondsStayAsTheyAre() {
        assertLayout(layout(evenSurvey(24, 20_000), 1), TaskLayout.Kind.AS_READ, 24);
    }

    @Test
    void oneLongPartitionIsDealtOutToAllCores() {
        TaskLayout layout = layout(survey(0, 100_000, 0), 1);
        assertLayout(layout, TaskLayout.Kind.SPREAD, CORES);
        assertThat(layout.sentence())
                .isEqualTo("rows are dealt out to 8 tasks: about 2 min of work for one core, "
                        + "of which the largest of 1 partition read has 2 min");
    }

    @Test
    void tasksOfHoursBecomeTasksOfHalfAMinute() {
        assertLayout(layout(survey(4_000_000, 4_000_000, 4_000_000, 4_000_000), 1), TaskLayout.Kind.SPREAD, 536);
    }

    /** A long tail: the sample of each partition counts for it. */
    @Test
    void aPartitionOfLongRowsIsSeen() {
        Sequence tail = Sequence.ofTokens(new int[5_000]);
        TableSample survey = new TableSample(
                new long[] {20_000, 2_000},
                List.of(
                        new SampledPart(0, List.of(Sequence.ofTokens(new int[10])), 1, 10, 1_000, 100, false),
                        new SampledPart(1, List.of(tail), 1, 5_000, 100_000, 20_000, false)));
        assertThat(survey.stepsOf(0)).isEqualTo(200_000);
        assertThat(survey.stepsOf(1)).isEqualTo(10_000_000);
        CostEstimate work = new CostEstimate(22_000, 10_200_000, WORK, 1, 1, 200, 20e9);
        TaskLayout layout = TaskLayout.settle(survey, work, true, false, settings(), CORES);
        assertLayout(layout, TaskLayout.Kind.SPREAD, 24);
    }

    @Test
    void littleWorkIsNotMoved() {
        assertLayout(layout(survey(1_500), 1), TaskLayout.Kind.AS_READ, 1);
    }

    @Test
    void hundredsOfCrumbsAreTakenTogether() {
        TaskLayout layout = layout(evenSurvey(400, 10), 1);
        assertLayout(layout, TaskLayout.Kind.MERGED, CORES);
        assertThat(layout.sentence())
                .isEqualTo("8 tasks of neighbouring partitions: about 4.0 s of work for one core in 400 partitions");
    }

    /** Whose lengths differ, as rows do: were they taken together by one for each core, the longest would keep the others waiting. */
    @Test
    void partitionsOfASecondStayAsTheyAreWhereTheyAreFew() {
        assertLayout(layout(evenSurvey(64, 1_000), 1), TaskLayout.Kind.AS_READ, 64);
    }

    @Test
    void aSingleCoreTakesThemTogetherByTheLengthOfATaskAlone() {
        assertLayout(layoutOn(1, evenSurvey(64, 1_000), 1), TaskLayout.Kind.MERGED, 3);
        assertLayout(layoutOn(1, evenSurvey(16, 1_000), 1), TaskLayout.Kind.MERGED, 1);
        assertLayout(layoutOn(1, evenSurvey(4, 1_000), 1), TaskLayout.Kind.AS_READ, 4);
    }

    @Test
    void whereTasksHaveNoLengthASplitIsATask() {
        String[] free = {"scoring.task-seconds", "0", "scoring.cluster-prefixes", "auto"};
        assertLayout(layout(evenSurvey(400, 10), 1, free), TaskLayout.Kind.AS_READ, 400);
        assertLayout(layout(survey(0, 100_000, 0), 1, free), TaskLayout.Kind.AS_READ, 3);
    }

    @Test
    void thousandsOfCrumbsAreTakenTogetherInWholeWaves() {
        assertLayout(layout(evenSurvey(10_000, 100), 1), TaskLayout.Kind.MERGED, 40);
    }

    @Test
    void noRowsAreOneTask() {
        assertLayout(layout(survey(0, 0), 1), TaskLayout.Kind.MERGED, 1);
    }

    @Test
    void filesOfSoManyRows() {
        TaskLayout layout = layout(survey(100_000), 1, "output.file-rows", "30000");
        assertLayout(layout, TaskLayout.Kind.SPREAD, 4);
        assertThat(layout.fileRows()).isEqualTo(25_001);
        assertLayout(layout(survey(100_000), 1, "output.file-rows", "100000"), TaskLayout.Kind.MERGED, 1);

        TaskLayout several = layout(survey(100_000), 1, "output.file-rows", "5000");
        assertLayout(several, TaskLayout.Kind.SPREAD, CORES);
        assertThat(several.fileRows()).as("three files a task").isEqualTo(4_167);

        TaskLayout ofOneTask = layout(survey(1_000), 1, "output.file-rows", "300");
        assertLayout(ofOneTask, TaskLayout.Kind.MERGED, 1);
        assertThat(ofOneTask.fileRows()).isEqualTo(250);
    }

    /** A row takes 200 bytes here. */
    @Test
    void filesOfSoManyBytes() {
        assertLayout(layout(survey(100_000), 1, "output.file-bytes", "5000000"), TaskLayout.Kind.SPREAD, 5);
        assertLayout(
                layout(survey(100_000), 1, "output.file-bytes", "5000000", "output.file-rows", "12500"),
                TaskLayout.Kind.SPREAD,
                8);
    }

    @Test
    void rowsAreSortedWhereThatPays() {
        TableSample survey = survey(100_000);
        assertLayout(layout(survey, 3, "scoring.cluster-prefixes", "auto"), TaskLayout.Kind.CLUSTERED, CORES);
        assertLayout(layout(survey, 1.01, "scoring.cluster-prefixes", "auto"), TaskLayout.Kind.SPREAD, CORES);
        assertLayout(layout(survey, 1, "scoring.cluster-prefixes", "always"), TaskLayout.Kind.CLUSTERED, CORES);
        assertLayout(layout(survey, 3), TaskLayout.Kind.SPREAD, CORES);
        TaskLayout features = TaskLayout.settle(
                survey,
                new CostEstimate(100_000, 2_000_000, WORK, 1, 1, 200, 20e9),
                false,
                false,
                settings("scoring.cluster-prefixes", "always"),
                CORES);
        assertLayout(features, TaskLayout.Kind.SPREAD, CORES);
    }

    @Test
    void whetherSortingPaysIsKnownWithoutAskingForIt() {
        TableSample survey = survey(100_000);
        CostEstimate much = new CostEstimate(100_000, 2_000_000, WORK, 1, 3, 200, 20e9);
        CostEstimate little = new CostEstimate(100_000, 2_000_000, WORK, 1, 1.01, 200, 20e9);
        assertThat(TaskLayout.clusteringPays(survey, much)).isTrue();
        assertThat(TaskLayout.clusteringPays(survey, little)).isFalse();
    }

    @Test
    void rowsOfAPartitionAreBroughtTogether() {
        CostEstimate work = new CostEstimate(100_000, 2_000_000, WORK, 1, 1, 200, 20e9);
        TaskLayout layout = TaskLayout.settle(survey(100_000), work, true, true, settings(), CORES);
        assertLayout(layout, TaskLayout.Kind.GROUPED, CORES);
        assertThat(layout.taskBytes()).as("half of a hundred bytes a row").isEqualTo(100_000 * 50 / CORES);
        CostEstimate little = new CostEstimate(1_000, 20_000, WORK, 1, 1, 200, 20e9);
        assertLayout(
                TaskLayout.settle(survey(500, 500), little, true, true, settings(), CORES), TaskLayout.Kind.MERGED, 1);
    }

    @Test
    void terabytesAreWarnedOf() {
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
