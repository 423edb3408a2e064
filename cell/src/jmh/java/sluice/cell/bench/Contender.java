package sluice.cell.bench;

/** An engine that scores a workload repeatedly. */
interface Contender {
    /** Scores the whole workload once. */
    void score();

    /** Number of tokens in the workload, without padding. */
    long tokens();

    /** Speed in tokens per second, over at least this time and at least one pass. */
    default double measure(double seconds) {
        long start = System.nanoTime();
        long scored = 0;
        double elapsed;
        do {
            score();
            scored += tokens();
            elapsed = (System.nanoTime() - start) * 1e-9;
        } while (elapsed < seconds);
        return scored / elapsed;
    }
}
