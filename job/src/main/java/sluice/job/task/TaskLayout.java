package sluice.job.task;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.slice;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import sluice.job.input.ColumnPath;
import sluice.job.input.InputTable;
import sluice.job.message.HumanText;
import sluice.job.settings.ClusterPrefixes;
import sluice.job.settings.SessionSetting;
import sluice.job.settings.Settings;

/**
 * How the rows are cut into tasks: by the work that they are, not by the bytes that they are stored in. A partition is one task, and one
 * or more files of the output.
 *
 * @param kind what is done to the partitions that Spark reads
 * @param tasks how many there will be
 * @param taskBytes that a task's rows take where they are moved, about
 * @param fileRows rows that a file of the output has at the most, or 0
 * @param why in words
 */
public record TaskLayout(Kind kind, int tasks, long taskBytes, long fileRows, String why) {
    /** What is done to the partitions that Spark reads. */
    enum Kind {
        /** Nothing: the rows stay in their order. */
        AS_READ,
        /** Neighbours are taken together: the rows stay in their order, and no row moves. */
        MERGED,
        /** Rows are dealt out to all tasks alike. */
        SPREAD,
        /** Rows of a partition of the output are brought together, as many of them as make a task. */
        GROUPED,
        /** Rows are sorted by their sequences, so that each task has neighbours, which share prefixes. */
        CLUSTERED
    }

    /** A shorter task costs more to start than it brings. */
    private static final double SHORTEST_TASK_SECONDS = 2;

    /** Tasks for each core with which it hardly matters that some are longer than others. */
    private static final int EVEN_WAVES = 4;

    /** What is left of a row's bytes where it is moved, about. */
    private static final double PACKED = 0.5;

    private static final long LEAST_GROUP_BYTES = 64 << 10;
    private static final String GROUP_BYTES = "spark.sql.adaptive.advisoryPartitionSizeInBytes";

    /** More would be more than Spark's driver keeps in mind. */
    private static final int MOST_TASKS = 1_000_000;

    /** What moving rows costs a core: a row, and its bytes. */
    private static final double MOVED_ROW_SECONDS = 5e-6;

    private static final double MOVED_BYTE_SECONDS = 20e-9;

    /** The rows are moved, and read before for the borders between tasks. */
    private static final int SORTING_READS = 2;

    /** Of a sequence, for the borders between tasks: enough to tell most apart, few enough to keep thousands of borders. */
    private static final int KEY_STEPS = 64;

    /** @param cores of the cluster, as far as Spark knows them */
    public static TaskLayout of(TableSample survey, CostEstimate work, ScoringPlan plan, Settings settings, int cores) {
        List<String> partitionBy = settings.output().partitionBy();
        List<String> columns = Arrays.asList(plan.table().rows().columns());
        boolean groups = !partitionBy.isEmpty() && columns.containsAll(partitionBy); // by an answer is too early
        return settle(survey, work, plan.input().kind().takesTokens(), groups, settings, cores);
    }

    /**
     * The same by what it depends on.
     *
     * @param takesTokens whether sequences share anything
     * @param groups whether the output has partitions that rows can be brought together by
     */
    static TaskLayout settle(
            TableSample survey, CostEstimate work, boolean takesTokens, boolean groups, Settings settings, int cores) {
        long fileRows = settings.output().files().rows(work.rowBytes());
        int filled = survey.filledPartitions();
        if (filled == 0) {
            return new TaskLayout(Kind.MERGED, 1, 0, 0, "there are no rows");
        }
        double seconds = work.seconds();
        int wanted = wanted(survey, seconds, fileRows, settings.scoring().taskSeconds(), cores);
        long taskBytes = (long) (PACKED * survey.rows() * survey.keptBytesPerRow() / wanted);
        double moving = secondsToMove(survey);
        if (takesTokens && clusters(settings.scoring().clusterPrefixes(), survey, work)) {
            return new TaskLayout(
                    Kind.CLUSTERED,
                    wanted,
                    taskBytes,
                    fileRows,
                    "sorted, rows share %.1f of their steps, as they stand %.1f"
                            .formatted(work.sharingIfClustered(), work.sharing()));
        }
        String size = "%s of work for one core".formatted(HumanText.about(seconds));
        if (groups && wanted > 1) {
            return new TaskLayout(Kind.GROUPED, wanted, taskBytes, fileRows, size);
        }
        if (fileRows > 0 || groups) {
            return wanted == 1
                    ? new TaskLayout(Kind.MERGED, 1, taskBytes, fileRows == 0 ? 0 : even(survey.rows(), fileRows), size)
                    : new TaskLayout(Kind.SPREAD, wanted, taskBytes, even(dealtTo(wanted, survey), fileRows), size);
        }
        TaskLayout asRead = new TaskLayout(Kind.AS_READ, survey.rowsOf().length, taskBytes, 0, size);
        if (settings.scoring().taskSeconds() == 0) {
            return asRead;
        }
        double longest = IntStream.range(0, survey.rowsOf().length)
                .mapToDouble(at -> work.seconds(survey.rowsOf()[at], survey.stepsOf(at)))
                .max()
                .orElse(0);
        if (paysToSpread(
                longest, seconds, moving, wanted, cores, settings.scoring().taskSeconds())) {
            return new TaskLayout(
                    Kind.SPREAD,
                    wanted,
                    taskBytes,
                    0,
                    "%s, of which the largest of %s read has %s"
                            .formatted(size, HumanText.count(filled, "partition"), HumanText.duration(longest)));
        }
        int enough = enough(wanted, seconds, cores);
        return filled > 4 * enough
                ? new TaskLayout(
                        Kind.MERGED,
                        enough,
                        taskBytes,
                        0,
                        "%s in %s".formatted(size, HumanText.count(filled, "partition")))
                : asRead;
    }

    /** Long enough to be worth starting, short enough that a lost one is no loss; and something for every core to do. */
    private static int wanted(TableSample survey, double seconds, long fileRows, int taskSeconds, int cores) {
        double byLength = taskSeconds == 0 ? cores : Math.ceil(seconds / taskSeconds);
        double forCores = Math.min(cores, shortTasks(seconds));
        double wanted = inWaves(Math.max(byLength, forCores), cores);
        if (fileRows > 0) {
            wanted = Math.min(wanted, files(survey, fileRows));
        }
        return (int) Math.max(1, Math.min(wanted, Math.min(survey.rows(), MOST_TASKS)));
    }

    /** To take neighbours together: fewer tasks than these would leave cores waiting for the longest. A single core waits for none. */
    private static int enough(int wanted, double seconds, int cores) {
        double even = cores == 1 ? 1 : Math.min(EVEN_WAVES * cores, shortTasks(seconds));
        return (int) inWaves(Math.max(wanted, Math.max(cores, even)), cores);
    }

    /** As many as the work is worth starting. */
    private static double shortTasks(double seconds) {
        return Math.ceil(seconds / SHORTEST_TASK_SECONDS);
    }

    /** So many that no core waits for the last ones: three tasks on two cores would take as long as four. */
    private static double inWaves(double tasks, int cores) {
        return tasks <= cores ? tasks : Math.ceil(tasks / cores) * cores;
    }

    private static double secondsToMove(TableSample survey) {
        return survey.rows() * (MOVED_ROW_SECONDS + MOVED_BYTE_SECONDS * survey.keptBytesPerRow());
    }

    private static boolean clusters(ClusterPrefixes asked, TableSample survey, CostEstimate work) {
        return switch (asked) {
            case NEVER -> false;
            case ALWAYS -> true;
            case AUTO -> clusteringPays(survey, work);
        };
    }

    /** Whether sorting the rows saves more than it costs: they are moved, and read once more for the borders between tasks. */
    public static boolean clusteringPays(TableSample survey, CostEstimate work) {
        return work.secondsSavedByClustering() > SORTING_READS * secondsToMove(survey) + SHORTEST_TASK_SECONDS;
    }

    /** Whether one partition would keep the others waiting, or is so long that losing it hurts, by more than moving the rows costs. */
    private static boolean paysToSpread(
            double longest, double seconds, double moving, int wanted, int cores, int taskSeconds) {
        double share = seconds / Math.min(cores, wanted);
        double saved = longest - share - moving / cores;
        boolean keepsWaiting = longest > 1.5 * share && saved > SHORTEST_TASK_SECONDS;
        boolean tooLong = longest > 4.0 * taskSeconds && moving < 0.1 * seconds;
        return wanted > 1 && (keepsWaiting || tooLong);
    }

    /** Rows that are dealt out are not quite as many in each task: every partition begins with any of them. */
    private static double files(TableSample survey, long fileRows) {
        long uneven = survey.filledPartitions();
        return survey.rows() <= fileRows
                ? 1
                : Math.ceil((double) survey.rows() / (fileRows > 2 * uneven ? fileRows - uneven : fileRows));
    }

    private static double dealtTo(int tasks, TableSample survey) {
        return Math.ceil((double) survey.rows() / tasks) + survey.filledPartitions();
    }

    /** About the same number of rows in every file, where a task has several. */
    private static long even(double ofTask, long fileRows) {
        return Math.min(fileRows, (long) Math.ceil(ofTask / Math.ceil(ofTask / fileRows)));
    }

    /** Does what has Spark lay and score the rows, with the settings of the session that this needs. */
    public void whileLaid(SparkSession spark, Runnable work) {
        if (kind != Kind.GROUPED) {
            work.run();
            return;
        }
        try (SessionSetting bytes =
                new SessionSetting(spark, GROUP_BYTES, Long.toString(Math.max(LEAST_GROUP_BYTES, taskBytes)))) {
            work.run();
        }
    }

    /** The table's rows, in these tasks. */
    public Dataset<Row> lay(InputTable table, List<String> partitionBy) {
        Dataset<Row> rows = table.rows();
        return switch (kind) {
            case AS_READ -> rows;
            case MERGED -> rows.coalesce(tasks);
            case SPREAD -> rows.repartition(tasks);
            case GROUPED ->
                rows.hint(
                        "rebalance",
                        partitionBy.stream()
                                .map(name -> col(ColumnPath.quoted(name))) // a hint wants them by name
                                .toArray(Column[]::new));
            case CLUSTERED -> clustered(table);
        };
    }

    /** Rows that begin alike over the whole key are told apart by what follows, so that no task has to take them all. */
    private Dataset<Row> clustered(InputTable table) {
        Dataset<Row> rows = table.rows();
        String name = rows.columns()[table.sequenceColumn()];
        Column sequence = rows.col(ColumnPath.quoted(name));
        boolean isList = rows.schema().fields()[table.sequenceColumn()].dataType() instanceof ArrayType;
        Column key = isList ? slice(sequence, 1, KEY_STEPS) : substring(sequence, 1, KEY_STEPS);
        return rows.repartitionByRange(tasks, key, xxhash64(sequence)).sortWithinPartitions(sequence);
    }

    /** What bringing the rows to their tasks takes, in seconds of one core. */
    double movingSeconds(TableSample survey) {
        return switch (kind) {
            case AS_READ, MERGED -> 0;
            case SPREAD, GROUPED -> secondsToMove(survey);
            case CLUSTERED -> SORTING_READS * secondsToMove(survey);
        };
    }

    /** Of the output, where its partitions don't make more. */
    double files(TableSample survey) {
        return fileRows == 0 ? tasks : Math.max(tasks, files(survey, fileRows));
    }

    /** Whether it is other than Spark's own. */
    public boolean moves() {
        return kind != Kind.AS_READ;
    }

    /** For the terminal. */
    public String sentence() {
        String count = HumanText.count(tasks, "task");
        return switch (kind) {
            case AS_READ -> "%s, as the input is read: %s".formatted(count, why);
            case MERGED -> "%s of neighbouring partitions: %s".formatted(count, why);
            case GROUPED -> "rows are brought together by partition, in about %s: %s".formatted(count, why);
            case SPREAD -> "rows are dealt out to %s: %s".formatted(count, why);
            case CLUSTERED -> "rows are sorted into %s: %s".formatted(count, why);
        };
    }
}
