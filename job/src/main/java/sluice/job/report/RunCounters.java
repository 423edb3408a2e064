package sluice.job.report;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import sluice.cell.engine.CompiledModel;

/** What tasks count, under names that Spark's own pages show; {@link ProcessCounts} count along, where they are asked for. */
public final class RunCounters implements Serializable {
    /** Of the rows that were scored. */
    static final String ROWS = "sluice rows";

    private static final long serialVersionUID = 1L;

    private final LongAccumulator rows;
    private final LongAccumulator tokens;
    private final LongAccumulator computedSteps;
    private final LongAccumulator tasks;
    private final LongAccumulator taskNanos;
    private final LongAccumulator cpuNanos;
    private final LongAccumulator readingNanos;
    private final LongAccumulator scoringNanos;
    private final CollectionAccumulator<String> engines;
    private final PeakBytes peakHeap = new PeakBytes();
    private final BadRowCounts badRows = new BadRowCounts();
    private final LongAccumulator quarantined;

    public RunCounters(SparkContext spark) {
        this.rows = spark.longAccumulator(ROWS);
        this.tokens = spark.longAccumulator("sluice tokens");
        this.computedSteps = spark.longAccumulator("sluice computed steps");
        this.tasks = spark.longAccumulator("sluice tasks");
        this.taskNanos = spark.longAccumulator("sluice task nanoseconds");
        this.cpuNanos = spark.longAccumulator("sluice CPU nanoseconds");
        this.readingNanos = spark.longAccumulator("sluice reading nanoseconds");
        this.scoringNanos = spark.longAccumulator("sluice scoring nanoseconds");
        this.engines = spark.collectionAccumulator("sluice engines");
        spark.register(peakHeap, "sluice peak heap bytes");
        spark.register(badRows, "sluice bad rows");
        this.quarantined = spark.longAccumulator("sluice quarantined rows");
    }

    /** @param steps that were computed for them */
    public void batch(long rowCount, long tokenCount, long steps) {
        rows.add(rowCount);
        tokens.add(tokenCount);
        computedSteps.add(steps);
        ProcessCounts.batch(rowCount, tokenCount, steps);
    }

    /** A scoring task is over. */
    void task(long nanos, long cpu, long reading, long scoring, long heapBytes) {
        tasks.add(1);
        taskNanos.add(nanos);
        cpuNanos.add(cpu);
        readingNanos.add(reading);
        scoringNanos.add(scoring);
        peakHeap.add(heapBytes);
    }

    public void engine(CompiledModel engine) {
        engines.add(engine.kernelName());
        ProcessCounts.engineBuilt();
    }

    /** @param sentence that names the row */
    public void badRow(String code, Supplier<String> sentence) {
        badRows.add(new BadRowCounts.BadRow(code, sentence));
        ProcessCounts.badRow(code);
    }

    public void quarantined() {
        quarantined.add(1);
    }

    /** Rows that were written into quarantine. */
    public long quarantinedRows() {
        return quarantined.value();
    }

    /** Rows that were scored. */
    public long rows() {
        return rows.value();
    }

    /** Rows that were not. */
    public BadRowCounts badRows() {
        return badRows;
    }

    /** All of it, as it stands. */
    public RunMetrics measured() {
        return new RunMetrics(
                rows.value(),
                tokens.value(),
                computedSteps.value(),
                tasks.value().intValue(),
                Duration.ofNanos(taskNanos.value()),
                Duration.ofNanos(cpuNanos.value()),
                Duration.ofNanos(readingNanos.value()),
                Duration.ofNanos(scoringNanos.value()),
                peakHeap.value(),
                List.copyOf(engines.value()));
    }
}
