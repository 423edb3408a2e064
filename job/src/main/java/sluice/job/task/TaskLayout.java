package sluice.job.task;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.slice;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import sluice.job.input.InputTable;
import sluice.job.message.HumanText;
import sluice.job.source.ColumnPath;

/**
 * How the rows are divided into tasks. One task scores one partition and writes one or more files. {@link TaskLayoutPlanner} chooses the
 * layout.
 *
 * @param kind the operation on the partitions that Spark reads
 * @param tasks number of tasks; an estimate for {@link Kind#REBALANCE}
 * @param taskBytes estimated bytes of a task's rows in a shuffle
 * @param fileRows most rows in a file of the output; 0 if there is no limit
 * @param why the reason, for the terminal and the report
 */
public record TaskLayout(Kind kind, int tasks, long taskBytes, long fileRows, String why) {
    /** An operation on the partitions that Spark reads. */
    enum Kind {
        /** None: the partitions stay as they are read. */
        AS_READ,
        /** Merges neighbouring partitions without a shuffle. */
        COALESCE,
        /** Distributes the rows round-robin. */
        REPARTITION,
        /** Collects the rows of each output partition. Adaptive execution splits and merges them by {@link #taskBytes}. */
        REBALANCE,
        /** Partitions the rows by ranges of the sequence and sorts them, so that rows of a task share prefixes. */
        RANGE_SORT
    }

    private static final long MIN_REBALANCE_BYTES = 64 << 10;
    private static final String ADVISORY_BYTES = "spark.sql.adaptive.advisoryPartitionSizeInBytes";

    /** Leading steps of a sequence in the range key: enough to distinguish most sequences, few enough for thousands of bounds. */
    private static final int RANGE_KEY_STEPS = 64;

    /** Sets the advisory partition size of REBALANCE in the run's session, before the rows are scored. */
    public void set(SparkSession run) {
        if (kind == Kind.REBALANCE) {
            run.conf().set(ADVISORY_BYTES, Long.toString(Math.max(MIN_REBALANCE_BYTES, taskBytes)));
        }
    }

    /** The rows of the table in this layout. */
    public Dataset<Row> lay(InputTable table, List<String> partitionBy) {
        Dataset<Row> rows = table.rows();
        return switch (kind) {
            case AS_READ -> rows;
            case COALESCE -> rows.coalesce(tasks);
            case REPARTITION -> rows.repartition(tasks);
            case REBALANCE ->
                rows.hint(
                        "rebalance",
                        partitionBy.stream()
                                .map(name -> col(ColumnPath.quoted(name))) // the hint takes unresolved columns only
                                .toArray(Column[]::new));
            case RANGE_SORT -> rangeSorted(table);
        };
    }

    /** The hash in the range key distributes sequences that are equal in all steps of the key over several tasks. */
    private Dataset<Row> rangeSorted(InputTable table) {
        Dataset<Row> rows = table.rows();
        String name = rows.columns()[table.sequenceColumn()];
        Column sequence = rows.col(ColumnPath.quoted(name));
        DataType type = rows.schema().fields()[table.sequenceColumn()].dataType();
        Column first = sequence;
        if (type instanceof StructType several) {
            first = sequence.getField(several.fieldNames()[0]);
            type = several.fields()[0].dataType();
        }
        Column key =
                type instanceof ArrayType ? slice(first, 1, RANGE_KEY_STEPS) : substring(first, 1, RANGE_KEY_STEPS);
        return rows.repartitionByRange(tasks, key, xxhash64(sequence)).sortWithinPartitions(sequence);
    }

    /** Whether the layout differs from the partitions as read. */
    public boolean changesPartitions() {
        return kind != Kind.AS_READ;
    }

    /** For the terminal and the report. */
    public String sentence() {
        String count = HumanText.count(tasks, "task");
        return switch (kind) {
            case AS_READ -> "%s, as the input is read: %s".formatted(count, why);
            case COALESCE -> "%s of neighbouring partitions: %s".formatted(count, why);
            case REPARTITION -> "rows are repartitioned into %s: %s".formatted(count, why);
            case REBALANCE -> "rows are rebalanced by output partition into about %s: %s".formatted(count, why);
            case RANGE_SORT -> "rows are sorted into %s: %s".formatted(count, why);
        };
    }
}
