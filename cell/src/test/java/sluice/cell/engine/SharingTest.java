package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.FlopCount;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.TorchCase;

/** Number of steps that a batch computes. */
class SharingTest {
    private static List<Sample> samples() {
        return Samples.everyKind();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void thePredictedStepsAreComputed(Sample sample) {
        List<Sequence> batch = sample.batch();
        long predicted = Sharing.distinctSteps(batch, sample.model(), sample.input());
        long steps = batch.stream().mapToLong(Sequence::length).sum();
        for (Steps at : Steps.values()) {
            SequenceScorer scorer = sample.scorer(KernelChoice.SCALAR, at);
            scorer.score(batch);
            assertThat(scorer.computedSteps()).as(sample.toString()).isEqualTo(predicted);
            scorer.score(batch);
            assertThat(scorer.computedSteps()).as("steps of two batches").isEqualTo(2 * predicted);
        }
        assertThat(predicted).as("the batch has one sequence twice").isLessThan(steps);
    }

    @Test
    void forwardModelsSharePrefixes() {
        List<Sequence> batch = List.of(
                Sequence.ofTokens(1, 0, 1),
                Sequence.ofTokens(1, 0, 0, 1),
                Sequence.ofTokens(1, 0),
                Sequence.ofTokens(),
                Sequence.ofTokens(0, 0, 1),
                Sequence.ofTokens(1, 0, 1));
        TorchCase forward = TorchCase.named("vocab_2");
        assertThat(Sharing.distinctSteps(batch, forward.model(), InputKind.EMBEDDING))
                .as("1 0 1, then 0 1 after 1 0, then 0 0 1")
                .isEqualTo(3 + 2 + 3);
        TorchCase both = TorchCase.named("bi_l2_h17");
        assertThat(Sharing.distinctSteps(batch, both.model(), InputKind.EMBEDDING))
                .as("all sequences but the duplicate")
                .isEqualTo(3 + 4 + 2 + 3);
    }

    /** The probabilities of the tokens of 1 0 1 need the states after 1 and after 1 0, not the state after 1 0 1. */
    @Test
    void theLastTokenIsNotReadForLikelihoods() {
        TorchCase torch = TorchCase.named("vocab_2");
        CompiledModel compiled = CompiledModel.compile(torch.model(), InputKind.EMBEDDING, KernelChoice.SCALAR);
        List<Sequence> batch = List.of(
                Sequence.ofTokens(),
                Sequence.ofTokens(1),
                Sequence.ofTokens(1, 0),
                Sequence.ofTokens(1, 0, 1),
                Sequence.ofTokens(1, 0, 0),
                Sequence.ofTokens(1, 0, 0, 1),
                Sequence.ofTokens(0, 1));
        SequenceScorer likelihoods =
                compiled.scorer(new ScoreRequest(Steps.EACH, List.of(OutputKind.LOGLIK, OutputKind.RANK), 1));
        likelihoods.score(batch);
        assertThat(likelihoods.computedSteps()).as("1, 1 0, 1 0 0, and 0").isEqualTo(4);
        SequenceScorer states =
                compiled.scorer(new ScoreRequest(Steps.EACH, List.of(OutputKind.LOGLIK, OutputKind.HIDDEN), 1));
        states.score(batch);
        assertThat(states.computedSteps()).isEqualTo(7);
    }

    @Test
    void theReferenceComputesEveryStep() {
        TorchCase torch = TorchCase.named("vocab_2");
        SequenceScorer oracle = CompiledModel.compile(torch.model(), InputKind.EMBEDDING, KernelChoice.REFERENCE)
                .scorer(new ScoreRequest(Steps.LAST, List.of(OutputKind.SOFTMAX), 1));
        oracle.score(List.of(Sequence.ofTokens(1, 0), Sequence.ofTokens(1, 0)));
        assertThat(oracle.computedSteps()).isEqualTo(4);
    }

    /** Expected counts are computed by hand from the shapes. */
    @Test
    void flopsAreTwoPerMultipliedWeight() {
        TorchCase torch = TorchCase.named("proj_l1_h17_p5");
        int classes = torch.model().output().orElseThrow().classes();
        int width = torch.model().inputWidth();
        ScoreRequest softmax = new ScoreRequest(Steps.LAST, List.of(OutputKind.SOFTMAX), 1);

        FlopCount tokens = FlopCount.of(torch.model(), InputKind.EMBEDDING, softmax);
        assertThat(tokens).isEqualTo(new FlopCount(2 * (4 * 17 * 5 + 5 * 17), 2L * classes * 5, false, 1));
        assertThat(tokens.of(10, 100)).isEqualTo(100.0 * tokens.step() + 10.0 * tokens.answer());

        FlopCount features = FlopCount.of(torch.model(), InputKind.FEATURES, softmax);
        assertThat(features.step() - tokens.step())
                .as("inputs that are looked up are not multiplied")
                .isEqualTo(2L * 4 * 17 * width);

        ScoreRequest loglik = new ScoreRequest(Steps.LAST, List.of(OutputKind.LOGLIK), 1);
        FlopCount each = FlopCount.of(torch.model(), InputKind.EMBEDDING, loglik);
        assertThat(each.of(10, 100)).isEqualTo(100.0 * (each.step() + each.answer()));

        ScoreRequest hidden = new ScoreRequest(Steps.EACH, List.of(OutputKind.HIDDEN), 1);
        assertThat(FlopCount.of(torch.model(), InputKind.EMBEDDING, hidden).answer())
                .isZero();
    }
}
