package sluice.job.bench;

/** What the cost of a curve's points is told in. */
enum CurveUnit {
    SECONDS("seconds") {
        @Override
        double of(double seconds, long tokens) {
            return seconds;
        }
    },
    MICROSECONDS_A_TOKEN("microseconds a token") {
        @Override
        double of(double seconds, long tokens) {
            return seconds * 1e6 / tokens;
        }
    };

    private final String axis;

    CurveUnit(String axis) {
        this.axis = axis;
    }

    abstract double of(double seconds, long tokens);

    String axis() {
        return axis;
    }
}
