package sluice.job.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import sluice.cell.Sequence;
import sluice.job.report.RunCounters;

/**
 * What a look at the table tells before it is scored: how many rows each of its partitions has, which Parquet and ORC know without
 * reading them, and what the first rows of some partitions are like.
 *
 * @param rowsOf each partition, as Spark would read the table
 * @param parts sampled, spread evenly over the partitions that have rows
 */
public record TableSample(long[] rowsOf, List<SampledPart> parts) {
    private static final int MOST_PARTS = 16;
    private static final int SAMPLED_ROWS = 4_000;

    public static TableSample of(Dataset<Row> table, Broadcast<BroadcastPlan> plan, RunCounters counters) {
        JavaRDD<Row> rows = table.toJavaRDD();
        int partitions = rows.getNumPartitions();
        if (partitions <= MOST_PARTS) {
            TableSample all =
                    sample(rows, IntStream.range(0, partitions).toArray(), new long[partitions], plan, counters);
            if (all.parts.stream().allMatch(SampledPart::whole)) { // a small table, and all of it has been read
                all.parts.forEach(part -> all.rowsOf[part.partition()] = part.rows());
                return all;
            }
            return new TableSample(count(table, partitions), all.parts);
        }
        long[] rowsOf = count(table, partitions);
        int[] filled =
                IntStream.range(0, partitions).filter(at -> rowsOf[at] > 0).toArray();
        return sample(rows, spread(filled), rowsOf, plan, counters);
    }

    /** By rows without columns: who stores columns apart makes them without reading any. An aggregate would be two jobs in place of one. */
    private static long[] count(Dataset<Row> table, int partitions) {
        JavaRDD<InternalRow> bare = table.select().queryExecution().toRdd().toJavaRDD();
        List<Long> counts =
                bare.mapPartitions(rows -> List.of(count(rows)).iterator()).collect();
        long[] rowsOf = new long[partitions]; // a query that shuffles may be cut otherwise each time
        for (int partition = 0; partition < Math.min(partitions, counts.size()); partition++) {
            rowsOf[partition] = counts.get(partition);
        }
        return rowsOf;
    }

    private static long count(Iterator<InternalRow> rows) {
        long count = 0;
        for (; rows.hasNext(); rows.next()) {
            count++;
        }
        return count;
    }

    private static TableSample sample(
            JavaRDD<Row> rows, int[] chosen, long[] rowsOf, Broadcast<BroadcastPlan> plan, RunCounters counters) {
        int rowsOfPart = SAMPLED_ROWS / Math.max(1, chosen.length);
        JavaRDD<SampledPart> sampled = rows.mapPartitionsWithIndex(
                (at, input) -> List.of(plan.value().sample(at, input, rowsOfPart, counters))
                        .iterator(),
                true);
        List<SampledPart> parts = new ArrayList<>();
        for (List<SampledPart> part : sampled.collectPartitions(chosen)) {
            parts.addAll(part);
        }
        return new TableSample(rowsOf, List.copyOf(parts));
    }

    private static int[] spread(int[] partitions) {
        int count = Math.min(MOST_PARTS, partitions.length);
        return IntStream.range(0, count)
                .map(at -> partitions[(int) ((long) at * partitions.length / count)])
                .toArray();
    }

    /** Of the whole table. */
    public long rows() {
        return Arrays.stream(rowsOf).sum();
    }

    /** Partitions that have any. */
    int filledPartitions() {
        return (int) Arrays.stream(rowsOf).filter(rows -> rows > 0).count();
    }

    /** In the sample. */
    public long sampledRows() {
        return parts.stream().mapToLong(SampledPart::rows).sum();
    }

    /** Those sampled that can be scored. */
    public List<Sequence> sequences() {
        return parts.stream().flatMap(part -> part.sequences().stream()).toList();
    }

    private int sampledSequences() {
        return parts.stream().mapToInt(part -> part.sequences().size()).sum();
    }

    /** Of the rows sampled, which of them can be scored. */
    double goodFraction() {
        return sampledRows() == 0 ? 1 : (double) sampledSequences() / sampledRows();
    }

    /** On average over the sample. */
    double stepsPerRow() {
        return perRow(parts.stream().mapToLong(SampledPart::steps).sum());
    }

    /** What a row takes of a batch, on average. */
    double batchBytesPerRow() {
        return perRow(parts.stream().mapToLong(SampledPart::bytes).sum());
    }

    /** What a row's own values take, on average. */
    double keptBytesPerRow() {
        return perRow(parts.stream().mapToLong(SampledPart::keptBytes).sum());
    }

    private double perRow(long sum) {
        int sequences = sampledSequences();
        return sequences == 0 ? 0 : (double) sum / sequences;
    }

    /** About how many steps a partition's rows have: by its own sample, else by that of all. */
    double stepsOf(int partition) {
        double perRow = parts.stream()
                .filter(part -> part.partition() == partition)
                .mapToDouble(SampledPart::stepsPerRow)
                .findFirst()
                .orElseGet(this::stepsPerRow);
        return rowsOf[partition] * perRow;
    }
}
