package sluice.cell.bench;

import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Measures the processor's peak before and after each iteration of another benchmark, so that the share of the peak is right even if the
 * machine's speed drifts.
 */
public final class PeakProfiler implements InternalProfiler {
    /** The name of its result, in GF/s. */
    static final String PEAK = "peak";

    private static final long NANOS = 50_000_000;

    private double before;

    @Override
    public String getDescription() {
        return "peak of multiply-adds, measured beside the benchmark";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        before = measured();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double gigaflops = (before + measured()) / 2;
        return List.of(new ScalarResult(PEAK, gigaflops, "GF/s", AggregationPolicy.AVG));
    }

    private double measured() {
        long start = System.nanoTime();
        long elapsed;
        double operations = 0;
        do {
            FmaPeak.require(FmaPeak.round());
            operations += FmaPeak.operations();
            elapsed = System.nanoTime() - start;
        } while (elapsed < NANOS);
        return operations / elapsed;
    }
}
