package sluice.job.bench;

import java.util.List;

/**
 * How much to measure.
 *
 * @param scale of the tables: 1 is a million rows of logs
 * @param files that each table is made of
 * @param rounds that count; one before them warms up
 * @param cores with how many each contender runs
 * @param freshProcesses whether each workload has processes of its own, so that no compiled code is shaped by another
 * @param judges whether figures are held against what was aimed at
 */
record Effort(double scale, int files, int rounds, List<Integer> cores, boolean freshProcesses, boolean judges) {
    /**
     * An effort by its name.
     *
     * @throws IllegalArgumentException where there is none
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
