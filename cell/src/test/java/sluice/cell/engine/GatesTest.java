package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static sluice.cell.SameBits.same;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
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
import sluice.cell.StepGates;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/** The returned gates reproduce the returned cell states, for every model and kernel. */
class GatesTest {
    private static Stream<Arguments> engines() {
        return Samples.everyKind().stream()
                .flatMap(sample -> Arrays.stream(KernelChoice.values()).map(kernel -> Arguments.of(sample, kernel)));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void theCellStatesEqualTheOtherOutputsOfThem(Sample sample, KernelChoice kernel) {
        List<ScoredSequence> each = sample.scorer(kernel, Steps.EACH).score(sample.batch());
        List<ScoredSequence> last = sample.scorer(kernel, Steps.LAST).score(sample.batch());
        boolean top = sample.gatesLayer() == sample.model().layers().size() - 1;
        for (int s = 0; s < each.size(); s++) {
            StepGates[] gates = each.get(s).gates();
            assertThat(gates)
                    .as(sample.toString())
                    .hasSize(sample.batch().get(s).length());
            if (top) {
                same(sample + " cell", cells(gates), each.get(s).cell());
            }
            for (Part part : parts(sample)) {
                if (gates.length > 0) {
                    float[] end = gates[part.direction().reversed() ? 0 : gates.length - 1].cell();
                    same(sample + " c", part.of(end), last.get(s).state().cell()[part.at()]);
                }
            }
        }
    }

    private static float[][] cells(StepGates[] gates) {
        return Arrays.stream(gates).map(StepGates::cell).toArray(float[][]::new);
    }

    /** {@code c_t = f_t * c_{t-1} + i_t * g_t}: bit for bit for a variant, which computes it in this form. */
    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void theGatesMakeTheCellState(Sample sample, KernelChoice kernel) {
        List<Sequence> batch = sample.batch();
        List<ScoredSequence> scored = sample.scorer(kernel, Steps.EACH).score(batch);
        LstmState initial = LstmState.initial(sample.model());
        for (int s = 0; s < scored.size(); s++) {
            LstmState start = batch.get(s).start().orElse(initial);
            for (Part part : parts(sample)) {
                boolean exact = kernel != KernelChoice.REFERENCE
                        && !part.direction().variant().isPlain();
                assertMade(
                        String.format(Locale.ROOT, "%s: sequence %d", sample, s),
                        scored.get(s).gates(),
                        part,
                        start,
                        exact);
            }
        }
    }

    private static void assertMade(String what, StepGates[] gates, Part part, LstmState start, boolean exact) {
        for (int step = 0; step < gates.length; step++) {
            int earlier = part.direction().reversed() ? step + 1 : step - 1;
            float[] before =
                    earlier < 0 || earlier == gates.length ? start.cell()[part.at()] : part.of(gates[earlier].cell());
            float[] i = part.of(gates[step].input());
            float[] f = part.of(gates[step].forget());
            float[] g = part.of(gates[step].candidate());
            float[] c = part.of(gates[step].cell());
            for (int unit = 0; unit < c.length; unit++) {
                String where = String.format(Locale.ROOT, "%s, step %d, unit %d", what, step, unit);
                if (exact) {
                    assertThat(c[unit]).as(where).isEqualTo(Math.fma(f[unit], before[unit], i[unit] * g[unit]));
                } else {
                    double kept = (double) f[unit] * before[unit];
                    double entered = (double) i[unit] * g[unit];
                    assertThat(Math.abs(c[unit] - (kept + entered)))
                            .as(where)
                            .isLessThanOrEqualTo(Tolerance.cellOfGates(kept, entered));
                }
            }
        }
    }

    /**
     * A direction of the requested layer.
     *
     * @param at its index among the model's directions
     * @param from index of its first unit in a step's arrays
     */
    private record Part(LstmDirection direction, int at, int from) {
        float[] of(float[] values) {
            return Arrays.copyOfRange(values, from, from + direction.hiddenWidth());
        }
    }

    private static List<Part> parts(Sample sample) {
        List<LstmLayer> layers = sample.model().layers();
        int below = layers.subList(0, sample.gatesLayer()).stream()
                .mapToInt(layer -> layer.directions().size())
                .sum();
        List<LstmDirection> directions = layers.get(sample.gatesLayer()).directions();
        Part first = new Part(directions.get(0), below, 0);
        return directions.size() == 1
                ? List.of(first)
                : List.of(
                        first,
                        new Part(directions.get(1), below + 1, directions.get(0).hiddenWidth()));
    }

    private static ScoredSequence score(LstmModel model, int layer, KernelChoice kernel, Sequence sequence) {
        ScoreRequest request =
                new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.GATES, OutputKind.CELL), 1, OptionalInt.of(layer));
        return CompiledModel.compile(model, InputKind.FEATURES, kernel)
                .scorer(request)
                .score(List.of(sequence))
                .get(0);
    }

    /** In a lower layer, merged and projected: the arrays are as wide as both cells together. */
    @Test
    void twoDirectionsAreConcatenatedWhateverTheirMerge() {
        Samples samples = new Samples(3);
        LstmDirection forward = samples.projected(2, 5, 3);
        LstmDirection backward = samples.projected(2, 4, 3).backward();
        LstmLayer both = LstmLayer.bidirectional(forward, backward, LstmLayer.Merge.SUM);
        LstmModel model =
                new LstmModel(Optional.empty(), List.of(both, LstmLayer.of(samples.direction(3, 7))), Optional.empty());
        Sequence sequence = Sequence.ofFeatures(6, samples.floats(12, 1));
        for (KernelChoice kernel : KernelChoice.values()) {
            StepGates[] gates = score(model, 0, kernel, sequence).gates();
            assertThat(gates).hasSize(6);
            for (StepGates step : gates) {
                for (float[] values :
                        List.of(step.input(), step.forget(), step.candidate(), step.output(), step.cell())) {
                    assertThat(values).hasSize(9);
                }
            }
            StepGates[] alone = score(single(forward), 0, kernel, sequence).gates();
            StepGates[] reversed = score(single(backward), 0, kernel, sequence).gates();
            for (int step = 0; step < 6; step++) {
                same("forward", Arrays.copyOf(gates[step].forget(), 5), alone[step].forget());
                same("backward", Arrays.copyOfRange(gates[step].forget(), 5, 9), reversed[step].forget());
            }
            assertThat(score(model, 1, kernel, sequence).gates()[0].cell()).hasSize(7);
        }
    }

    private static LstmModel single(LstmDirection direction) {
        return new LstmModel(Optional.empty(), List.of(LstmLayer.of(direction)), Optional.empty());
    }

    @Test
    void aCoupledForgetGateIsOneMinusTheInputGate() {
        Samples samples = new Samples(4);
        LstmModel model = single(samples.direction(2, 5).with(CellVariant.PLAIN.withCoupledGates()));
        Sequence sequence = Sequence.ofFeatures(6, samples.floats(12, 1));
        for (KernelChoice kernel : List.of(KernelChoice.AUTO, KernelChoice.SCALAR)) {
            for (StepGates step : score(model, 0, kernel, sequence).gates()) {
                for (int unit = 0; unit < 5; unit++) {
                    assertThat(step.forget()[unit]).isEqualTo(1 - step.input()[unit]);
                }
            }
        }
    }

    @Test
    void gatesOfASharedPrefixAreStoredOnce() {
        Sample sample = new Samples(1).languageModel(20, 3, 5);
        List<ScoredSequence> scored = sample.scorer(KernelChoice.AUTO, Steps.EACH)
                .score(List.of(Sequence.ofTokens(1, 2, 3), Sequence.ofTokens(1, 2, 4)));
        assertThat(scored.get(0).gates()[1]).isSameAs(scored.get(1).gates()[1]);
        assertThat(scored.get(0).gates()[2]).isNotSameAs(scored.get(1).gates()[2]);
    }

    /** A bidirectional model keeps all steps of a batch in one array; for gates its rows are four times as wide as the states. */
    @Test
    void gatesLimitTheLongestSequence() {
        LstmModel model = single(new Samples(2).direction(1, 1 << 8));
        CompiledModel compiled = CompiledModel.compile(model, InputKind.FEATURES, KernelChoice.AUTO);
        int states = compiled.rules(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.CELL), 1))
                .maxLength();
        int gates = compiled.rules(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.GATES), 1))
                .maxLength();
        assertThat(states).isEqualTo((1 << 23) - 2);
        assertThat(gates).isEqualTo((1 << 21) - 2);
    }

    @Test
    void gatesCountInTheMemoryEstimate() {
        LstmModel model = single(new Samples(2).direction(1, 10));
        CompiledModel compiled = CompiledModel.compile(model, InputKind.FEATURES, KernelChoice.AUTO);
        SequenceScorer without = compiled.scorer(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.CELL), 1));
        SequenceScorer with =
                compiled.scorer(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.CELL, OutputKind.GATES), 1));
        Sequence hundred = Sequence.ofFeatures(100, new float[100]);
        assertThat(with.bytes(hundred) - without.bytes(hundred)).isGreaterThanOrEqualTo(100 * 5 * 10 * Float.BYTES);
        Sequence empty = Sequence.ofFeatures(0, new float[0]);
        assertThat(with.bytes(empty)).isEqualTo(without.bytes(empty));
    }
}
