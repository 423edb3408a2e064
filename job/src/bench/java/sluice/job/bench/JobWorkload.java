package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.bench.RandomWeights;
import sluice.cell.bench.Workload.Widths;
import sluice.cell.model.LstmModel;

/** The workloads. */
enum JobWorkload {
    /** Sessions of a log: short, and most are duplicates. */
    LOGS(
            "HDFS sessions, 2x64, rank and loglik",
            new Widths(2, 32, 64, 29),
            RequestedOutput.RANK_AND_LOGLIK,
            1_000_000) {
        @Override
        SequenceSource source(Optional<Cases> cases) throws IOException {
            return cases.isPresent() ? cases.get().sessions() : LogSessions.generated(widths().vocabulary());
        }
    },

    /** Lines of a text: they share short prefixes. */
    TEXT("Shakespeare's lines, 2x128, loglik", new Widths(2, 100, 128, 65), RequestedOutput.LOGLIK, 131_000) {
        @Override
        SequenceSource source(Optional<Cases> cases) throws IOException {
            return lines(cases);
        }

        @Override
        LstmModel model(Optional<Cases> cases) throws IOException {
            return cases.isPresent() ? cases.get().textModel(lines(cases).alphabet()) : super.model(cases);
        }

        private TextLines lines(Optional<Cases> cases) throws IOException {
            return cases.isPresent() ? cases.get().lines() : TextLines.generated();
        }
    },

    /** Few sequences have most of the tokens. */
    LONG_TAIL(
            "long tail to 5,000, 2x128, V 10,000, top 5",
            new Widths(2, 64, 128, 10_000),
            RequestedOutput.TOP_5,
            20_000) {
        @Override
        SequenceSource source(Optional<Cases> cases) {
            return new RandomTokens(widths().vocabulary(), 60, 1.2, 5_000);
        }
    },

    /** Sequences of one length without shared prefixes: the best case of a tensor library. */
    UNIFORM("50 random tokens, 2x256, V 100, softmax", new Widths(2, 128, 256, 100), RequestedOutput.SOFTMAX, 20_000) {
        @Override
        SequenceSource source(Optional<Cases> cases) {
            return new RandomTokens(widths().vocabulary(), 50, 0, 50);
        }
    };

    private static final long SEED = 20_004;

    private final String title;
    private final Widths widths;
    private final RequestedOutput requested;
    private final long rows;

    JobWorkload(String title, Widths widths, RequestedOutput requested, long rows) {
        this.title = title;
        this.widths = widths;
        this.requested = requested;
        this.rows = rows;
    }

    /**
     * The sequences.
     *
     * @param cases real tables; without them the sequences are generated
     */
    abstract SequenceSource source(Optional<Cases> cases) throws IOException;

    /** The model; random weights unless there are trained ones. */
    LstmModel model(Optional<Cases> cases) throws IOException {
        return new RandomWeights(SEED).model(widths);
    }

    String title() {
        return title;
    }

    Widths widths() {
        return widths;
    }

    RequestedOutput requested() {
        return requested;
    }

    /** Number of rows at full size. */
    long rows() {
        return rows;
    }

    Path folder(Path root) {
        return root.resolve(name().toLowerCase(Locale.ROOT));
    }
}
