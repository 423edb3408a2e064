package sluice.job.report;

import java.io.Serializable;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.engine.CompiledModel;

/**
 * Spark accumulators of one run; Spark's user interface shows them by name. Each count is also added to {@link ProcessCounts}.
 */
public final class RunCounters implements Serializable {
    /** Name of the accumulator of scored rows. */
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

    /**
     * Adds a batch. Sequences with a defect are left out; each of them is counted by {@link #badRow}.
     *
     * @param answers to the sequences, in the same order
     * @param steps computed steps of the batch
     */
    public void batch(List<Sequence> sequences, Collection<ScoredSequence> answers, long steps) {
        batch(ScoredBatch.of(sequences, answers, steps));
    }

    void batch(ScoredBatch batch) {
        rows.add(batch.rows());
        tokens.add(batch.tokens());
        computedSteps.add(batch.steps());
        ProcessCounts.batch(batch);
    }

    /** Adds a scoring task that has ended. */
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

    /** @param sentence names the row; called only for the first row of a code */
    public void badRow(String code, Supplier<String> sentence) {
        badRows.add(new BadRowCounts.BadRow(code, sentence));
        ProcessCounts.badRow(code);
    }

    public void quarantined() {
        quarantined.add(1);
    }

    /** The number of rows written to the quarantine. */
    public long quarantinedRows() {
        return quarantined.value();
    }

    /** The number of scored rows. */
    public long rows() {
        return rows.value();
    }

    /** Rows that could not be scored. */
    public BadRowCounts badRows() {
        return badRows;
    }

    /** The current values. */
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
