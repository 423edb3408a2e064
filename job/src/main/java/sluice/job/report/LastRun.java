package sluice.job.report;

/**
 * Measurements of the last run of an output, for comparison with the estimates of a dry run.
 *
 * @param started start time
 * @param sharing tokens per computed step
 * @param tokensPerSecond of one core, while scoring
 * @param taskSeconds time of all tasks together
 * @param seconds time of the whole run
 */
record LastRun(
        String started,
        long rows,
        long tokens,
        double sharing,
        double tokensPerSecond,
        double taskSeconds,
        double seconds) {}
