package sluice.job.report;

import java.io.Serializable;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.spark.util.AccumulatorV2;

/** A Spark accumulator that counts bad rows by reason code and keeps one example sentence for each code. */
public final class BadRowCounts extends AccumulatorV2<BadRowCounts.BadRow, Map<String, BadRowCounts.Count>> {
    private static final long serialVersionUID = 1L;

    private final TreeMap<String, Count> counts = new TreeMap<>(); // by reason code

    /** One bad row: its reason code, and a sentence that names it. The sentence is built only for the first row of a code. */
    record BadRow(String code, Supplier<String> sentence) {}

    /** The number of rows with one reason code, and a sentence about one of them. */
    public record Count(long rows, String example) implements Serializable {}

    @Override
    public boolean isZero() {
        return counts.isEmpty();
    }

    @Override
    public BadRowCounts copy() {
        BadRowCounts copy = new BadRowCounts();
        copy.counts.putAll(counts);
        return copy;
    }

    @Override
    public void reset() {
        counts.clear();
    }

    @Override
    public void add(BadRow row) {
        Count known = counts.get(row.code());
        add(row.code(), new Count(1, known == null ? row.sentence().get() : known.example()));
    }

    @Override
    public void merge(AccumulatorV2<BadRow, Map<String, Count>> other) {
        other.value().forEach(this::add);
    }

    private void add(String code, Count more) {
        counts.merge(code, more, (known, added) -> new Count(known.rows() + added.rows(), known.example()));
    }

    @Override
    public Map<String, Count> value() {
        return Collections.unmodifiableMap(counts);
    }

    /** All reason codes, each with its number of rows and an example. */
    public String sentence() {
        return counts.entrySet().stream()
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
        return counts.values().stream().mapToLong(Count::rows).sum();
    }
}
