package sluice.job.bench;

/** Time of all scoring tasks together, in seconds. */
record Stages(double all, double reading, double scoring) {
    static Stages ofNanos(long all, long reading, long scoring) {
        return new Stages(all * 1e-9, reading * 1e-9, scoring * 1e-9);
    }

    double writing() {
        return all - reading - scoring;
    }
}
