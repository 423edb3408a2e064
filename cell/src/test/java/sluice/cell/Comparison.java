package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Compares an answer of the engine with the reference's, within {@link Tolerance}. */
public final class Comparison {
    private final Sample sample;
    private final String what;
    private final double largest;
    private double largestShare;

    public Comparison(Sample sample, String what, Sequence sequence, ScoredSequence expected) {
        this.sample = sample;
        this.what = what;
        this.largest = Math.max(largest(sample, sequence), largestState(sample, expected));
    }

    /** Largest magnitude of the states, which may be large with unbounded activations. */
    private static double largestState(Sample sample, ScoredSequence expected) {
        if (sample.model().directions().stream()
                .allMatch(direction -> direction.variant().isPlain())) {
            return 0;
        }
        Stream<float[]> states = Stream.of(expected.hidden(), expected.cell()).flatMap(Arrays::stream);
        if (expected.state() != null) {
            Stream<float[]> ends = Stream.of(
                            expected.state().hidden(), expected.state().cell())
                    .flatMap(Arrays::stream);
            states = Stream.concat(states, ends);
        }
        if (expected.gates() != null) {
            states =
                    Stream.concat(states, Arrays.stream(expected.gates()).flatMap(step -> Arrays.stream(values(step))));
        }
        return states.flatMapToDouble(row -> IntStream.range(0, row.length).mapToDouble(at -> Math.abs(row[at])))
                .reduce(0, Math::max);
    }

    /** Largest magnitude of the terms of the sums: features, embedding values, states. */
    private static double largest(Sample sample, Sequence sequence) {
        float[] inputs = sequence.hasFeatures()
                ? sequence.features()
                : sample.model()
                        .embedding()
                        .map(embedding -> embedding.table().values())
                        .orElse(new float[] {1});
        double initial = 2; // largest cell state that Samples start from
        return IntStream.range(0, inputs.length)
                .mapToDouble(at -> Math.abs(inputs[at]))
                .reduce(initial, Math::max);
    }

    /** Largest error as a share of its tolerance. */
    public double largestShare() {
        return largestShare;
    }

    public void compare(ScoredSequence actual, ScoredSequence expected) {
        assertThat(actual.predictedTokens()).as(what).isEqualTo(expected.predictedTokens());
        rows("hidden", actual.hidden(), expected.hidden(), Tolerance.state(sample.model(), largest));
        rows("cell", actual.cell(), expected.cell(), Tolerance.state(sample.model(), largest));
        gates(actual.gates(), expected.gates());
        if (expected.state() != null) {
            rows("h", actual.state().hidden(), expected.state().hidden(), Tolerance.state(sample.model(), largest));
            rows("c", actual.state().cell(), expected.state().cell(), Tolerance.state(sample.model(), largest));
        }
        if (expected.softmax() != null) {
            rows("softmax", actual.softmax(), expected.softmax(), Tolerance.probability(sample.model(), largest));
            rows(
                    "top probabilities",
                    actual.topProbabilities(),
                    expected.topProbabilities(),
                    Tolerance.probability(sample.model(), largest));
            rows("logits", actual.logits(), expected.logits(), Tolerance.logit(sample.model(), largest));
            rows("sigmoid", actual.sigmoid(), expected.sigmoid(), Tolerance.sigmoid(sample.model(), largest));
            prediction(actual, expected);
            topTokens(actual, expected);
        }
        if (expected.logProbabilities() != null) {
            terms(actual, expected);
            ranks(actual, expected);
        }
        if (expected.predictedTokens() > 0) {
            double allowed = expected.predictedTokens()
                    * Tolerance.logProbability(sample.model(), largest, expected.logLikelihood());
            close("loglik", actual.logLikelihood(), expected.logLikelihood(), allowed);
        }
    }

    private void gates(StepGates[] actual, StepGates[] expected) {
        if (expected == null) {
            assertThat(actual).as("%s: gates", what).isNull();
            return;
        }
        double allowed = Tolerance.state(sample.model(), largest);
        assertThat(actual).as("%s: steps of gates", what).hasSameSizeAs(expected);
        for (int step = 0; step < expected.length; step++) {
            rows("gates", values(actual[step]), values(expected[step]), allowed);
        }
    }

    private static float[][] values(StepGates gates) {
        return new float[][] {gates.input(), gates.forget(), gates.candidate(), gates.output(), gates.cell()};
    }

    private void rows(String name, float[][] actual, float[][] expected, double allowed) {
        if (expected == null) {
            assertThat(actual).as("%s: %s", what, name).isNull();
            return;
        }
        assertThat(actual.length).as("%s: rows of %s", what, name).isEqualTo(expected.length);
        for (int row = 0; row < expected.length; row++) {
            assertThat(actual[row].length).as("%s: width of %s", what, name).isEqualTo(expected[row].length);
            for (int at = 0; at < expected[row].length; at++) {
                close(name, actual[row][at], expected[row][at], allowed);
            }
        }
    }

    private void close(String name, double actual, double expected, double allowed) {
        double error = Math.abs(actual - expected);
        if (!(error <= allowed)) {
            throw new AssertionError(String.format(
                    Locale.ROOT,
                    "%s: %s is %s, the oracle's %s; off by %.1e, allowed %.1e",
                    what,
                    name,
                    actual,
                    expected,
                    error,
                    allowed));
        }
        largestShare = allowed == 0 ? largestShare : Math.max(largestShare, error / allowed);
    }

    /** A class other than the reference's must have the same probability within the tolerance. */
    private void prediction(ScoredSequence actual, ScoredSequence expected) {
        assertThat(actual.prediction()).as(what).hasSameSizeAs(expected.prediction());
        for (int step = 0; step < expected.prediction().length; step++) {
            asProbable(expected.softmax()[step], actual.prediction()[step], expected.prediction()[step]);
        }
    }

    private void topTokens(ScoredSequence actual, ScoredSequence expected) {
        for (int step = 0; step < expected.topTokens().length; step++) {
            assertThat(actual.topTokens()[step]).as(what).doesNotHaveDuplicates();
            for (int place = 0; place < expected.topTokens()[step].length; place++) {
                asProbable(
                        expected.softmax()[step], actual.topTokens()[step][place], expected.topTokens()[step][place]);
            }
        }
    }

    private void asProbable(float[] softmax, int actual, int expected) {
        if (actual != expected) {
            double allowed = 2 * Tolerance.probability(sample.model(), largest);
            close(
                    String.format(Locale.ROOT, "the probability of %d instead of %d", actual, expected),
                    softmax[actual],
                    softmax[expected],
                    allowed);
        }
    }

    private void terms(ScoredSequence actual, ScoredSequence expected) {
        assertThat(actual.logProbabilities()).as(what).hasSameSizeAs(expected.logProbabilities());
        for (int at = 0; at < expected.logProbabilities().length; at++) {
            double term = expected.logProbabilities()[at];
            close(
                    "logprob",
                    actual.logProbabilities()[at],
                    term,
                    Tolerance.logProbability(sample.model(), largest, term));
        }
    }

    /** Ranks differ by at most the number of classes that have the target's probability within the tolerance. */
    private void ranks(ScoredSequence actual, ScoredSequence expected) {
        assertThat(actual.ranks()).as(what).hasSameSizeAs(expected.ranks());
        for (int at = 0; at < expected.ranks().length; at++) {
            if (actual.ranks()[at] != expected.ranks()[at]) {
                assertThat(Math.abs(actual.ranks()[at] - expected.ranks()[at]))
                        .as("%s: rank %d is %d, the oracle's %d", what, at, actual.ranks()[at], expected.ranks()[at])
                        .isLessThanOrEqualTo(tied(expected.softmax()[at], expected.logProbabilities()[at]));
            }
        }
    }

    private int tied(float[] softmax, double logProbability) {
        double allowed = 2 * Tolerance.logProbability(sample.model(), largest, logProbability);
        int tied = -1; // the target itself
        for (float probability : softmax) {
            tied += Math.abs(StrictMath.log(probability) - logProbability) <= allowed ? 1 : 0;
        }
        return tied;
    }
}
