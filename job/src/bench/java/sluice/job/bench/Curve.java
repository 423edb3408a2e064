package sluice.job.bench;

import java.util.List;
import java.util.stream.LongStream;
import sluice.cell.bench.Workload.Widths;

/** The cost of a job as a function of one quantity, all others constant. */
enum Curve {
    /** Ten thousand to ten million tokens. */
    TOKENS(CurveUnit.SECONDS, "tokens of the table", 10_000, 100_000, 1_000_000, 10_000_000) {
        @Override
        Point at(long x) {
            return point(x, SMALL, RequestedOutput.SOFTMAX, uniform(SMALL, 50), x / 50);
        }
    },

    /** The same number of tokens in fewer and longer sequences. */
    LENGTH(CurveUnit.MICROSECONDS_A_TOKEN, "tokens of a sequence", 10, 100, 1_000, 10_000, 100_000, 1_000_000) {
        @Override
        Point at(long x) {
            return point(x, SMALL, RequestedOutput.LOGLIK, uniform(SMALL, (int) x), Math.max(1, SOME_TOKENS / x));
        }
    },

    /** Vocabulary size; the top classes are requested once for each sequence. */
    VOCABULARY(CurveUnit.MICROSECONDS_A_TOKEN, "tokens and classes of the model", 100, 1_000, 10_000, 100_000) {
        @Override
        Point at(long x) {
            Widths widths = new Widths(1, 64, 64, (int) x);
            return point(x, widths, RequestedOutput.TOP_5, uniform(widths, 50), ROWS);
        }
    },

    /** Hidden units of each of two layers. */
    HIDDEN(CurveUnit.MICROSECONDS_A_TOKEN, "hidden units of a layer", 16, 32, 64, 128, 256, 512) {
        @Override
        Point at(long x) {
            Widths widths = new Widths(2, 64, (int) x, 100);
            return point(x, widths, RequestedOutput.SOFTMAX, uniform(widths, 50), SOME_TOKENS / 5 / 50);
        }
    },

    /**
     * Size of the model, mostly of the embedding and the output layer, which are read and packed but hardly computed with. Local mode does
     * not send the model over a network: on a cluster, add that time.
     */
    MODEL_BYTES(CurveUnit.SECONDS, "bytes of the model", 1_000_000, 10_000_000, 100_000_000, 500_000_000) {
        @Override
        Point at(long x) {
            Widths widths = new Widths(1, 64, 64, (int) (x / Float.BYTES / 129));
            return point(x, widths, RequestedOutput.TOP_5, uniform(widths, 50), 200);
        }
    },

    /** Standard deviation of the lengths' logarithms, in tenths, with a constant median. */
    SKEW(CurveUnit.MICROSECONDS_A_TOKEN, "spread of the lengths' logarithms, in tenths", 1, 5, 10, 15, 20) {
        @Override
        Point at(long x) {
            double spread = x / 10.0;
            double mean = 50 * Math.exp(spread * spread / 2);
            SequenceSource source = new RandomTokens(SMALL.vocabulary(), 50, spread, 100_000);
            return point(x, SMALL, RequestedOutput.LOGLIK, source, Math.round(SOME_TOKENS / mean));
        }
    },

    /** Number of rows for each distinct sequence. */
    DUPLICATES(CurveUnit.MICROSECONDS_A_TOKEN, "rows that have the same sequence", 1, 10, 100, 1_000) {
        @Override
        Point at(long x) {
            return point(x, SMALL, RequestedOutput.LOGLIK, new Repeated(uniform(SMALL, 50), ROWS / x), ROWS);
        }
    },

    /** Memory of a batch, from one row of about a kilobyte to all of a task. */
    BATCH(CurveUnit.MICROSECONDS_A_TOKEN, "bytes of a batch", 1_000, 10_000, 100_000, 1_000_000, 10_000_000) {
        @Override
        Point at(long x) {
            List<String> options = List.of("--set", "scoring.batch-bytes=" + x);
            return new Point(x, SMALL, RequestedOutput.SOFTMAX, uniform(SMALL, 50), ROWS, FILES, options);
        }
    },

    /** The same rows in more and smaller files, each a split. */
    INPUT_FILES(CurveUnit.SECONDS, "files of the input", 1, 10, 100, 1_000) {
        @Override
        Point at(long x) {
            return new Point(x, SMALL, RequestedOutput.LOGLIK, uniform(SMALL, 50), ROWS, (int) x, List.of());
        }
    },

    /** The same rows in more and smaller files. */
    OUTPUT_FILES(CurveUnit.SECONDS, "files of the output", 1, 10, 100, 1_000) {
        @Override
        Point at(long x) {
            List<String> options = List.of("--set", "output.file-rows=" + ROWS / x);
            return new Point(x, SMALL, RequestedOutput.LOGLIK, uniform(SMALL, 50), ROWS, FILES, options);
        }
    };

    private static final Widths SMALL = new Widths(2, 64, 64, 100);
    private static final long SOME_TOKENS = 1_000_000;
    private static final long ROWS = SOME_TOKENS / 50;
    private static final int FILES = 8;

    private final CurveUnit unit;
    private final String axis;
    private final long[] values;

    Curve(CurveUnit unit, String axis, long... values) {
        this.unit = unit;
        this.axis = axis;
        this.values = values;
    }

    /**
     * A point of the curve.
     *
     * @param files number of input files
     * @param options options for Sluice's command line
     */
    record Point(
            long x,
            Widths widths,
            RequestedOutput requested,
            SequenceSource source,
            long rows,
            int files,
            List<String> options) {}

    abstract Point at(long x);

    private static Point point(long x, Widths widths, RequestedOutput requested, SequenceSource source, long rows) {
        return new Point(x, widths, requested, source, rows, (int) Math.min(FILES, rows), List.of());
    }

    private static SequenceSource uniform(Widths widths, int length) {
        return new RandomTokens(widths.vocabulary(), length, 0, length);
    }

    CurveUnit unit() {
        return unit;
    }

    String axis() {
        return axis;
    }

    List<Point> points() {
        return LongStream.of(values).mapToObj(this::at).toList();
    }
}
