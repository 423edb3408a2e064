package sluice.job.bench;

import java.util.List;
import java.util.stream.LongStream;
import sluice.cell.bench.Workload.Widths;

/** How the cost of a job grows with one thing, all others being the same. */
enum Curve {
    /** Ten thousand to ten million tokens. */
    TOKENS(CurveUnit.SECONDS, "tokens of the table", 10_000, 100_000, 1_000_000, 10_000_000) {
        @Override
        Point at(long x) {
            return point(x, SMALL, Asked.SOFTMAX, uniform(SMALL, 50), x / 50);
        }
    },

    /** The same tokens in fewer and longer sequences. */
    LENGTH(CurveUnit.MICROSECONDS_A_TOKEN, "tokens of a sequence", 10, 100, 1_000, 10_000, 100_000, 1_000_000) {
        @Override
        Point at(long x) {
            return point(x, SMALL, Asked.LOGLIK, uniform(SMALL, (int) x), Math.max(1, SOME_TOKENS / x));
        }
    },

    /** The most probable of so many classes are asked once a sequence. */
    VOCABULARY(CurveUnit.MICROSECONDS_A_TOKEN, "tokens and classes that the model knows", 100, 1_000, 10_000, 100_000) {
        @Override
        Point at(long x) {
            Widths widths = new Widths(1, 64, 64, (int) x);
            return point(x, widths, Asked.TOP_5, uniform(widths, 50), ROWS);
        }
    },

    /** Of each of two layers. */
    HIDDEN(CurveUnit.MICROSECONDS_A_TOKEN, "hidden units of a layer", 16, 32, 64, 128, 256, 512) {
        @Override
        Point at(long x) {
            Widths widths = new Widths(2, 64, (int) x, 100);
            return point(x, widths, Asked.SOFTMAX, uniform(widths, 50), SOME_TOKENS / 5 / 50);
        }
    },

    /**
     * Nearly all of it embedding and output layer: what is read and compiled, and hardly computed with. Spark's local mode sends it
     * nowhere: on a cluster, add the network's time.
     */
    MODEL_BYTES(CurveUnit.SECONDS, "bytes of the model", 1_000_000, 10_000_000, 100_000_000, 500_000_000) {
        @Override
        Point at(long x) {
            Widths widths = new Widths(1, 64, 64, (int) (x / Float.BYTES / 129));
            return point(x, widths, Asked.TOP_5, uniform(widths, 50), 200);
        }
    },

    /** The spread of the lengths' logarithms, in tenths, about one median. */
    SKEW(CurveUnit.MICROSECONDS_A_TOKEN, "spread of the lengths' logarithms, in tenths", 1, 5, 10, 15, 20) {
        @Override
        Point at(long x) {
            double spread = x / 10.0;
            double mean = 50 * Math.exp(spread * spread / 2);
            SequenceSource source = new RandomTokens(SMALL.vocabulary(), 50, spread, 100_000);
            return point(x, SMALL, Asked.LOGLIK, source, Math.round(SOME_TOKENS / mean));
        }
    },

    /** Rows for each different sequence. */
    DUPLICATES(CurveUnit.MICROSECONDS_A_TOKEN, "rows that have the same sequence", 1, 10, 100, 1_000) {
        @Override
        Point at(long x) {
            return point(x, SMALL, Asked.LOGLIK, new Repeated(uniform(SMALL, 50), ROWS / x), ROWS);
        }
    },

    /** The same rows in more and smaller files, each a split of its own. */
    INPUT_FILES(CurveUnit.SECONDS, "files of the input", 1, 10, 100, 1_000) {
        @Override
        Point at(long x) {
            return new Point(x, SMALL, Asked.LOGLIK, uniform(SMALL, 50), ROWS, (int) x, List.of());
        }
    },

    /** The same rows in more and smaller files. */
    OUTPUT_FILES(CurveUnit.SECONDS, "files of the output", 1, 10, 100, 1_000) {
        @Override
        Point at(long x) {
            List<String> options = List.of("--set", "output.file-rows=" + ROWS / x);
            return new Point(x, SMALL, Asked.LOGLIK, uniform(SMALL, 50), ROWS, FILES, options);
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
     * A job of the curve.
     *
     * @param files of the input
     * @param options for Sluice's command line
     */
    record Point(
            long x, Widths widths, Asked asked, SequenceSource source, long rows, int files, List<String> options) {}

    abstract Point at(long x);

    private static Point point(long x, Widths widths, Asked asked, SequenceSource source, long rows) {
        return new Point(x, widths, asked, source, rows, (int) Math.min(FILES, rows), List.of());
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
