package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.SameBits;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;

class CompiledModelTest {
    private static final ScoreRequest STATES =
            new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.HIDDEN, OutputKind.CELL, OutputKind.STATE), 1);

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void aModelWithoutAnOutputLayerReturnsItsStates(KernelChoice kernel) {
        CompiledModel compiled = CompiledModel.compile(bare(), InputKind.ONE_HOT, kernel);
        ScoredSequence scored =
                compiled.scorer(STATES).score(List.of(Sequence.ofTokens(1, 2))).get(0);
        assertThat(scored.hidden()).hasDimensions(1, 2);
        assertThat(scored.cell()).hasDimensions(1, 2);
        assertThat(scored.state().hidden()).isDeepEqualTo(scored.hidden());
        assertThat(scored.state().cell()).isDeepEqualTo(scored.cell());
        assertThat(scored.softmax()).isNull();
        assertThat(scored.prediction()).isNull();
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void aModelWithoutAnOutputLayerHasNoOtherOutputs(KernelChoice kernel) {
        CompiledModel compiled = CompiledModel.compile(bare(), InputKind.ONE_HOT, kernel);
        ScoreRequest request = new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.SOFTMAX), 1);
        assertThatThrownBy(() -> compiled.scorer(request))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the model has no output layer, so it has no softmax: ");
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void aDamagedModelIsRefused(KernelChoice kernel) {
        LstmModel model = bare();
        model.directions().get(0).bias()[3] += 1;
        assertThatThrownBy(() -> CompiledModel.compile(model, InputKind.ONE_HOT, kernel))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("the model arrived damaged: ");
    }

    @Test
    void kernelNamesAreThoseOfTheSetting() {
        assertThat(CompiledModel.compile(bare(), InputKind.ONE_HOT, KernelChoice.SCALAR)
                        .kernelName())
                .isEqualTo("scalar");
        assertThat(CompiledModel.compile(bare(), InputKind.ONE_HOT, KernelChoice.REFERENCE)
                        .kernelName())
                .isEqualTo("reference");
    }

    /** Scorers share the packed weights only, which are never written. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void scorersOfOneModelAreIndependent(KernelChoice kernel) {
        Sample sample = new Samples(3).languageModel(11, 5, 17);
        CompiledModel compiled = sample.compile(kernel);
        SequenceScorer one = compiled.scorer(sample.request(Steps.EACH));
        SequenceScorer other = compiled.scorer(sample.request(Steps.EACH));
        List<ScoredSequence> before = one.score(sample.batch());
        other.score(List.of(Sequence.ofTokens(1, 2, 3), Sequence.ofTokens(4)));
        SameBits.same("the first scorer again", one.score(sample.batch()), before);
        SameBits.same("the other scorer", other.score(sample.batch()), before);
    }

    /** A new model of I = 3, H = 2, which the caller may damage. */
    private static LstmModel bare() {
        return new LstmModel(Optional.empty(), List.of(LstmLayer.of(new Samples(1).direction(3, 2))), Optional.empty());
    }
}
