package sluice.job.report;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.spark.TaskContext;
import org.apache.spark.util.AccumulatorV2;

/**
 * A Spark accumulator that counts bad rows by reason code and keeps one example sentence for each code. It counts each partition once, as
 * {@link PartitionSum} does.
 */
public final class BadRowCounts extends AccumulatorV2<BadRowCounts.BadRow, Map<String, BadRowCounts.Count>> {
    private static final long serialVersionUID = 1L;

    private final TreeMap<Integer, TreeMap<String, Count>> partitions = new TreeMap<>(); // counts by reason code

    /** One bad row: its reason code, and a sentence that names it. The sentence is built only for the first row of a code. */
    record BadRow(String code, Supplier<String> sentence) {}

    /** The number of rows with one reason code, and a sentence about one of them. */
    public record Count(long rows, String example) implements Serializable {
        private Count plus(Count more) {
            return new Count(rows + more.rows, example);
        }
    }

    /** The counts of several tables together. */
    public static BadRowCounts sum(List<BadRowCounts> tables) {
        BadRowCounts sum = new BadRowCounts();
        for (BadRowCounts table : tables) {
            sum.partitions.put(sum.partitions.size(), new TreeMap<>(table.value()));
        }
        return sum;
    }

    @Override
    public boolean isZero() {
        return partitions.isEmpty();
    }

    @Override
    public BadRowCounts copy() {
        BadRowCounts copy = new BadRowCounts();
        copy.merge(this);
        return copy;
    }

    @Override
    public void reset() {
        partitions.clear();
    }

    @Override
    public void add(BadRow row) {
        TreeMap<String, Count> counts =
                partitions.computeIfAbsent(TaskContext.getPartitionId(), partition -> new TreeMap<>());
        Count known = counts.get(row.code());
        counts.put(row.code(), known == null ? new Count(1, row.sentence().get()) : known.plus(new Count(1, "")));
    }

    /** Takes the counts of the other's partitions in place of its own. */
    @Override
    public void merge(AccumulatorV2<BadRow, Map<String, Count>> other) {
        ((BadRowCounts) other)
                .partitions.forEach((partition, counts) -> partitions.put(partition, new TreeMap<>(counts)));
    }

    @Override
    public Map<String, Count> value() {
        TreeMap<String, Count> counts = new TreeMap<>();
        partitions
                .values()
                .forEach(partition -> partition.forEach((code, count) -> counts.merge(code, count, Count::plus)));
        return Collections.unmodifiableMap(counts);
    }

    /** All reason codes, each with its number of rows and an example. */
    public String sentence() {
        return value().entrySet().stream()
                .map(reason -> String.format(
                        Locale.ROOT,
                        "%,d %s (%s)",
                        reason.getValue().rows(),
                        reason.getKey(),
                        reason.getValue().example()))
                .collect(Collectors.joining("; "));
    }

    /** The number of bad rows. */
    public long rows() {
        return value().values().stream().mapToLong(Count::rows).sum();
    }
}
