package sluice.cell.bench;

/** An engine that scores a workload, over and over. */
interface Contender {
    /** Scores all of it once. */
    void score();

    /** How many tokens that is, padding not counted. */
    long tokens();

    /** Tokens a second, over one pass or as many as fill this time. */
    default double turn(double seconds) {
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
