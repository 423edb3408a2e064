package sluice.job.task;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import sluice.job.message.HumanText;
import sluice.job.settings.ClusterPrefixes;
import sluice.job.settings.Settings;
import sluice.job.task.TaskLayout.Kind;

/**
 * Chooses the {@link TaskLayout} by the estimated seconds of work. Adaptive execution can't choose it: it sizes partitions by shuffled
 * bytes, which do not predict the cost of a row, and its REBALANCE hint always shuffles, while most inputs need no shuffle. It is used
 * for rows that are collected by output partition.
 */
public final class TaskLayoutPlanner {
    /** A shorter task costs more to start than it saves. */
    private static final double MIN_TASK_SECONDS = 2;

    /** Tasks per core at which unequal lengths of tasks hardly matter. */
    private static final int TASKS_PER_CORE = 4;

    /** More neighbouring partitions than this multiple of the tasks needed are coalesced. */
    private static final int COALESCE_FACTOR = 4;

    /** Estimated ratio of a row's bytes in a shuffle to its bytes in memory. */
    private static final double SHUFFLE_COMPRESSION = 0.5;

    /** Upper bound on tasks, to limit driver load. */
    private static final int MAX_TASKS = 1_000_000;

    private static final double SHUFFLE_SECONDS_PER_ROW = 5e-6;
    private static final double SHUFFLE_SECONDS_PER_BYTE = 20e-9;

    /** Passes over the rows for a sort: one samples the range bounds, one shuffles. */
    private static final int SORT_PASSES = 2;

    private final TableSample sample;
    private final CostEstimate cost;
    private final Settings.Scoring scoring;
    private final int cores;
    private final long fileRows;
    private final double seconds;

    private TaskLayoutPlanner(TableSample sample, CostEstimate cost, Settings settings, int cores) {
        this.sample = sample;
        this.cost = cost;
        this.scoring = settings.scoring();
        this.cores = cores;
        this.fileRows = settings.output().files().rows(cost.rowBytes());
        this.seconds = cost.seconds();
    }

    /** @param cores of the cluster that Spark reports */
    public static TaskLayout plan(
            TableSample sample, CostEstimate cost, ScoringPlan plan, Settings settings, int cores) {
        List<String> partitionBy = settings.output().partitionBy();
        List<String> columns = Arrays.asList(plan.table().rows().columns());
        // Columns that scoring adds do not exist yet when the rows are laid out.
        boolean rebalances = !partitionBy.isEmpty() && columns.containsAll(partitionBy);
        return plan(sample, cost, plan.input().kind().sharesPrefixes(), rebalances, settings, cores);
    }

    /**
     * @param sharesPrefixes whether sequences can share prefixes
     * @param rebalances whether the output is partitioned by columns of the input
     */
    static TaskLayout plan(
            TableSample sample,
            CostEstimate cost,
            boolean sharesPrefixes,
            boolean rebalances,
            Settings settings,
            int cores) {
        return new TaskLayoutPlanner(sample, cost, settings, cores).plan(sharesPrefixes, rebalances);
    }

    private TaskLayout plan(boolean sharesPrefixes, boolean rebalances) {
        if (sample.filledPartitions() == 0) {
            return new TaskLayout(Kind.COALESCE, 1, 0, 0, "there are no rows");
        }
        int tasks = tasks();
        long taskBytes = (long) (SHUFFLE_COMPRESSION * sample.rows() * sample.keptBytesPerRow() / tasks);
        if (sharesPrefixes && clusters()) {
            return new TaskLayout(
                    Kind.RANGE_SORT,
                    tasks,
                    taskBytes,
                    fileRows,
                    String.format(
                            Locale.ROOT,
                            "%.1f tokens per computed step if sorted, %.1f as read",
                            cost.sharingIfClustered(),
                            cost.sharing()));
        }
        String size = "%s of work for one core".formatted(HumanText.about(seconds));
        if (rebalances && tasks > 1) {
            return new TaskLayout(Kind.REBALANCE, tasks, taskBytes, fileRows, size);
        }
        if (fileRows > 0 || rebalances) {
            return tasks == 1
                    ? new TaskLayout(Kind.COALESCE, 1, taskBytes, fileRows == 0 ? 0 : evenFileRows(sample.rows()), size)
                    : new TaskLayout(Kind.REPARTITION, tasks, taskBytes, evenFileRows(largestTaskRows(tasks)), size);
        }
        return byPartitions(tasks, taskBytes, size);
    }

    /** Determines the layout from the partitions as read, if no other rule determines it. */
    private TaskLayout byPartitions(int tasks, long taskBytes, String size) {
        int filled = sample.filledPartitions();
        TaskLayout asRead = new TaskLayout(Kind.AS_READ, sample.rowsOf().length, taskBytes, 0, size);
        if (scoring.taskSeconds() == 0) {
            return asRead;
        }
        double longest = IntStream.range(0, sample.rowsOf().length)
                .mapToDouble(at -> cost.seconds(sample.rowsOf()[at], sample.stepsOf(at)))
                .max()
                .orElse(0);
        if (repartitioningPays(longest, tasks)) {
            return new TaskLayout(
                    Kind.REPARTITION,
                    tasks,
                    taskBytes,
                    0,
                    "%s, of which the largest of %s read has %s"
                            .formatted(size, HumanText.count(filled, "partition"), HumanText.duration(longest)));
        }
        int coalesced = coalescedTasks(tasks);
        return filled > COALESCE_FACTOR * coalesced
                ? new TaskLayout(
                        Kind.COALESCE,
                        coalesced,
                        taskBytes,
                        0,
                        "%s in %s".formatted(size, HumanText.count(filled, "partition")))
                : asRead;
    }

    /** Tasks of about {@code scoring.task-seconds}, one for each core if they are not too short, and not more than files. */
    private int tasks() {
        double byLength = scoring.taskSeconds() == 0 ? cores : Math.ceil(seconds / scoring.taskSeconds());
        double byCores = Math.min(cores, shortestTasks());
        double tasks = wholeWaves(Math.max(byLength, byCores));
        if (fileRows > 0) {
            tasks = Math.min(tasks, files(sample, fileRows));
        }
        return (int) Math.max(1, Math.min(tasks, Math.min(sample.rows(), MAX_TASKS)));
    }

    /** Fewer coalesced tasks would leave cores idle while the longest task runs; a single core is never idle. */
    private int coalescedTasks(int tasks) {
        double even = cores == 1 ? 1 : Math.min(TASKS_PER_CORE * cores, shortestTasks());
        return (int) wholeWaves(Math.max(tasks, Math.max(cores, even)));
    }

    /** The number of tasks of {@link #MIN_TASK_SECONDS}. */
    private double shortestTasks() {
        return Math.ceil(seconds / MIN_TASK_SECONDS);
    }

    /** Rounds up to a multiple of the cores: three tasks on two cores would take as long as four. */
    private double wholeWaves(double tasks) {
        return tasks <= cores ? tasks : Math.ceil(tasks / cores) * cores;
    }

    private boolean clusters() {
        ClusterPrefixes asked = scoring.clusterPrefixes();
        return switch (asked) {
            case NEVER -> false;
            case ALWAYS -> true;
            case AUTO -> clusteringPays(sample, cost);
        };
    }

    /** Whether sorting the rows saves more computing than the sort costs. */
    public static boolean clusteringPays(TableSample sample, CostEstimate cost) {
        return cost.secondsSavedByClustering() > SORT_PASSES * shuffleSeconds(sample) + MIN_TASK_SECONDS;
    }

    /** Whether the longest partition delays the run, or is too expensive to retry, compared with the shuffle. */
    private boolean repartitioningPays(double longest, int tasks) {
        double shuffle = shuffleSeconds(sample);
        double share = seconds / Math.min(cores, tasks);
        double saved = longest - share - shuffle / cores;
        boolean delays = longest > 1.5 * share && saved > MIN_TASK_SECONDS;
        boolean isTooLong = longest > 4.0 * scoring.taskSeconds() && shuffle < 0.1 * seconds;
        return tasks > 1 && (delays || isTooLong);
    }

    /** The number of files of at most these rows. A round-robin shuffle distributes each partition separately, so task sizes vary. */
    private static double files(TableSample sample, long fileRows) {
        long uneven = sample.filledPartitions();
        return sample.rows() <= fileRows
                ? 1
                : Math.ceil((double) sample.rows() / (fileRows > 2 * uneven ? fileRows - uneven : fileRows));
    }

    /** Most rows of a task after a round-robin shuffle. */
    private double largestTaskRows(int tasks) {
        return Math.ceil((double) sample.rows() / tasks) + sample.filledPartitions();
    }

    /** Rows of a file, so that the files of one task have about the same number of rows. */
    private long evenFileRows(double taskRows) {
        return Math.min(fileRows, (long) Math.ceil(taskRows / Math.ceil(taskRows / fileRows)));
    }

    /** Estimated cost of shuffling all rows, in seconds of one core. */
    private static double shuffleSeconds(TableSample sample) {
        return sample.rows() * (SHUFFLE_SECONDS_PER_ROW + SHUFFLE_SECONDS_PER_BYTE * sample.keptBytesPerRow());
    }

    /** Estimated cost of a layout's shuffles, in seconds of one core. */
    static double shuffleSeconds(TaskLayout layout, TableSample sample) {
        return switch (layout.kind()) {
            case AS_READ, COALESCE -> 0;
            case REPARTITION, REBALANCE -> shuffleSeconds(sample);
            case RANGE_SORT -> SORT_PASSES * shuffleSeconds(sample);
        };
    }

    /** Estimated files of the output; output partitions may add more. */
    static double files(TaskLayout layout, TableSample sample) {
        return layout.fileRows() == 0 ? layout.tasks() : Math.max(layout.tasks(), files(sample, layout.fileRows()));
    }
}
