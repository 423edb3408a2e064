package sluice.job.report;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.TreeMap;
import sluice.job.input.RowDefect;

/**
 * What the tasks of this process have scored, batch by batch, since Spark was started in it: of all runs, and of every attempt. What
 * a task has scored stays counted if it fails, is retried, or has a speculative twin, as the work was done; the run's report counts
 * a task's rows once. Where the plugin is not configured nothing is counted.
 */
public final class ProcessCounts {
    /** Rows scored. */
    static final String ROWS = "rows";
    /** Their tokens. */
    static final String TOKENS = "tokens";
    /** Steps that were computed for them: those that rows of a batch begin with in common once. */
    static final String COMPUTED_STEPS = "computedSteps";
    /** Engines built from the broadcast model: one for each run, more where Spark has dropped one. */
    static final String ENGINE_BUILDS = "engineBuilds";
    /** Rows that couldn't be scored; the reason's code follows. */
    static final String BAD_ROWS = "badRows.";

    private static volatile ProcessCounts current; // null: the plugin is not configured

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

    /** All counters at 0, those of bad rows too: what appears late has no rate before. */
    static void register(MetricRegistry registry) {
        for (String name : new String[] {ROWS, TOKENS, COMPUTED_STEPS, ENGINE_BUILDS}) {
            registry.counter(name);
        }
        RowDefect.codes().forEach(code -> registry.counter(BAD_ROWS + code));
    }

    /** From now on this process counts, from 0. */
    static ProcessCounts start(MetricRegistry registry) {
        register(registry);
        ProcessCounts started = new ProcessCounts(registry);
        current = started;
        return started;
    }

    /** No longer. */
    static void stop() {
        current = null;
    }

    public static void batch(long rowCount, long tokenCount, long steps) {
        ProcessCounts counts = current;
        if (counts != null) {
            counts.rows.inc(rowCount);
            counts.tokens.inc(tokenCount);
            counts.computedSteps.inc(steps);
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

    /** By name, as they stand. */
    Map<String, Long> values() {
        Map<String, Long> values = new TreeMap<>();
        registry.getCounters().forEach((name, counter) -> values.put(name, counter.getCount()));
        return values;
    }
}
