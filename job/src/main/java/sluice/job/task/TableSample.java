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
import sluice.cell.ClassChoice;
import sluice.cell.Sequence;
import sluice.job.report.RunCounters;

/**
 * A sample of the table: the number of rows of each partition, which is metadata in Parquet and ORC, and the first rows of some partitions.
 *
 * @param rowsOf number of rows of each partition, as Spark reads the table
 * @param parts the sampled partitions, spread evenly over those that have rows
 */
public record TableSample(long[] rowsOf, List<SampledPart> parts) {
    private static final int MAX_PARTS = 16;
    private static final int SAMPLED_ROWS = 4_000;

    /** Counts and samples the rows; this runs Spark jobs. */
    public static TableSample of(Dataset<Row> table, Broadcast<BroadcastPlan> plan, RunCounters counters) {
        JavaRDD<Row> rows = table.toJavaRDD();
        int partitions = rows.getNumPartitions();
        if (partitions <= MAX_PARTS) {
            TableSample all =
                    sample(rows, IntStream.range(0, partitions).toArray(), new long[partitions], plan, counters);
            if (all.parts.stream().allMatch(SampledPart::whole)) { // a small table, sampled completely
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

    /** Counts rows without columns, which columnar formats produce from metadata. An aggregate would take two jobs instead of one. */
    private static long[] count(Dataset<Row> table, int partitions) {
        JavaRDD<InternalRow> bare = table.select().queryExecution().toRdd().toJavaRDD();
        List<Long> counts =
                bare.mapPartitions(rows -> List.of(count(rows)).iterator()).collect();
        // The number of partitions of a query that shuffles may differ between executions: extra counts are ignored,
        // and missing ones are 0.
        long[] rowsOf = new long[partitions];
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
        int count = Math.min(MAX_PARTS, partitions.length);
        return IntStream.range(0, count)
                .map(at -> partitions[(int) ((long) at * partitions.length / count)])
                .toArray();
    }

    /** Rows of the whole table. */
    public long rows() {
        return Arrays.stream(rowsOf).sum();
    }

    /** The number of partitions that have rows. */
    int filledPartitions() {
        return (int) Arrays.stream(rowsOf).filter(rows -> rows > 0).count();
    }

    /** Rows in the sample, bad rows included. */
    public long sampledRows() {
        return parts.stream().mapToLong(SampledPart::rows).sum();
    }

    /** Sequences of the sampled rows that can be scored. */
    public List<Sequence> sequences() {
        return parts.stream().flatMap(part -> part.sequences().stream()).toList();
    }

    private int sampledSequences() {
        return parts.stream().mapToInt(part -> part.sequences().size()).sum();
    }

    /** Fraction of the sampled rows that can be scored; 1 if the sample is empty. */
    double goodFraction() {
        return sampledRows() == 0 ? 1 : (double) sampledSequences() / sampledRows();
    }

    /** Average steps of a sampled row. */
    double stepsPerRow() {
        return perRow(parts.stream().mapToLong(SampledPart::steps).sum());
    }

    /** Average number of candidates of a sampled row; 0 if answers are about all classes. */
    double candidatesPerRow() {
        return perRow(sequences().stream()
                .map(Sequence::classes)
                .filter(ClassChoice::hasCandidates)
                .mapToLong(choice -> choice.candidates().length)
                .sum());
    }

    /** Average bytes of a row in a batch. */
    double batchBytesPerRow() {
        return perRow(parts.stream().mapToLong(SampledPart::bytes).sum());
    }

    /** Average bytes of the values of a row that are copied to the output. */
    double keptBytesPerRow() {
        return perRow(parts.stream().mapToLong(SampledPart::keptBytes).sum());
    }

    private double perRow(long sum) {
        int sequences = sampledSequences();
        return sequences == 0 ? 0 : (double) sum / sequences;
    }

    /** Estimated steps of a partition, from its own sample if there is one, otherwise from the whole sample. */
    double stepsOf(int partition) {
        double perRow = parts.stream()
                .filter(part -> part.partition() == partition)
                .mapToDouble(SampledPart::stepsPerRow)
                .findFirst()
                .orElseGet(this::stepsPerRow);
        return rowsOf[partition] * perRow;
    }
}
