package sluice.job.bench;

import java.nio.file.Path;

/**
 * The process of one contender. On the request {@code run} it scores a workload once and returns the {@link RunMeasurement}. On the
 * request {@code estimate}, for Sluice only, it returns the estimate of the dry run.
 */
public final class ScoringProcess {
    private ScoringProcess() {}

    /** Arguments: the contender, the number of cores, the directory of the workloads. */
    public static void main(String[] arguments) {
        Contender contender = Contender.valueOf(arguments[0]);
        int cores = Integer.parseInt(arguments[1]);
        Path root = Path.of(arguments[2]);
        LineServer.serve(line -> {
            String[] words = line.split(" ");
            Job job = Job.of(JobWorkload.valueOf(words[1]), contender, cores, root);
            return switch (words[0]) {
                case "run" -> RunMeasurement.of(contender, cores, job);
                case "estimate" -> {
                    LocalSession.start(cores);
                    yield Contender.estimate(job);
                }
                default -> throw new IllegalArgumentException(line);
            };
        });
    }
}
