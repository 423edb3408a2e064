package sluice.job.bench;

/** A contender on so many cores. */
record Seat(Contender contender, int cores) {
    String title() {
        return "%s, local[%d]".formatted(contender.title(), cores);
    }
}
