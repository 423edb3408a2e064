package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.Comparison;
import sluice.cell.KernelChoice;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;

/** Every kernel against the float64 reference: random models, batches of different lengths, all output kinds. */
class EngineAgainstOracleTest {
    private static double largestShare; // largest error as a share of its tolerance

    private static Stream<Arguments> engines() {
        return Samples.everyKind().stream()
                .flatMap(sample -> Arrays.stream(KernelChoice.values())
                        .filter(kernel -> kernel != KernelChoice.REFERENCE)
                        .map(kernel -> Arguments.of(sample, kernel)));
    }

    @AfterAll
    static void summary() {
        System.out.printf(
                Locale.ROOT,
                "engine against oracle: %d models; at most %.0f %% of a tolerance used%n",
                Samples.everyKind().size(),
                100 * largestShare);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void atEachStep(Sample sample, KernelChoice kernel) {
        compare(sample, kernel, Steps.EACH);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void atTheLastStep(Sample sample, KernelChoice kernel) {
        compare(sample, kernel, Steps.LAST);
    }

    private static void compare(Sample sample, KernelChoice kernel, Steps at) {
        List<Sequence> batch = sample.batch();
        List<ScoredSequence> actual = sample.scorer(kernel, at).score(batch);
        List<ScoredSequence> expected =
                sample.scorer(KernelChoice.REFERENCE, at).score(batch);
        assertThat(actual).hasSameSizeAs(expected);
        for (int s = 0; s < batch.size(); s++) {
            Comparison comparison = new Comparison(
                    sample,
                    String.format(Locale.ROOT, "%s: sequence %d at %s", sample, s, at),
                    batch.get(s),
                    expected.get(s));
            comparison.compare(actual.get(s), expected.get(s));
            largestShare = Math.max(largestShare, comparison.largestShare());
        }
    }
}
