package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static sluice.cell.SameBits.same;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.Comparison;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;

/** A temperature divides the logits before a softmax or a sigmoid, and changes neither the logits nor any order. */
class TemperatureTest {
    private static final float T = 1.7f;

    private static Stream<Arguments> samples() {
        return Stream.of(new Samples(1).languageModel(9, 3, 5), new Samples(2).languageModel(1500, 4, 6))
                .flatMap(sample -> Arrays.stream(Steps.values())
                        .flatMap(at ->
                                Arrays.stream(KernelChoice.values()).map(kernel -> Arguments.of(sample, at, kernel))));
    }

    private static List<ScoredSequence> score(Sample sample, ScoreRequest request, KernelChoice kernel) {
        return sample.compile(kernel).scorer(request).score(sample.batch());
    }

    @ParameterizedTest(name = "{0} at {1} on {2}")
    @MethodSource("samples")
    void logitsAndOrdersKeepTheirBits(Sample sample, Steps at, KernelChoice kernel) {
        ScoreRequest request = sample.request(at);
        List<ScoredSequence> plain = score(sample, request, kernel);
        List<ScoredSequence> scaled = score(sample, request.withTemperature(T), kernel);
        same("a temperature of 1", score(sample, request.withTemperature(1), kernel), plain);
        for (int s = 0; s < plain.size(); s++) {
            same("logits", scaled.get(s).logits(), plain.get(s).logits());
            assertThat(scaled.get(s).prediction()).isEqualTo(plain.get(s).prediction());
            assertThat(scaled.get(s).ranks()).isEqualTo(plain.get(s).ranks());
            assertThat(scaled.get(s).topTokens()).isDeepEqualTo(plain.get(s).topTokens());
        }
    }

    @ParameterizedTest(name = "{0} at {1} on {2}")
    @MethodSource("samples")
    void kernelsHaveTheSameBitsAndTheReferenceAgrees(Sample sample, Steps at, KernelChoice kernel) {
        ScoreRequest request = sample.request(at).withTemperature(T);
        List<ScoredSequence> actual = score(sample, request, kernel);
        if (kernel == KernelChoice.REFERENCE) {
            List<ScoredSequence> scalar = score(sample, request, KernelChoice.SCALAR);
            for (int s = 0; s < actual.size(); s++) { // logits that are divided by more than 1 have smaller errors
                new Comparison(sample, "sequence " + s, sample.batch().get(s), actual.get(s))
                        .compare(scalar.get(s), actual.get(s));
            }
        } else {
            same(sample.toString(), actual, score(sample, request, KernelChoice.SCALAR));
        }
    }

    /** The same softmax as that of a model whose output layer is divided by a power of two, which rounds nothing. */
    @ParameterizedTest
    @ValueSource(floats = {0.25f, 2f, 64f})
    void itIsTheSoftmaxOfSmallerWeights(float power) {
        Sample sample = new Samples(3).languageModel(1100, 4, 6);
        OutputLayer output = sample.model().output().orElseThrow();
        Matrix weights = output.weights();
        float[] smaller = divided(weights.values(), power);
        LstmModel model = new LstmModel(
                sample.model().embedding(),
                sample.model().layers(),
                Optional.of(new OutputLayer(
                        Matrix.of(weights.rows(), weights.columns(), smaller), divided(output.bias(), power))));
        Sample divided = new Sample(sample.seed(), model, InputKind.EMBEDDING);
        List<ScoredSequence> expected = score(divided, sample.request(Steps.EACH), KernelChoice.AUTO);
        List<ScoredSequence> actual =
                score(sample, sample.request(Steps.EACH).withTemperature(power), KernelChoice.AUTO);
        for (int s = 0; s < expected.size(); s++) {
            same("softmax", actual.get(s).softmax(), expected.get(s).softmax());
            same("sigmoid", actual.get(s).sigmoid(), expected.get(s).sigmoid());
            same("top", actual.get(s).topProbabilities(), expected.get(s).topProbabilities());
            same("terms", actual.get(s).logProbabilities(), expected.get(s).logProbabilities());
            assertThat(actual.get(s).logLikelihood()).isEqualTo(expected.get(s).logLikelihood());
        }
    }

    private static float[] divided(float[] values, float by) {
        float[] quotients = values.clone();
        for (int at = 0; at < quotients.length; at++) {
            quotients[at] /= by;
        }
        return quotients;
    }

    /** Near 0 the best class has all of the probability, and a large temperature makes all classes equal; nothing is NaN. */
    @ParameterizedTest
    @ValueSource(floats = {Float.MIN_VALUE, 1e-30f, 1e30f, Float.MAX_VALUE})
    void extremeTemperaturesHaveTheirLimits(float extreme) {
        Sample sample = new Samples(4).languageModel(30, 4, 6);
        ScoreRequest request = sample.request(Steps.LAST).withTemperature(extreme);
        for (KernelChoice kernel : List.of(KernelChoice.SCALAR, KernelChoice.AUTO)) {
            for (ScoredSequence answer : score(sample, request, kernel)) {
                float best = answer.topProbabilities()[0][0];
                assertThat(best).isCloseTo(extreme < 1 ? 1f : 1f / 30, within((float) (30 * Tolerance.FLOAT)));
                assertThat(answer.logLikelihood()).isFinite();
            }
        }
    }

    @Test
    void ranksAreOfTheNumbersBeforeTheDivision() {
        Sample sample = new Samples(5).languageModel(30, 4, 6);
        ScoreRequest request = sample.request(Steps.EACH);
        Sequence sequence = sample.sequence(1, 20);
        CompiledModel compiled = sample.compile(KernelChoice.AUTO);
        assertThat(compiled.scorer(request.withTemperature(Float.MAX_VALUE))
                        .score(List.of(sequence))
                        .get(0)
                        .ranks())
                .isEqualTo(
                        compiled.scorer(request).score(List.of(sequence)).get(0).ranks());
    }

    @ParameterizedTest
    @ValueSource(floats = {0, -1, Float.NaN, Float.POSITIVE_INFINITY})
    void otherTemperaturesAreRefused(float wrong) {
        ScoreRequest request = new Samples(1).languageModel(9, 3, 5).request(Steps.LAST);
        assertThatThrownBy(() -> request.withTemperature(wrong)).hasMessageContaining("expected a number above 0");
    }
}
