package sluice.job;

import java.io.Serializable;
import java.util.List;
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

    RunCounters(SparkContext spark) {
        this.rows = spark.longAccumulator("sluice rows");
        this.tokens = spark.longAccumulator("sluice tokens");
        this.scoringNanos = spark.longAccumulator("sluice scoring nanoseconds");
        this.engines = spark.collectionAccumulator("sluice engines");
    }

    void batch(long rowCount, long tokenCount, long nanos) {
        rows.add(rowCount);
        tokens.add(tokenCount);
        scoringNanos.add(nanos);
    }

    void engine(CompiledModel engine) {
        engines.add(engine.kernelName());
    }

    long rows() {
        return rows.value();
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
