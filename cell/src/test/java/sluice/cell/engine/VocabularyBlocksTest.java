package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.Comparison;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;

/** Vocabularies near multiples of the softmax's block of 1,024 classes, and more steps than a group of the output layer. */
class VocabularyBlocksTest {
    private static Stream<Sample> samples() {
        return Stream.of(1023, 1024, 1025, 2048, 3000)
                .map(classes -> new Samples(classes).languageModel(classes, 5, 7));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void theEngineAgreesWithTheReference(Sample sample) {
        List<Sequence> batch = batch(sample);
        for (Steps at : Steps.values()) {
            List<ScoredSequence> expected =
                    sample.scorer(KernelChoice.REFERENCE, at).score(batch);
            List<ScoredSequence> actual = sample.scorer(KernelChoice.AUTO, at).score(batch);
            for (int s = 0; s < batch.size(); s++) {
                String what = String.format(Locale.ROOT, "%s: sequence %d at %s", sample, s, at);
                new Comparison(sample, what, batch.get(s), expected.get(s)).compare(actual.get(s), expected.get(s));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void aSequenceAloneHasTheBitsItHasInABatch(Sample sample) {
        SequenceScorer scorer = sample.scorer(KernelChoice.AUTO, Steps.EACH);
        List<ScoredSequence> alone = new ArrayList<>();
        batch(sample).forEach(sequence -> alone.addAll(scorer.score(List.of(sequence))));
        same(sample.toString(), scorer.score(batch(sample)), alone);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void probabilitiesSumToOne(Sample sample) {
        int classes = sample.model().output().map(OutputLayer::classes).orElseThrow();
        for (ScoredSequence scored :
                sample.scorer(KernelChoice.AUTO, Steps.LAST).score(batch(sample))) {
            double sum = 0;
            for (float probability : scored.softmax()[0]) {
                sum += probability;
            }
            assertThat(sum).as(sample.toString()).isCloseTo(1, within(Tolerance.sumOfProbabilities(classes)));
        }
    }

    /** All classes of three blocks are equally probable: the lowest indexes come first. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void onATieTheLowestIndexWins(KernelChoice kernel) {
        Sample any = new Samples(1).languageModel(3000, 5, 7);
        OutputLayer flat = new OutputLayer(Matrix.of(3000, 7, new float[3000 * 7]));
        LstmModel model = new LstmModel(any.model().embedding(), any.model().layers(), Optional.of(flat));
        Sample sample = new Sample(1, model, InputKind.EMBEDDING);
        ScoreRequest request = sample.request(
                Steps.EACH,
                EnumSet.allOf(OutputKind.class).stream()
                        .filter(emission -> emission != OutputKind.STATE)
                        .collect(Collectors.toSet()));
        ScoredSequence scored = sample.compile(kernel)
                .scorer(request)
                .score(List.of(Sequence.ofTokens(5, 2999, 1024)))
                .get(0);
        assertThat(scored.prediction()).containsExactly(0, 0, 0);
        assertThat(scored.topTokens()[2]).containsExactly(0, 1, 2, 3, 4);
        assertThat(scored.ranks()).containsExactly(1, 1);
        assertThat((double) scored.logProbabilities()[0])
                .isCloseTo(-StrictMath.log(3000), within(Tolerance.softmaxRelative(3000, 0) + 8 * Tolerance.FLOAT));
    }

    /** Without the logits of all classes, which are then kept a block at a time. */
    @ParameterizedTest
    @MethodSource("samples")
    void whatNeedsNoVectorHasTheSameBitsWithoutThem(Sample sample) {
        ScoreRequest without = sample.request(
                Steps.EACH,
                EnumSet.of(
                        OutputKind.PREDICTION,
                        OutputKind.TOPK,
                        OutputKind.RANK,
                        OutputKind.LOGPROB,
                        OutputKind.LOGLIK));
        List<ScoredSequence> vectors =
                sample.scorer(KernelChoice.AUTO, Steps.EACH).score(batch(sample));
        List<ScoredSequence> blocks =
                sample.compile(KernelChoice.AUTO).scorer(without).score(batch(sample));
        for (int s = 0; s < vectors.size(); s++) {
            assertThat(blocks.get(s).prediction()).isEqualTo(vectors.get(s).prediction());
            assertThat(blocks.get(s).topTokens()).isEqualTo(vectors.get(s).topTokens());
            assertThat(blocks.get(s).ranks()).isEqualTo(vectors.get(s).ranks());
            same("top", blocks.get(s).topProbabilities(), vectors.get(s).topProbabilities());
            same("tokens", blocks.get(s).logProbabilities(), vectors.get(s).logProbabilities());
            assertThat(blocks.get(s).logLikelihood()).isEqualTo(vectors.get(s).logLikelihood());
        }
    }

    private static List<Sequence> batch(Sample sample) {
        return List.of(
                sample.sequence(1, 0),
                sample.sequence(2, 1),
                sample.sequence(3, 63),
                sample.sequence(6, 450),
                sample.sequence(4, 2),
                sample.sequence(5, 20));
    }
}
