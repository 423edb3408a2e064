package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.OutputLayer;

/** Results of PyTorch as expected values, on every kernel. */
class TorchCasesTest {
    private static final List<TorchCase> CASES = TorchCase.all();
    private static final int TOP = 5;

    private static final Map<KernelChoice, Largest> LARGEST = new EnumMap<>(KernelChoice.class);

    /** Largest errors of one kernel. */
    private static final class Largest {
        private double probability;
        private double state;
        private double logProbability;

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "probability %.1e, state %.1e, log-probability %.1e",
                    probability,
                    state,
                    logProbability);
        }
    }

    @AfterAll
    static void summary() {
        System.out.printf(
                Locale.ROOT,
                "PyTorch: %d cases, %d sequences; largest errors: %s%n",
                CASES.size(),
                CASES.stream().mapToInt(torch -> torch.sequences().size()).sum(),
                LARGEST.entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining("; ")));
    }

    private static Stream<Arguments> onEveryKernel() {
        return CASES.stream()
                .flatMap(torch -> Arrays.stream(KernelChoice.values()).map(kernel -> Arguments.of(torch, kernel)));
    }

    @Test
    void allCasesAreThere() {
        assertThat(CASES).hasSize(16);
        assertThat(CASES).anyMatch(TorchCase::stress).anyMatch(torch -> !torch.hasTargets());
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("onEveryKernel")
    void eachStepAgreesWithPyTorch(TorchCase torch, KernelChoice kernel) {
        Set<OutputKind> asked = EnumSet.of(OutputKind.SOFTMAX, OutputKind.HIDDEN);
        if (torch.hasTargets()) {
            asked.addAll(EnumSet.of(OutputKind.LOGLIK, OutputKind.LOGPROB));
        }
        List<ScoredSequence> scored = score(torch, kernel, new ScoreRequest(Steps.EACH, asked, TOP));
        for (int s = 0; s < scored.size(); s++) {
            TorchCase.Expected expected = torch.sequences().get(s);
            ScoredSequence actual = scored.get(s);
            expected.probabilities()
                    .ifPresent(y -> assertProbabilities(torch, kernel, expected.id(), actual.softmax(), y));
            expected.outputs().ifPresent(h -> assertStates(torch, kernel, expected.id() + " h", actual.hidden(), h));
            if (torch.hasTargets()) {
                assertLogLikelihood(kernel, expected, actual);
                assertTerms(kernel, expected, actual);
            }
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("onEveryKernel")
    void theLastStepAgreesWithPyTorch(TorchCase torch, KernelChoice kernel) {
        Set<OutputKind> asked =
                EnumSet.of(OutputKind.SOFTMAX, OutputKind.PREDICTION, OutputKind.TOPK, OutputKind.STATE);
        if (torch.hasTargets()) {
            asked.add(OutputKind.LOGLIK);
        }
        int classes = torch.model().output().map(OutputLayer::classes).orElseThrow();
        List<ScoredSequence> scored = score(torch, kernel, new ScoreRequest(Steps.LAST, asked, Math.min(TOP, classes)));
        for (int s = 0; s < scored.size(); s++) {
            TorchCase.Expected expected = torch.sequences().get(s);
            ScoredSequence actual = scored.get(s);
            float[][] last = {expected.lastSoftmax()};
            assertProbabilities(torch, kernel, expected.id() + " last", actual.softmax(), last);
            assertBest(torch, kernel, expected, actual);
            assertStates(
                    torch, kernel, expected.id() + " final h", actual.state().hidden(), expected.finalHidden());
            assertStates(
                    torch, kernel, expected.id() + " final c", actual.state().cell(), expected.finalCell());
            if (torch.hasTargets()) {
                assertLogLikelihood(kernel, expected, actual);
            }
        }
    }

    @Test
    void theReferenceAgreesInFloat64IfNoBiasWasRounded() {
        TorchCase torch = CASES.stream()
                .filter(found -> found.toString().startsWith("nobias"))
                .findFirst()
                .orElseThrow();
        ScoreRequest request = new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.LOGLIK), 1);
        List<ScoredSequence> scored = score(torch, KernelChoice.REFERENCE, request);
        for (int s = 0; s < scored.size(); s++) {
            double expected = torch.sequences().get(s).logLikelihood();
            assertThat(scored.get(s).logLikelihood())
                    .isCloseTo(expected, within(Tolerance.torchLogProbabilityUnrounded(expected)));
        }
    }

    private static List<ScoredSequence> score(TorchCase torch, KernelChoice kernel, ScoreRequest request) {
        List<Sequence> batch =
                torch.sequences().stream().map(TorchCase.Expected::sequence).toList();
        return CompiledModel.compile(torch.model(), torch.input(), kernel)
                .scorer(request)
                .score(batch);
    }

    private static void assertProbabilities(
            TorchCase torch, KernelChoice kernel, String what, float[][] actual, float[][] expected) {
        assertThat(actual).as(what).hasDimensions(expected.length, expected[0].length);
        for (int step = 0; step < expected.length; step++) {
            for (int at = 0; at < expected[step].length; at++) {
                double error = Math.abs((double) actual[step][at] - expected[step][at]);
                assertThat(error)
                        .as(
                                "%s: probability of %d at step %d: %s, not %s",
                                what, at, step, actual[step][at], expected[step][at])
                        .isLessThanOrEqualTo(Tolerance.torchProbability(kernel, torch.stress()));
                largest(kernel).probability = Math.max(largest(kernel).probability, error);
            }
        }
    }

    private static void assertStates(
            TorchCase torch, KernelChoice kernel, String what, float[][] actual, float[][] expected) {
        assertThat(actual).as(what).hasDimensions(expected.length, expected[0].length);
        for (int row = 0; row < expected.length; row++) {
            for (int at = 0; at < expected[row].length; at++) {
                double error = Math.abs((double) actual[row][at] - expected[row][at]);
                assertThat(error)
                        .as("%s: unit %d of row %d: %s, not %s", what, at, row, actual[row][at], expected[row][at])
                        .isLessThanOrEqualTo(Tolerance.torchState(kernel, torch.stress(), expected[row][at]));
                largest(kernel).state = Math.max(largest(kernel).state, error);
            }
        }
    }

    private static void assertLogLikelihood(KernelChoice kernel, TorchCase.Expected expected, ScoredSequence actual) {
        double error = Math.abs(actual.logLikelihood() - expected.logLikelihood());
        assertThat(error)
                .as("%s: loglik %s, not %s", expected.id(), actual.logLikelihood(), expected.logLikelihood())
                .isLessThanOrEqualTo(Tolerance.torchLogProbability(kernel, expected.logLikelihood()));
        assertThat(actual.predictedTokens()).isEqualTo(expected.sequence().length() - 1);
        largest(kernel).logProbability = Math.max(largest(kernel).logProbability, error);
    }

    private static void assertTerms(KernelChoice kernel, TorchCase.Expected expected, ScoredSequence actual) {
        double[] terms = expected.stepLogProbabilities();
        assertThat(actual.logProbabilities()).as(expected.id()).hasSize(terms.length);
        for (int at = 0; at < terms.length; at++) {
            assertThat(Math.abs(actual.logProbabilities()[at] - terms[at]))
                    .as("%s: logprob %d: %s, not %s", expected.id(), at, actual.logProbabilities()[at], terms[at])
                    .isLessThanOrEqualTo(Tolerance.torchTerm(kernel, terms[at]));
        }
    }

    /**
     * The classes must be equal where probabilities differ by more than the tolerance; elsewhere they must have equal probabilities within
     * it.
     */
    private static void assertBest(
            TorchCase torch, KernelChoice kernel, TorchCase.Expected expected, ScoredSequence actual) {
        double tolerance = Tolerance.torchProbability(kernel, torch.stress());
        float[] y = expected.lastSoftmax();
        int[] top = actual.topTokens()[0];
        assertThat(actual.prediction()).as(expected.id()).containsExactly(top[0]);
        assertThat(top).as(expected.id()).hasSameSizeAs(expected.topTokens()).doesNotHaveDuplicates();
        for (int place = 0; place < top.length; place++) {
            double expectedProbability = expected.topProbabilities()[place];
            assertThat((double) y[top[place]])
                    .as("%s: class %d in place %d", expected.id(), top[place], place)
                    .isBetween(expectedProbability - 2 * tolerance, expectedProbability + 2 * tolerance);
            assertThat((double) actual.topProbabilities()[0][place])
                    .as("%s: probability in place %d", expected.id(), place)
                    .isBetween(expectedProbability - 2 * tolerance, expectedProbability + 2 * tolerance);
        }
        if (smallestGap(y, top.length) > 2 * tolerance) {
            assertThat(top).as(expected.id()).isEqualTo(expected.topTokens());
            assertThat(top[0]).as(expected.id()).isEqualTo(expected.prediction());
        }
    }

    /** Smallest difference between neighbours among the top classes and the next one. */
    private static double smallestGap(float[] probabilities, int few) {
        float[] sorted = probabilities.clone();
        Arrays.sort(sorted);
        int last = Math.max(1, sorted.length - few);
        return IntStream.range(last, sorted.length)
                .mapToDouble(at -> (double) sorted[at] - sorted[at - 1])
                .min()
                .orElse(0);
    }

    private static Largest largest(KernelChoice kernel) {
        return LARGEST.computeIfAbsent(kernel, choice -> new Largest());
    }
}
