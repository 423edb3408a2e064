package sluice.job.bench;

import java.util.List;

/**
 * How much to measure.
 *
 * @param scale scale of the tables; 1 is a million rows of logs
 * @param files number of files of each table
 * @param rounds number of measured rounds, after one warm-up round
 * @param cores numbers of cores that each contender runs with
 * @param freshProcesses whether each workload has new processes, so that compiled code is not affected by other workloads
 * @param judges whether results are compared with their goals
 */
record Effort(double scale, int files, int rounds, List<Integer> cores, boolean freshProcesses, boolean judges) {
    /**
     * An effort by its name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Effort named(String name) {
        return switch (name) {
            case "short" -> new Effort(0.004, 4, 1, List.of(1), false, false);
            case "full" -> new Effort(1, 16, 3, List.of(1, 2), true, true);
            default -> throw new IllegalArgumentException("effort '%s': expected short or full".formatted(name));
        };
    }

    Effort withScale(double other) {
        return new Effort(other, files, rounds, cores, freshProcesses, judges);
    }

    Effort withRounds(int other) {
        return new Effort(scale, files, other, cores, freshProcesses, judges);
    }
}
