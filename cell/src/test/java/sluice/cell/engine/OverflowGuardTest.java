package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
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
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceRules;
import sluice.cell.Steps;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;

/** Weights whose sums could overflow float32 are refused; the largest accepted weights never overflow. */
class OverflowGuardTest {
    private static final int H = 2;
    private static final ScoreRequest STATES =
            new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.STATE, OutputKind.HIDDEN, OutputKind.CELL), 1);
    private static final ScoreRequest ALL = new ScoreRequest(
            Steps.LAST, EnumSet.of(OutputKind.SOFTMAX, OutputKind.STATE, OutputKind.HIDDEN, OutputKind.CELL), 1);

    /**
     * A sum of two products with features up to 2^60 is 2^124; with as much from the state and the bias it is below 2^126.
     */
    private static final float LARGEST_INPUT_WEIGHT = 0x1p63f;

    @Test
    void inputWeights() {
        assertRefused(
                model(direction(0x1p70f, 1, 0)),
                "the weights of layer 0 are so large that its sums could reach 2.7e+39 and overflow float32: expected the"
                        + " weights of a trained model, whose sums stay near 1");
    }

    @Test
    void hiddenWeights() {
        assertRefusedIn("layer 0", model(direction(1, 0x1p90f, 0)));
    }

    @Test
    void bias() {
        assertRefusedIn("layer 0", model(direction(1, 1, Float.MAX_VALUE)));
    }

    @Test
    void aHigherLayer() {
        assertRefusedIn("layer 1", model(direction(1, 1, 0), direction(0x1p90f, 1, 0)));
    }

    @Test
    void aProjection() {
        LstmDirection direction = LstmDirection.projected(
                filled(4 * H, 3, 1), filled(4 * H, 2, 0), new float[4 * H], filled(2, H, Float.MAX_VALUE));
        assertRefusedIn("the projection of layer 0", model(direction));
    }

    @Test
    void aPeephole() {
        assertRefusedIn("layer 0", model(direction(1, 1, 0).with(peepholes(0x1p90f, 0, 0))));
        assertRefusedIn("layer 0", model(direction(1, 1, 0).with(peepholes(0, 0x1p90f, 0))));
        assertRefusedIn("layer 0", model(direction(1, 1, 0).with(peepholes(0, 0, 0x1p90f))));
    }

    /** The hidden state of a variant is bounded by MAX_STATE, that of a plain cell by 1. */
    @Test
    void aProjectionOfAVariant() {
        LstmDirection direction = LstmDirection.projected(
                filled(4 * H, 3, 1), filled(4 * H, 2, 0), new float[4 * H], filled(2, H, 0x1p90f));
        CompiledModel.requireScorable(model(direction), InputKind.FEATURES, STATES);
        assertRefusedIn("the projection of layer 0", model(direction.with(CellVariant.PLAIN.withCoupledGates())));
    }

    @Test
    void mergedDirections() {
        LstmDirection direction = LstmDirection.projected(
                filled(4 * H, 3, 1), filled(4 * H, 2, 0), new float[4 * H], filled(2, H, 0x1p70f));
        for (LstmLayer.Merge merge : LstmLayer.Merge.values()) {
            LstmLayer layer = LstmLayer.bidirectional(direction, direction.backward(), merge);
            LstmModel model = new LstmModel(Optional.empty(), List.of(layer), Optional.empty());
            if (merge == LstmLayer.Merge.MUL) {
                assertRefusedIn("the merged directions of layer 0", model);
            } else {
                CompiledModel.requireScorable(model, InputKind.FEATURES, STATES);
            }
        }
    }

    @Test
    void theOutputLayer() {
        OutputLayer output = new OutputLayer(filled(5, H, 0x1p90f));
        assertRefusedIn("the output layer", model(Optional.of(output), direction(1, 1, 0)));
    }

    @Test
    void anInitialState() {
        LstmDirection direction = direction(1, 1, 0).startingFrom(new float[H], new float[] {0, -0x1p41f});
        assertRefused(
                model(direction),
                "the initial state of layer 0 holds the value 2.19902326E12: expected at most 1.09951163E12 in magnitude");
    }

    /** Weights just below the limit: no answer is NaN or infinite, whatever the input. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void acceptedWeightsGiveFiniteAnswers(KernelChoice kernel) {
        LstmModel model = model(
                Optional.of(new OutputLayer(filled(5, H, 0x1p84f))),
                direction(LARGEST_INPUT_WEIGHT, 0x1p83f, 0x1p124f),
                direction(0x1p83f, -0x1p83f, -0x1p124f));
        float large = SequenceRules.MAX_FEATURE;
        float deep = SequenceRules.MAX_STATE;
        LstmState state = new LstmState(
                new float[][] {{deep, -deep}, {-deep, -deep}}, new float[][] {{deep, -deep}, {deep, deep}});
        List<Sequence> batch = List.of(
                Sequence.ofFeatures(2, new float[] {large, large, -large, -large}),
                Sequence.ofFeatures(2, new float[] {-large, large, 0, -large}).from(state),
                Sequence.ofFeatures(0, new float[0]).from(state));
        for (ScoredSequence scored : CompiledModel.compile(model, InputKind.FEATURES, kernel)
                .scorer(ALL)
                .score(batch)) {
            assertFinite(scored);
        }
    }

    /** The same for variants, whose states may overflow: an answer is finite or a defect, whatever the input. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void acceptedVariantsGiveFiniteAnswersOrADefect(KernelChoice kernel) {
        float large = SequenceRules.MAX_FEATURE;
        float deep = SequenceRules.MAX_STATE;
        LstmState state = new LstmState(
                new float[][] {{deep, -deep}, {-deep, -deep}}, new float[][] {{deep, -deep}, {deep, deep}});
        List<Sequence> batch = List.of(
                Sequence.ofFeatures(2, new float[] {large, large, -large, -large}),
                Sequence.ofFeatures(2, new float[] {-large, large, 0, -large}).from(state),
                Sequence.ofFeatures(2, new float[] {1, -1, 0.5f, 2}),
                Sequence.ofFeatures(0, new float[0]).from(state));
        int defects = 0;
        int answers = 0;
        for (Activation.Kind kind : Activation.Kind.values()) {
            for (Activation any :
                    List.of(Activation.of(kind), new Activation(kind, Float.MAX_VALUE, -Float.MAX_VALUE))) {
                CellVariant variant = peepholes(0x1p84f, -0x1p84f, 0x1p84f).withActivations(any, any, any);
                LstmModel model = model(
                        Optional.of(new OutputLayer(filled(5, H, 0x1p84f))),
                        direction(LARGEST_INPUT_WEIGHT, 0x1p83f, 0x1p124f).with(variant),
                        direction(0x1p83f, -0x1p83f, -0x1p124f).with(variant.withCoupledGates()));
                for (ScoredSequence scored : CompiledModel.compile(model, InputKind.FEATURES, kernel)
                        .scorer(ALL)
                        .score(batch)) {
                    if (scored.defect().isPresent()) {
                        defects++;
                    } else {
                        assertFinite(scored);
                        answers++;
                    }
                }
            }
        }
        assertThat(defects).isPositive();
        assertThat(answers).isPositive();
    }

    private static void assertFinite(ScoredSequence scored) {
        for (float[][] rows : List.of(
                scored.softmax(),
                scored.hidden(),
                scored.cell(),
                scored.state().hidden(),
                scored.state().cell())) {
            Arrays.stream(rows).forEach(OverflowGuardTest::assertFinite);
        }
    }

    private static CellVariant peepholes(float input, float forget, float output) {
        return CellVariant.PLAIN.withPeepholes(
                new CellVariant.Peepholes(filled(input), filled(forget), filled(output)));
    }

    private static float[] filled(float value) {
        float[] values = new float[H];
        Arrays.fill(values, value);
        return values;
    }

    private static void assertFinite(float[] row) {
        for (float value : row) {
            assertThat(value).isFinite();
        }
    }

    private static void assertRefusedIn(String place, LstmModel model) {
        assertThatThrownBy(() -> CompiledModel.compile(model, InputKind.FEATURES, KernelChoice.AUTO))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("the weights of " + place + " are so large that its sums could reach ")
                .hasMessageEndingWith(
                        " and overflow float32: expected the weights of a trained model, whose sums stay near 1");
    }

    private static void assertRefused(LstmModel model, String message) {
        assertThatThrownBy(() -> CompiledModel.compile(model, InputKind.FEATURES, KernelChoice.AUTO))
                .isInstanceOf(ModelException.class)
                .hasMessage(message);
    }

    private static LstmModel model(LstmDirection... directions) {
        return model(Optional.empty(), directions);
    }

    private static LstmModel model(Optional<OutputLayer> output, LstmDirection... directions) {
        return new LstmModel(
                Optional.empty(), Arrays.stream(directions).map(LstmLayer::of).toList(), output);
    }

    /** I = H = 2, so that layers can be stacked in any order. */
    private static LstmDirection direction(float inputWeight, float hiddenWeight, float bias) {
        float[] biases = new float[4 * H];
        Arrays.fill(biases, bias);
        return LstmDirection.plain(filled(4 * H, H, inputWeight), filled(4 * H, H, hiddenWeight), biases);
    }

    private static Matrix filled(int rows, int columns, float value) {
        float[] values = new float[rows * columns];
        Arrays.fill(values, value);
        return Matrix.of(rows, columns, values);
    }
}
