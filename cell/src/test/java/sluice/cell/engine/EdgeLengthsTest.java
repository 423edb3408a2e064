package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static sluice.cell.SameBits.same;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/** Sequences of 0, 1 and 10,000 tokens, and an empty batch. */
class EdgeLengthsTest {
    private static final Sample SAMPLE = new Samples(1).languageModel(40, 8, 24);
    private static final int LONG = 10_000;

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void anEmptySequenceIsAnsweredFromTheInitialState(KernelChoice kernel) {
        ScoredSequence scored = scoreOne(SAMPLE, kernel, Steps.LAST, Sequence.ofTokens());
        same("h", scored.hidden(), new float[1][24]);
        same("c", scored.cell(), new float[1][24]);
        same("state", scored.state(), new LstmState(new float[1][24], new float[1][24]));
        float[] d = SAMPLE.model().output().orElseThrow().bias();
        double sum = 0;
        for (float logit : d) {
            sum += StrictMath.exp(logit);
        }
        int best = 0;
        for (int at = 0; at < d.length; at++) {
            double expected = StrictMath.exp(d[at]) / sum;
            assertThat((double) scored.softmax()[0][at])
                    .as("class %d", at)
                    .isCloseTo(expected, within(expected * Tolerance.softmaxRelative(d.length, 2)));
            best = d[at] > d[best] ? at : best;
        }
        assertThat(scored.prediction()).containsExactly(best);
        assertThat(scored.topTokens()[0][0]).isEqualTo(best);
        assertNothingPredicted(scored);
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void anEmptySequenceHasNoSteps(KernelChoice kernel) {
        ScoredSequence scored = scoreOne(SAMPLE, kernel, Steps.EACH, Sequence.ofTokens());
        assertThat(scored.softmax()).isEmpty();
        assertThat(scored.prediction()).isEmpty();
        assertThat(scored.topTokens()).isEmpty();
        assertThat(scored.topProbabilities()).isEmpty();
        assertThat(scored.hidden()).isEmpty();
        assertThat(scored.cell()).isEmpty();
        assertThat(scored.gates()).isEmpty();
        assertThat(scored.logProbabilities()).isEmpty();
        assertThat(scored.ranks()).isEmpty();
        assertNothingPredicted(scored);
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void anEmptySequenceEndsInItsStartState(KernelChoice kernel) {
        LstmDirection started = new Samples(2).direction(3, 2).startingFrom(new float[] {1, 2}, new float[] {3, 4});
        LstmModel model = new LstmModel(
                Optional.empty(), List.of(LstmLayer.bidirectional(started, started.backward())), Optional.empty());
        Sample sample = new Sample(2, model, InputKind.FEATURES);
        Sequence empty = Sequence.ofFeatures(0, new float[0]);
        ScoredSequence learned = scoreOne(sample, kernel, Steps.LAST, empty);
        same("h", learned.hidden()[0], new float[] {1, 2, 1, 2});
        same("c", learned.cell()[0], new float[] {3, 4, 3, 4});
        LstmState given = new LstmState(new float[][] {{5, 6}, {7, 8}}, new float[][] {{9, 10}, {11, 12}});
        ScoredSequence continued = scoreOne(sample, kernel, Steps.LAST, empty.from(given));
        same("h", continued.hidden()[0], new float[] {5, 6, 7, 8});
        same("c", continued.cell()[0], new float[] {9, 10, 11, 12});
        same("state", continued.state(), given);
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void oneTokenHasOneStepAndNoLikelihood(KernelChoice kernel) {
        ScoredSequence each = scoreOne(SAMPLE, kernel, Steps.EACH, Sequence.ofTokens(7));
        ScoredSequence last = scoreOne(SAMPLE, kernel, Steps.LAST, Sequence.ofTokens(7));
        assertThat(each.softmax()).hasDimensions(1, 40);
        same("softmax", each.softmax(), last.softmax());
        same("hidden", each.hidden(), last.hidden());
        assertThat(each.logProbabilities()).isEmpty();
        assertThat(each.ranks()).isEmpty();
        assertNothingPredicted(each);
        assertNothingPredicted(last);
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void noSequencesHaveNoAnswers(KernelChoice kernel) {
        for (Steps at : Steps.values()) {
            assertThat(SAMPLE.scorer(kernel, at).score(List.of())).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(value = KernelChoice.class, mode = EnumSource.Mode.EXCLUDE, names = "REFERENCE")
    void tenThousandTokensAreAsCloseToTheReferenceAsTen(KernelChoice kernel) {
        Sequence sequence = SAMPLE.sequence(3, LONG);
        ScoreRequest request =
                SAMPLE.request(Steps.LAST, EnumSet.of(OutputKind.STATE, OutputKind.SOFTMAX, OutputKind.HIDDEN));
        ScoredSequence oracle = SAMPLE.compile(KernelChoice.REFERENCE)
                .scorer(request)
                .score(List.of(sequence))
                .get(0);
        SequenceScorer scorer = SAMPLE.compile(kernel).scorer(request);
        ScoredSequence alone = scorer.score(List.of(sequence)).get(0);
        List<ScoredSequence> together = scorer.score(List.of(SAMPLE.sequence(4, 5), sequence, SAMPLE.sequence(5, 300)));
        same("among shorter ones", together.get(1), alone);
        assertClose(alone.state().hidden()[0], oracle.state().hidden()[0], Tolerance.state(SAMPLE.model(), 2));
        assertClose(alone.state().cell()[0], oracle.state().cell()[0], Tolerance.state(SAMPLE.model(), 2));
        assertClose(alone.softmax()[0], oracle.softmax()[0], Tolerance.probability(SAMPLE.model(), 2));
    }

    @Test
    void tenThousandTokensHaveALikelihoodEach() {
        Sequence sequence = SAMPLE.sequence(3, LONG);
        ScoreRequest request = SAMPLE.request(Steps.EACH, EnumSet.of(OutputKind.LOGPROB, OutputKind.LOGLIK));
        ScoredSequence scored = SAMPLE.compile(KernelChoice.AUTO)
                .scorer(request)
                .score(List.of(sequence))
                .get(0);
        assertThat(scored.logProbabilities()).hasSize(LONG - 1);
        assertThat(scored.predictedTokens()).isEqualTo(LONG - 1);
        assertThat(scored.logLikelihood()).isNegative();
        assertThat(scored.perplexity())
                .isEqualTo(StrictMath.exp(-scored.logLikelihood() / scored.predictedTokens()))
                .isGreaterThan(1);
    }

    private static void assertNothingPredicted(ScoredSequence scored) {
        assertThat(scored.logLikelihood()).isZero();
        assertThat(scored.predictedTokens()).isZero();
        assertThat(scored.perplexity()).isNaN();
    }

    private static void assertClose(float[] actual, float[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int at = 0; at < expected.length; at++) {
            assertThat((double) actual[at]).as("index %d", at).isCloseTo(expected[at], within(tolerance));
        }
    }

    private static ScoredSequence scoreOne(Sample sample, KernelChoice kernel, Steps at, Sequence sequence) {
        return sample.scorer(kernel, at).score(List.of(sequence)).get(0);
    }
}
