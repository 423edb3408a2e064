package sluice.job.bench;

/** A contender with a number of cores. */
record Configuration(Contender contender, int cores) {
    String title() {
        return "%s, local[%d]".formatted(contender.title(), cores);
    }
}
