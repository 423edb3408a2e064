package sluice.job;

import java.io.Serializable;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import sluice.cell.CompiledModel;

/** What tasks count, under names that Spark's own pages show. */
final class RunCounters implements Serializable {
    private static final long serialVersionUID = 1L;

    private final LongAccumulator rows;
    private final LongAccumulator tokens;
    private final LongAccumulator scoringNanos;
    private final CollectionAccumulator<String> engines;
    private final BadRowTally badRows = new BadRowTally();
    private final LongAccumulator quarantined;

    RunCounters(SparkContext spark) {
        this.rows = spark.longAccumulator("sluice rows");
        this.tokens = spark.longAccumulator("sluice tokens");
        this.scoringNanos = spark.longAccumulator("sluice scoring nanoseconds");
        this.engines = spark.collectionAccumulator("sluice engines");
        spark.register(badRows, "sluice bad rows");
        this.quarantined = spark.longAccumulator("sluice quarantined rows");
    }

    void batch(long rowCount, long tokenCount, long nanos) {
        rows.add(rowCount);
        tokens.add(tokenCount);
        scoringNanos.add(nanos);
    }

    void engine(CompiledModel engine) {
        engines.add(engine.kernelName());
    }

    /** @param sentence that names the row */
    void badRow(String code, Supplier<String> sentence) {
        badRows.add(new BadRowTally.BadRow(code, sentence));
    }

    void quarantined() {
        quarantined.add(1);
    }

    /** Rows that were written into quarantine. */
    long quarantinedRows() {
        return quarantined.value();
    }

    /** Rows that were scored. */
    long rows() {
        return rows.value();
    }

    /** Rows that were not. */
    BadRowTally badRows() {
        return badRows;
    }

    long tokens() {
        return tokens.value();
    }

    /** Time that tasks spent scoring, all added up. */
    long scoringNanos() {
        return scoringNanos.value();
    }

    /** The kernel of each engine that was built. */
    List<String> engines() {
        return engines.value();
    }
}
