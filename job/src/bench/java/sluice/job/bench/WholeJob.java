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
 * Sluice against ONNX Runtime on the same Parquet files, with the same weights, on the same Spark.
 *
 * <p>Each contender has a virtual machine of its own, for each number of cores: what one has compiled, collected or keeps outside of the
 * heap is not the other's. Those of a workload on so many cores take turns, so that whatever else the machine does meets them alike. The
 * first turn of each warms it up and is told apart; its answers are compared, all rows of them, before any time is told. Who disagrees
 * ends the run.
 */
public final class WholeJob {
    /** Of each contestant. */
    static final String HEAP = "-Xmx2g";

    private final Effort effort;
    private final Path root;
    private final Child umpire;

    private WholeJob(Effort effort, Path root, Child umpire) {
        this.effort = effort;
        this.root = root;
        this.umpire = umpire;
    }

    /**
     * Effort, scale and rounds (or empty: as the effort has it), where real tables are (or empty), a directory to work in, the command
     * that this was, and the workload that is wanted (or empty: all).
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
        try (Child umpire = Child.start(
                Umpire.class,
                List.of(HEAP),
                root.resolve("umpire.log"),
                root.toString(),
                Double.toString(effort.scale()),
                Integer.toString(effort.files()),
                arguments[3])) {
            List<Results> all = new WholeJob(effort, root, umpire).run(workloads(arguments[6]));
            ResultTable table = new ResultTable(System.out);
            table.head(arguments[5]);
            table.agreement(all);
            table.turns(all);
            table.ratios(all, effort.cores(), effort.judges());
        } catch (DisagreementException e) {
            System.err.println("disagreement, so no time is told: " + e.getMessage());
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
        try (Seats shared = new Seats()) {
            for (JobWorkload workload : workloads) {
                progress("%s: the table", workload.title());
                Results results = new Results(workload, umpire.ask("prepare " + workload, Preparation.Prepared.class));
                for (int cores : effort.cores()) {
                    try (Seats own = new Seats()) {
                        run(workload, cores, effort.freshProcesses() ? own : shared, results);
                    }
                }
                umpire.ask("clear " + workload, Boolean.class);
                new ResultTable(System.err)
                        .ratios(List.of(results), effort.cores(), effort.judges()); // an hour may be cut short
                all.add(results);
            }
        }
        return all;
    }

    /** The processes that have been started. */
    private final class Seats implements AutoCloseable {
        private final Map<Seat, Child> taken = new LinkedHashMap<>();

        Turn turn(Seat seat, JobWorkload workload) {
            return taken.computeIfAbsent(seat, this::start).ask("turn " + workload, Turn.class);
        }

        Forecast forecast(Seat seat, JobWorkload workload) {
            return taken.computeIfAbsent(seat, this::start).ask("forecast " + workload, Forecast.class);
        }

        private Child start(Seat seat) {
            String name = "%s-%d".formatted(seat.contender(), seat.cores());
            return Child.start(
                    Contestant.class,
                    List.of(HEAP),
                    root.resolve(name + ".log"),
                    seat.contender().name(),
                    Integer.toString(seat.cores()),
                    root.toString());
        }

        @Override
        public void close() {
            taken.values().forEach(Child::close);
        }
    }

    private void run(JobWorkload workload, int cores, Seats processes, Results results) {
        List<Seat> seats = contenders(workload).stream()
                .map(contender -> new Seat(contender, cores))
                .toList();
        for (Seat seat : seats) {
            progress("%s: %s, first", workload.title(), seat.title());
            results.warmUp(seat, processes.turn(seat, workload));
        }
        for (Seat seat : seats) {
            if (seat.contender().isCompared()) {
                results.agrees(seat.contender(), agree(workload, seat));
            }
        }
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Seat seat : seats) {
                progress("%s: %s, round %d of %d", workload.title(), seat.title(), round, effort.rounds());
                results.add(seat, processes.turn(seat, workload));
            }
        }
        Seat sluice = new Seat(Contender.SLUICE, cores);
        progress("%s: %s, dry run", workload.title(), sluice.title());
        results.forecast(sluice, processes.forecast(sluice, workload));
    }

    /** Only logs have duplicates to speak of. */
    private static List<Contender> contenders(JobWorkload workload) {
        List<Contender> contenders = new ArrayList<>(List.of(Contender.values()));
        if (workload != JobWorkload.LOGS) {
            contenders.remove(Contender.ONNX_DISTINCT);
        }
        return contenders;
    }

    private AnswerComparison.Found agree(JobWorkload workload, Seat seat) {
        AnswerComparison.Found found = umpire.ask(
                "compare %s %s %d".formatted(workload, seat.contender(), seat.cores()), AnswerComparison.Found.class);
        if (!found.mismatch().isEmpty()) {
            throw new DisagreementException(
                    "%s: Sluice and %s: %s".formatted(workload.title(), seat.title(), found.mismatch()));
        }
        return found;
    }

    private static void progress(String format, Object... values) {
        System.err.println(format.formatted(values));
    }
}
