package sluice.cell.bench;

import java.util.List;
import java.util.Optional;
import sluice.cell.InputKind;
import sluice.cell.model.LstmModel;

/**
 * A model and its sequences. Models have random weights, because the speed does not depend on training.
 *
 * @param corpus random tokens of one length share few prefixes, so they show the arithmetic alone, the best case of a tensor library;
 *     lines of text and sessions of a log are like real tables
 */
public record Workload(String title, Widths widths, Question question, Corpus corpus) {
    /** Layers, width of the embedding, hidden units of each layer, tokens (which are also the classes). */
    public record Widths(int layers, int embedding, int hidden, int vocabulary) {}

    /** All workloads. */
    static final List<Workload> ALL = List.of(
            new Workload(
                    "2x64 V32, last softmax", new Widths(2, 32, 64, 32), Question.LAST_SOFTMAX, Corpus.random(32, 10)),
            new Workload(
                    "1x256 V1000, last softmax",
                    new Widths(1, 128, 256, 1000),
                    Question.LAST_SOFTMAX,
                    Corpus.random(1000, 50)),
            new Workload(
                    "2x200 V10000, each softmax",
                    new Widths(2, 200, 200, 10_000),
                    Question.EACH_SOFTMAX,
                    Corpus.random(10_000, 35)),
            new Workload(
                    "2x650 V10000, last softmax",
                    new Widths(2, 650, 650, 10_000),
                    Question.LAST_SOFTMAX,
                    Corpus.random(10_000, 35)),
            new Workload("lines 2x128 V65, loglik", new Widths(2, 64, 128, 65), Question.LOGLIK, Corpus.lines(65)),
            new Workload(
                    "sessions 2x64 V29, rank + loglik",
                    new Widths(2, 32, 64, 29),
                    Question.RANK_AND_LOGLIK,
                    Corpus.sessions(29)));

    private static final long SEED = 20_000;
    private static final double MULTIPLY_ADD = 2; // operations

    InputKind input() {
        return InputKind.EMBEDDING;
    }

    LstmModel model() {
        return new RandomWeights(SEED).model(widths);
    }

    /** The sequences of one pass; empty if their file is not given. */
    Optional<List<int[]>> sequences(Effort effort) {
        long tokens = corpus.ragged() && effort.wholeFiles()
                ? Long.MAX_VALUE
                : (long) (effort.operations() / operationsPerToken());
        return corpus.sequences(tokens, effort.largestBatch());
    }

    /** Operations per token by the equations, without lookups and shared prefixes; the output layer counts only if it runs at each step. */
    double operationsPerToken() {
        double cells = 0;
        int input = widths.embedding();
        for (int layer = 0; layer < widths.layers(); layer++) {
            cells += MULTIPLY_ADD * 4 * widths.hidden() * (input + widths.hidden());
            input = widths.hidden();
        }
        double output = MULTIPLY_ADD * widths.hidden() * widths.vocabulary();
        return question.atEach() ? cells + output : cells;
    }
}
