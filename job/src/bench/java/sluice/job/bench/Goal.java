package sluice.job.bench;

import java.util.Optional;

/**
 * A goal for a result.
 *
 * @param value the bound; for {@code NEAR} the factor by which the result may differ from 1
 */
record Goal(Kind kind, double value) {
    enum Kind {
        AT_LEAST,
        AT_MOST,
        NEAR
    }

    /** Speed-up of two cores over one. */
    static final Goal CORES = new Goal(Kind.AT_LEAST, 1.9);

    /** Ratio of an estimate to the measured value. */
    static final Goal ESTIMATE = new Goal(Kind.NEAR, 2);

    private static final int WIDE = 128; // hidden units from which on the model should take nearly all of the time
    private static final double SPARK_SHARE = 0.1;

    static Optional<Goal> ratio(JobWorkload workload, Contender contender) {
        return switch (contender) {
            case ONNX_BY_LENGTH ->
                switch (workload) {
                    case LOGS -> Optional.of(new Goal(Kind.AT_LEAST, 3.5));
                    case TEXT -> Optional.of(new Goal(Kind.AT_LEAST, 1.5));
                    case LONG_TAIL -> Optional.of(new Goal(Kind.AT_LEAST, 2));
                    case UNIFORM -> Optional.empty();
                };
            case ONNX_AS_THEY_COME ->
                workload == JobWorkload.LOGS ? Optional.of(new Goal(Kind.AT_LEAST, 10)) : Optional.empty();
            case ONNX_DISTINCT, NO_MODEL, SLUICE -> Optional.empty();
        };
    }

    static Optional<Goal> sparkShare(JobWorkload workload) {
        return workload.widths().hidden() >= WIDE ? Optional.of(new Goal(Kind.AT_MOST, SPARK_SHARE)) : Optional.empty();
    }

    /** The goal, and whether a value meets it. */
    String verdict(double found) {
        return switch (kind) {
            case AT_LEAST -> verdict("at least %s".formatted(value), found >= value);
            case AT_MOST -> verdict("at most %s".formatted(value), found <= value);
            case NEAR -> verdict("%s to %s".formatted(1 / value, value), found >= 1 / value && found <= value);
        };
    }

    private static String verdict(String aim, boolean met) {
        return "%s: %s".formatted(aim, met ? "met" : "missed");
    }
}
