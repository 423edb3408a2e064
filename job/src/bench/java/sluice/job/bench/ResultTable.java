package sluice.job.bench;

import ai.onnxruntime.OrtEnvironment;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.spark.package$;
import sluice.cell.bench.Machine;

/** Prints the results in Markdown. */
final class ResultTable {
    private static final double MIB = 1 << 20;
    private static final double PERCENT = 100;

    private final PrintStream out;

    ResultTable(PrintStream out) {
        this.out = out;
    }

    /** Describes the machine, without which the figures have no meaning. */
    void head(String command) {
        out.printf(
                "%s, %d processors; Java %s, %s; Spark %s; ONNX Runtime %s; each process `%s`%n%n",
                Machine.processor(),
                Runtime.getRuntime().availableProcessors(),
                Runtime.version(),
                System.getProperty("java.vm.name"),
                package$.MODULE$.SPARK_VERSION(),
                OrtEnvironment.getEnvironment().getVersion(),
                WholeJob.HEAP);
        out.printf("    %s%n%n", command);
    }

    void agreement(List<Results> all) {
        out.println("| agreement with Sluice, row by row | |");
        out.println("|---|---|");
        for (Results results : all) {
            results.agreement()
                    .forEach((contender, found) -> out.printf(
                            "| %s: %s | %s |%n", results.workload().title(), contender.title(), found.sentence()));
        }
        out.println();
    }

    void runs(List<Results> all) {
        out.println(
                "| work | by | cores | s | first, s | CPU s | tokens/s per core | reading, scoring, writing | heap | resident"
                        + " | allocated per row | output |");
        out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
        for (Results results : all) {
            for (Configuration configuration : results.configurations()) {
                out.println(line(results, configuration));
            }
        }
        out.println();
        for (Results results : all) {
            Preparation.Prepared table = results.table();
            out.printf(
                    "%s: %,d rows, %,d tokens, %.1f MiB%s%n",
                    results.workload().title(), table.rows(), table.tokens(), table.bytes() / MIB, sharing(results));
        }
        out.println();
    }

    private static String sharing(Results results) {
        for (Configuration configuration : results.configurations()) {
            double steps = results.median(configuration, run -> run.scored().computedSteps());
            if (steps > 0) {
                return "; Sluice computes a step for %.1f tokens"
                        .formatted(results.table().tokens() / steps);
            }
        }
        return "";
    }

    private static String line(Results results, Configuration configuration) {
        return "| %s | %s | %d | %.2f | %.2f | %.2f | %,.0f | %s | %,.0f MiB | %,.0f MiB | %,.0f B | %,.1f MiB |"
                .formatted(
                        results.workload().title(),
                        configuration.contender().title(),
                        configuration.cores(),
                        results.median(configuration, RunMeasurement::seconds),
                        results.first(configuration).seconds(),
                        results.median(configuration, RunMeasurement::cpuSeconds),
                        results.tokensPerSecondAndCore(configuration),
                        stages(results, configuration),
                        results.median(configuration, RunMeasurement::peakHeapBytes) / MIB,
                        results.median(configuration, RunMeasurement::peakResidentBytes) / MIB,
                        results.median(configuration, RunMeasurement::allocatedBytes)
                                / results.table().rows(),
                        results.median(configuration, RunMeasurement::outputBytes) / MIB);
    }

    private static String stages(Results results, Configuration configuration) {
        double reading = results.median(
                configuration,
                run -> run.scored().stages().reading() / run.scored().stages().all());
        double writing = results.median(
                configuration,
                run -> run.scored().stages().writing() / run.scored().stages().all());
        return "%.0f, %.0f, %.0f %%".formatted(PERCENT * reading, PERCENT * (1 - reading - writing), PERCENT * writing);
    }

    /** @param judges whether results are compared with their goals */
    void ratios(List<Results> all, List<Integer> cores, boolean judges) {
        out.println("| work | what | found |" + (judges ? " goal |" : ""));
        out.println("|---|---|---|" + (judges ? "---|" : ""));
        for (Results results : all) {
            for (Ratio ratio : ratios(results, cores)) {
                out.printf(
                        "| %s | %s | %s |%s%n",
                        results.workload().title(),
                        ratio.what(),
                        ratio.found(),
                        judges ? " %s |".formatted(ratio.verdict()) : "");
            }
        }
        out.println();
    }

    private record Ratio(String what, double value, boolean percent, Optional<Goal> goal) {
        String found() {
            return percent ? "%.1f %%".formatted(PERCENT * value) : "%.2f".formatted(value);
        }

        String verdict() {
            return goal.map(aim -> aim.verdict(value)).orElse("");
        }
    }

    private static List<Ratio> ratios(Results results, List<Integer> cores) {
        List<Ratio> ratios = new ArrayList<>();
        for (int core : cores) {
            Configuration sluice = new Configuration(Contender.SLUICE, core);
            for (Contender contender : Contender.values()) {
                Configuration other = new Configuration(contender, core);
                OptionalDouble times =
                        contender == Contender.SLUICE ? OptionalDouble.empty() : results.ratio(other, sluice);
                times.ifPresent(value -> ratios.add(new Ratio(
                        "time of %s over Sluice's, local[%d]".formatted(contender.title(), core),
                        value,
                        false,
                        Goal.ratio(results.workload(), contender))));
            }
            ratios.add(new Ratio(
                    "Spark's share of Sluice's tasks, local[%d]".formatted(core),
                    results.sparkShare(sluice),
                    true,
                    Goal.sparkShare(results.workload())));
            ratios.add(new Ratio(
                    "ratio of the dry run's estimate to the run's time, local[%d]".formatted(core),
                    results.estimateRatio(sluice),
                    false,
                    Optional.of(Goal.ESTIMATE)));
            ratios.add(new Ratio(
                    "the same for the time of the tasks",
                    results.taskEstimateRatio(sluice),
                    false,
                    Optional.of(Goal.ESTIMATE)));
        }
        results.ratio(new Configuration(Contender.SLUICE, 1), new Configuration(Contender.SLUICE, 2))
                .ifPresent(value -> ratios.add(
                        new Ratio("Sluice's time on local[1] over local[2]", value, false, Optional.of(Goal.CORES))));
        results.ratio(new Configuration(Contender.ONNX_BY_LENGTH, 1), new Configuration(Contender.ONNX_BY_LENGTH, 2))
                .ifPresent(value -> ratios.add(new Ratio("the same for (b)", value, false, Optional.empty())));
        return ratios;
    }
}
