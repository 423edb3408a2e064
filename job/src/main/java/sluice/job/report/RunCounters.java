package sluice.job.report;

import java.io.Serializable;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.util.CollectionAccumulator;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.engine.CompiledModel;

/**
 * Spark accumulators of one run; Spark's user interface shows them by name. Each count is also added to {@link ProcessCounts}.
 *
 * <p>Every number that decides something is exact: a partition counts once, however often its task runs, see {@link PartitionSum}.
 */
public final class RunCounters implements Serializable {
    /** Name of the accumulator of scored rows. */
    static final String ROWS = "sluice rows";

    private static final long serialVersionUID = 1L;

    private final PartitionSum rows;
    private final PartitionSum tokens;
    private final PartitionSum computedSteps;
    private final PartitionSum words;
    private final PartitionSum unknownWords;
    private final PartitionSum tasks;
    private final PartitionSum taskNanos;
    private final PartitionSum cpuNanos;
    private final PartitionSum readingNanos;
    private final PartitionSum scoringNanos;
    private final CollectionAccumulator<String> engines;
    private final PeakBytes peakHeap = new PeakBytes();
    private final BadRowCounts badRows = new BadRowCounts();
    private final PartitionSum quarantined;

    public RunCounters(SparkContext spark) {
        this.rows = PartitionSum.of(spark, ROWS);
        this.tokens = PartitionSum.of(spark, "sluice tokens");
        this.computedSteps = PartitionSum.of(spark, "sluice computed steps");
        this.words = PartitionSum.of(spark, "sluice words");
        this.unknownWords = PartitionSum.of(spark, "sluice unknown words");
        this.tasks = PartitionSum.of(spark, "sluice tasks");
        this.taskNanos = PartitionSum.of(spark, "sluice task nanoseconds");
        this.cpuNanos = PartitionSum.of(spark, "sluice CPU nanoseconds");
        this.readingNanos = PartitionSum.of(spark, "sluice reading nanoseconds");
        this.scoringNanos = PartitionSum.of(spark, "sluice scoring nanoseconds");
        this.engines = spark.collectionAccumulator("sluice engines");
        spark.register(peakHeap, "sluice peak heap bytes");
        spark.register(badRows, "sluice bad rows");
        this.quarantined = PartitionSum.of(spark, "sluice quarantined rows");
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

    /** Adds words that were looked up in the vocabulary, and those of them that are not in it. */
    public void words(long all, long unknown) {
        words.add(all);
        unknownWords.add(unknown);
    }

    /** Adds a scoring task that has ended. */
    void task(long nanos, long cpu, long reading, long scoring, long heapBytes) {
        tasks.add(1L);
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
        quarantined.add(1L);
    }

    /** The number of rows written to the quarantine. */
    public long quarantinedRows() {
        return quarantined.value();
    }

    /** The number of scored rows. */
    public long rows() {
        return rows.value();
    }

    /** Rows that could not be scored: the counts at this time, which later tasks don't change. */
    public BadRowCounts badRows() {
        return badRows.copy();
    }

    /** The current values. */
    public RunMetrics measured() {
        return new RunMetrics(
                rows.value(),
                tokens.value(),
                computedSteps.value(),
                words.value(),
                unknownWords.value(),
                tasks.value().intValue(),
                Duration.ofNanos(taskNanos.value()),
                Duration.ofNanos(cpuNanos.value()),
                Duration.ofNanos(readingNanos.value()),
                Duration.ofNanos(scoringNanos.value()),
                peakHeap.value(),
                List.copyOf(engines.value()));
    }
}
