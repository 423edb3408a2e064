package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static sluice.cell.SameBits.same;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Readout;

/** Models whose output layer reads the final state of each direction ({@link Readout#FINAL_STATES}), not the last step. */
class FinalStatesTest {
    private static final int TOKENS = 9;
    private static final Samples SAMPLES = new Samples(6);
    private static final List<LstmLayer> LAYERS = List.of(
            LstmLayer.bidirectional(
                    SAMPLES.direction(TOKENS, 5), SAMPLES.direction(TOKENS, 4).backward()),
            LstmLayer.bidirectional(
                    SAMPLES.direction(9, 6), SAMPLES.direction(9, 3).backward()));
    private static final List<Sequence> BATCH = List.of(
            Sequence.ofTokens(3, 1, 4, 1, 5), Sequence.ofTokens(2, 7), Sequence.ofTokens(8), Sequence.ofTokens());

    private static Sample sample(List<LstmLayer> layers, Readout readout) {
        int width = layers.get(layers.size() - 1).outputWidth();
        LstmModel model =
                new LstmModel(Optional.empty(), layers, Optional.of(new Samples(7).output(4, width)), readout);
        return new Sample(6, model, InputKind.ONE_HOT);
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void hiddenAndCellAreTheFinalStatesOfEachDirection(KernelChoice kernel) {
        List<ScoredSequence> scored =
                sample(LAYERS, Readout.FINAL_STATES).scorer(kernel, Steps.LAST).score(BATCH);

        for (ScoredSequence answer : scored) {
            float[][] h = answer.state().hidden();
            float[][] c = answer.state().cell();
            same("hidden", answer.hidden(), new float[][] {joined(h[2], h[3])});
            same("cell", answer.cell(), new float[][] {joined(c[2], c[3])});
        }
    }

    /** The readouts agree for a sequence of one token, and differ for a longer one. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void finalStatesDifferFromTheLastStep(KernelChoice kernel) {
        List<ScoredSequence> finals =
                sample(LAYERS, Readout.FINAL_STATES).scorer(kernel, Steps.LAST).score(BATCH);
        List<ScoredSequence> lasts = sample(LAYERS, Readout.LAST_STEP)
                .compile(kernel)
                .scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.SOFTMAX), 1))
                .score(BATCH);

        assertThat(finals.get(0).softmax()[0]).isNotEqualTo(lasts.get(0).softmax()[0]);
        assertThat(finals.get(1).softmax()[0]).isNotEqualTo(lasts.get(1).softmax()[0]);
        same("one token", finals.get(2).softmax(), lasts.get(2).softmax());
        same("none", finals.get(3).softmax(), lasts.get(3).softmax());
    }

    /** The hidden state of the answer is the merge of the two final states. */
    @ParameterizedTest
    @EnumSource(LstmLayer.Merge.class)
    void directionsAreMergedByTheLayersMerge(LstmLayer.Merge merge) {
        LstmLayer layer = LstmLayer.bidirectional(
                SAMPLES.direction(TOKENS, 5), SAMPLES.direction(TOKENS, 5).backward(), merge);
        List<ScoredSequence> scored = sample(List.of(layer), Readout.FINAL_STATES)
                .scorer(KernelChoice.SCALAR, Steps.LAST)
                .score(BATCH);

        for (ScoredSequence answer : scored) {
            float[][] h = answer.state().hidden();
            float[] expected = merge == LstmLayer.Merge.CONCAT ? joined(h[0], h[1]) : merged(merge, h[0], h[1]);
            same("hidden", answer.hidden()[0], expected);
        }
    }

    private static float[] joined(float[] forward, float[] backward) {
        float[] both = Arrays.copyOf(forward, forward.length + backward.length);
        System.arraycopy(backward, 0, both, forward.length, backward.length);
        return both;
    }

    private static float[] merged(LstmLayer.Merge merge, float[] forward, float[] backward) {
        float[] merged = new float[forward.length];
        for (int at = 0; at < merged.length; at++) {
            merged[at] = switch (merge) {
                case SUM -> forward[at] + backward[at];
                case MUL -> forward[at] * backward[at];
                case AVERAGE -> (forward[at] + backward[at]) / 2;
                case CONCAT -> throw new AssertionError("as wide as both");
            };
        }
        return merged;
    }

    /** So that equal models have equal fingerprints. */
    @Test
    void aForwardModelHasOneReadoutOnly() {
        List<LstmLayer> forward = List.of(LAYERS.get(0), LstmLayer.of(SAMPLES.direction(9, 4)));

        LstmModel finals = sample(forward, Readout.FINAL_STATES).model();
        LstmModel last = sample(forward, Readout.LAST_STEP).model();

        assertThat(finals.readout()).isEqualTo(Readout.LAST_STEP);
        assertThat(finals.fingerprint()).isEqualTo(last.fingerprint());
        assertThat(sample(LAYERS, Readout.FINAL_STATES).model().fingerprint())
                .isNotEqualTo(sample(LAYERS, Readout.LAST_STEP).model().fingerprint());
    }

    @ParameterizedTest
    @ValueSource(strings = {"SOFTMAX", "PREDICTION", "TOPK", "LOGLIK", "LOGPROB", "RANK"})
    void answersAtEachStepAreRefused(OutputKind emission) {
        LstmModel model = sample(LAYERS, Readout.FINAL_STATES).model();

        assertThatThrownBy(() -> new ScoreRequest(Steps.EACH, EnumSet.of(emission), 1).requireAnswerableBy(model))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(emission.name().toLowerCase(Locale.ROOT)
                        + " is not available for each step: the model's output layer reads the final states")
                .hasMessageEndingWith("ask at last, for softmax, logits, sigmoid, prediction, topk");
    }

    @Test
    void likelihoodAtTheLastStepIsRefused() {
        LstmModel model = sample(LAYERS, Readout.FINAL_STATES).model();
        ScoreRequest request = new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.LOGLIK), 1);

        assertThatThrownBy(() -> request.requireAnswerableBy(model))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("loglik is not available for each step");
    }
}
