package sluice.cell.bench;

import java.util.Collection;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Times the kernel alone: GF/s, the share of the peak that {@link PeakProfiler} measures beside each iteration, and the bytes that a step
 * allocates.
 */
public final class StepTable {
    private static final String ALLOCATED = "gc.alloc.rate.norm"; // bytes per operation
    private static final int[] WIDTHS = {64, 256, 512, 650};
    private static final int[] ROWS = {64, 256};

    private final boolean tiny;

    private StepTable(boolean tiny) {
        this.tiny = tiny;
    }

    /** Argument: {@code tiny}, {@code short} or {@code full}. {@code short} leaves out the scalar kernel. */
    public static void main(String[] arguments) throws RunnerException {
        Machine.print();
        String effort = arguments[0];
        StepTable table = new StepTable(effort.equals("tiny"));
        System.out.printf("%-8s %-34s %12s %8s %8s %7s %10s%n", "kernel", "", "ns", "GF/s", "peak", "share", "bytes");
        print("", "12 chains of multiply-adds", FmaPeak.operations(), table.options(PeakBenchmark.class));
        table.kernel("vector");
        if (!effort.equals("short")) {
            table.kernel("scalar");
        }
    }

    private void kernel(String kernel) throws RunnerException {
        for (int width : WIDTHS) {
            for (int rows : ROWS) {
                print(
                        kernel,
                        "step, H = I = %d, %d rows".formatted(width, rows),
                        StepBenchmark.operations(width, rows),
                        options(StepBenchmark.class)
                                .param("kernel", kernel)
                                .param("width", Integer.toString(width))
                                .param("rows", Integer.toString(rows)));
            }
        }
        print(
                kernel,
                "output layer, 200 to 10000",
                OutputBenchmark.operations(),
                options(OutputBenchmark.class).param("kernel", kernel));
    }

    private ChainedOptionsBuilder options(Class<?> benchmark) {
        TimeValue iteration = TimeValue.milliseconds(tiny ? 50 : 1000);
        return new OptionsBuilder()
                .include("^" + benchmark.getName() + "\\.")
                .forks(1)
                .warmupIterations(tiny ? 2 : 4)
                .warmupTime(iteration)
                .measurementIterations(tiny ? 2 : 7)
                .measurementTime(iteration)
                .addProfiler(GCProfiler.class)
                .addProfiler(PeakProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
    }

    private static void print(String kernel, String what, double operations, ChainedOptionsBuilder options)
            throws RunnerException {
        Collection<RunResult> results = new Runner(options.build()).run();
        for (RunResult result : results) {
            double nanos = result.getPrimaryResult().getStatistics().getPercentile(50);
            double peak = secondary(result, PeakProfiler.PEAK);
            double gigaflops = operations / nanos;
            System.out.printf(
                    "%-8s %-34s %12.0f %8.1f %8.1f %6.0f%% %10.1f%n",
                    kernel, what, nanos, gigaflops, peak, 100 * gigaflops / peak, secondary(result, ALLOCATED));
        }
    }

    private static double secondary(RunResult result, String name) {
        for (String label : result.getSecondaryResults().keySet()) {
            if (label.endsWith(name)) {
                return result.getSecondaryResults().get(label).getScore();
            }
        }
        throw new IllegalStateException("no result '%s' among %s"
                .formatted(name, result.getSecondaryResults().keySet()));
    }
}
