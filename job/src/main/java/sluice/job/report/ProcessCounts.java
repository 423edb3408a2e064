package sluice.job.report;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.job.row.RowDefect;

/**
 * Counters of this process for {@link MetricsPlugin}: what its tasks scored since the plugin started, over all runs and all task
 * attempts. Failed, retried and speculative attempts count too, because their work was done; the run's report counts each task once.
 * Tasks add to the counters after each batch. Without the plugin nothing is counted.
 */
public final class ProcessCounts {
    /** Scored rows. */
    static final String ROWS = "rows";
    /** Tokens of the scored rows. */
    static final String TOKENS = "tokens";
    /** Computed steps: fewer than tokens, because a prefix that rows of a batch share is computed once. */
    static final String COMPUTED_STEPS = "computedSteps";
    /** Engines compiled from a broadcast model: one for each run, more if Spark evicted a broadcast. */
    static final String ENGINE_BUILDS = "engineBuilds";
    /** Prefix of the counters of bad rows; the reason code follows. */
    static final String BAD_ROWS = "badRows.";

    private static volatile ProcessCounts current; // null if the plugin is not configured

    private final MetricRegistry registry;
    private final Counter rows;
    private final Counter tokens;
    private final Counter computedSteps;
    private final Counter engineBuilds;

    private ProcessCounts(MetricRegistry registry) {
        this.registry = registry;
        this.rows = registry.counter(ROWS);
        this.tokens = registry.counter(TOKENS);
        this.computedSteps = registry.counter(COMPUTED_STEPS);
        this.engineBuilds = registry.counter(ENGINE_BUILDS);
    }

    /** Registers all counters at 0, also those of every reason code: Prometheus needs an earlier sample to compute a rate. */
    static void register(MetricRegistry registry) {
        for (String name : new String[] {ROWS, TOKENS, COMPUTED_STEPS, ENGINE_BUILDS}) {
            registry.counter(name);
        }
        RowDefect.codes().forEach(code -> registry.counter(BAD_ROWS + code));
    }

    /** Starts counting in this process, from 0. */
    static ProcessCounts start(MetricRegistry registry) {
        register(registry);
        ProcessCounts started = new ProcessCounts(registry);
        current = started;
        return started;
    }

    /** Stops counting in this process. */
    static void stop() {
        current = null;
    }

    /**
     * Adds a batch, as {@link RunCounters#batch} does.
     *
     * @param answers to the sequences, in the same order
     * @param steps computed steps of the batch
     */
    public static void batch(List<Sequence> sequences, Collection<ScoredSequence> answers, long steps) {
        batch(ScoredBatch.of(sequences, answers, steps));
    }

    static void batch(ScoredBatch batch) {
        ProcessCounts counts = current;
        if (counts != null) {
            counts.rows.inc(batch.rows());
            counts.tokens.inc(batch.tokens());
            counts.computedSteps.inc(batch.steps());
        }
    }

    public static void badRow(String code) {
        ProcessCounts counts = current;
        if (counts != null) {
            counts.registry.counter(BAD_ROWS + code).inc();
        }
    }

    public static void engineBuilt() {
        ProcessCounts counts = current;
        if (counts != null) {
            counts.engineBuilds.inc();
        }
    }

    /** The current values by counter name. */
    Map<String, Long> values() {
        Map<String, Long> values = new TreeMap<>();
        registry.getCounters().forEach((name, counter) -> values.put(name, counter.getCount()));
        return values;
    }
}
