package sluice.job.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** All measurements of a workload. */
final class Results {
    private final JobWorkload workload;
    private final Preparation.Prepared table;
    private final Map<Configuration, RunMeasurement> first = new LinkedHashMap<>();
    private final Map<Configuration, List<RunMeasurement>> runs = new LinkedHashMap<>();
    private final Map<Configuration, DryRunEstimate> estimates = new LinkedHashMap<>();
    private final Map<Contender, AnswerComparison.Found> agreement = new EnumMap<>(Contender.class);

    Results(JobWorkload workload, Preparation.Prepared table) {
        this.workload = workload;
        this.table = table;
    }

    void warmUp(Configuration configuration, RunMeasurement run) {
        first.put(configuration, run);
    }

    void agrees(Contender contender, AnswerComparison.Found found) {
        agreement.put(contender, found);
    }

    void add(Configuration configuration, RunMeasurement run) {
        runs.computeIfAbsent(configuration, unseen -> new ArrayList<>()).add(run);
    }

    void estimate(Configuration configuration, DryRunEstimate estimate) {
        estimates.put(configuration, estimate);
    }

    JobWorkload workload() {
        return workload;
    }

    Preparation.Prepared table() {
        return table;
    }

    Map<Contender, AnswerComparison.Found> agreement() {
        return agreement;
    }

    Iterable<Configuration> configurations() {
        return runs.keySet();
    }

    /** The first run of its JVM. */
    RunMeasurement first(Configuration configuration) {
        return first.get(configuration);
    }

    double median(Configuration configuration, ToDoubleFunction<RunMeasurement> value) {
        return Median.of(runs.get(configuration).stream().mapToDouble(value).toArray());
    }

    double tokensPerSecondAndCore(Configuration configuration) {
        return table.tokens() / median(configuration, RunMeasurement::seconds) / configuration.cores();
    }

    /** Ratio of the times of two configurations: the median over the rounds. */
    OptionalDouble ratio(Configuration slower, Configuration faster) {
        Optional<List<RunMeasurement>> a = Optional.ofNullable(runs.get(slower));
        Optional<List<RunMeasurement>> b = Optional.ofNullable(runs.get(faster));
        if (a.isEmpty() || b.isEmpty()) {
            return OptionalDouble.empty();
        }
        double[] ratios = new double[a.get().size()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = a.get().get(round).seconds() / b.get().get(round).seconds();
        }
        return OptionalDouble.of(Median.of(ratios));
    }

    /** Ratio of the dry run's estimate of the tasks' time to the measured time. */
    double taskEstimateRatio(Configuration configuration) {
        return estimates.get(configuration).taskSeconds()
                / median(configuration, run -> run.scored().stages().all());
    }

    /** The same ratio for the whole run. */
    double estimateRatio(Configuration configuration) {
        return estimates.get(configuration).seconds() / median(configuration, RunMeasurement::seconds);
    }

    /** Share of the tasks' CPU time that the model does not take: Spark's reading, encoding and writing. */
    double sparkShare(Configuration configuration) {
        return median(
                configuration,
                run -> 1
                        - run.scored().stages().scoring()
                                / run.scored().stages().all());
    }
}
