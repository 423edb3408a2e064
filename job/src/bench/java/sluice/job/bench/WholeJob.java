package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compares Sluice with ONNX Runtime on the same Parquet files, with the same weights and the same Spark.
 *
 * <p>Each configuration of contender and cores has its own JVM, so that compiled code, garbage and native memory are separate. The
 * configurations of a workload run alternately, so that other load on the machine affects them equally. The first run of each is a
 * warm-up and is reported separately. All rows of its output are compared before any time is printed; a disagreement ends the benchmark.
 */
public final class WholeJob {
    /** Heap of each scoring process. */
    static final String HEAP = "-Xmx2g";

    private final Effort effort;
    private final Path root;
    private final ChildProcess tableProcess;

    private WholeJob(Effort effort, Path root, ChildProcess tableProcess) {
        this.effort = effort;
        this.root = root;
        this.tableProcess = tableProcess;
    }

    /**
     * Arguments: effort, scale and rounds (empty: those of the effort), directory of real tables (or empty), working directory, the command
     * line of the script for the report, workload (empty: all).
     */
    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        Effort effort = Effort.named(arguments[0]);
        if (!arguments[1].isEmpty()) {
            effort = effort.withScale(Double.parseDouble(arguments[1]));
        }
        if (!arguments[2].isEmpty()) {
            effort = effort.withRounds(Integer.parseInt(arguments[2]));
        }
        Path root = Files.createTempDirectory(Path.of(arguments[4]), "whole-job");
        try (ChildProcess tableProcess = ChildProcess.start(
                TableProcess.class,
                List.of(HEAP),
                root.resolve("tables.log"),
                root.toString(),
                Double.toString(effort.scale()),
                Integer.toString(effort.files()),
                arguments[3])) {
            List<Results> all = new WholeJob(effort, root, tableProcess).run(workloads(arguments[6]));
            ResultTable table = new ResultTable(System.out);
            table.head(arguments[5]);
            table.agreement(all);
            table.runs(all);
            table.ratios(all, effort.cores(), effort.judges());
        } catch (DisagreementException e) {
            System.err.println("the contenders disagree, so no times are reported: " + e.getMessage());
            System.exit(1);
        } catch (ChildException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        } finally {
            Folder.delete(root);
        }
    }

    private static List<JobWorkload> workloads(String wanted) {
        return wanted.isEmpty()
                ? List.of(JobWorkload.values())
                : List.of(JobWorkload.valueOf(wanted.toUpperCase(Locale.ROOT).replace('-', '_')));
    }

    private List<Results> run(List<JobWorkload> workloads) {
        List<Results> all = new ArrayList<>();
        try (Processes shared = new Processes()) {
            for (JobWorkload workload : workloads) {
                progress("%s: the table", workload.title());
                Results results =
                        new Results(workload, tableProcess.ask("prepare " + workload, Preparation.Prepared.class));
                for (int cores : effort.cores()) {
                    try (Processes own = new Processes()) {
                        run(workload, cores, effort.freshProcesses() ? own : shared, results);
                    }
                }
                tableProcess.ask("clear " + workload, Boolean.class);
                new ResultTable(System.err)
                        .ratios(
                                List.of(results),
                                effort.cores(),
                                effort.judges()); // printed for each workload, in case the benchmark is interrupted
                all.add(results);
            }
        }
        return all;
    }

    /** The started scoring processes. */
    private final class Processes implements AutoCloseable {
        private final Map<Configuration, ChildProcess> started = new LinkedHashMap<>();

        RunMeasurement run(Configuration configuration, JobWorkload workload) {
            return started.computeIfAbsent(configuration, this::start).ask("run " + workload, RunMeasurement.class);
        }

        DryRunEstimate estimate(Configuration configuration, JobWorkload workload) {
            return started.computeIfAbsent(configuration, this::start)
                    .ask("estimate " + workload, DryRunEstimate.class);
        }

        private ChildProcess start(Configuration configuration) {
            String name = "%s-%d".formatted(configuration.contender(), configuration.cores());
            return ChildProcess.start(
                    ScoringProcess.class,
                    List.of(HEAP),
                    root.resolve(name + ".log"),
                    configuration.contender().name(),
                    Integer.toString(configuration.cores()),
                    root.toString());
        }

        @Override
        public void close() {
            started.values().forEach(ChildProcess::close);
        }
    }

    private void run(JobWorkload workload, int cores, Processes processes, Results results) {
        List<Configuration> configurations = contenders(workload).stream()
                .map(contender -> new Configuration(contender, cores))
                .toList();
        for (Configuration configuration : configurations) {
            progress("%s: %s, first", workload.title(), configuration.title());
            results.warmUp(configuration, processes.run(configuration, workload));
        }
        for (Configuration configuration : configurations) {
            if (configuration.contender().isCompared()) {
                results.agrees(configuration.contender(), agree(workload, configuration));
            }
        }
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Configuration configuration : configurations) {
                progress("%s: %s, round %d of %d", workload.title(), configuration.title(), round, effort.rounds());
                results.add(configuration, processes.run(configuration, workload));
            }
        }
        Configuration sluice = new Configuration(Contender.SLUICE, cores);
        progress("%s: %s, dry run", workload.title(), sluice.title());
        results.estimate(sluice, processes.estimate(sluice, workload));
    }

    /** The contenders of a workload; only logs have enough duplicates for ONNX_DISTINCT. */
    private static List<Contender> contenders(JobWorkload workload) {
        List<Contender> contenders = new ArrayList<>(List.of(Contender.values()));
        if (workload != JobWorkload.LOGS) {
            contenders.remove(Contender.ONNX_DISTINCT);
        }
        return contenders;
    }

    private AnswerComparison.Found agree(JobWorkload workload, Configuration configuration) {
        AnswerComparison.Found found = tableProcess.ask(
                "compare %s %s %d".formatted(workload, configuration.contender(), configuration.cores()),
                AnswerComparison.Found.class);
        if (!found.mismatch().isEmpty()) {
            throw new DisagreementException(
                    "%s: Sluice and %s: %s".formatted(workload.title(), configuration.title(), found.mismatch()));
        }
        return found;
    }

    private static void progress(String format, Object... values) {
        System.err.println(format.formatted(values));
    }
}
