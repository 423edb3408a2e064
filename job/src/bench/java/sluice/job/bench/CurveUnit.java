package sluice.job.bench;

/** The unit of a curve's cost. */
enum CurveUnit {
    SECONDS("seconds") {
        @Override
        double of(double seconds, long tokens) {
            return seconds;
        }
    },
    MICROSECONDS_A_TOKEN("microseconds per token") {
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
