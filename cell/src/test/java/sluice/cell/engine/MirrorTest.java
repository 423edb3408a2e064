package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/** A backward direction gives the bits of a forward one on the reversed sequence. */
class MirrorTest {
    private static final int TOKENS = 11;
    private static final List<LstmDirection> CELLS =
            List.of(new Samples(1).direction(TOKENS, 17), new Samples(2).projected(TOKENS, 17, 5), variant(17));

    private static LstmDirection variant(int hidden) {
        Samples samples = new Samples(3);
        Activation hardSigmoid = Activation.of(Activation.Kind.HARD_SIGMOID);
        Activation softsign = Activation.of(Activation.Kind.SOFTSIGN);
        return samples.direction(TOKENS, hidden)
                .with(CellVariant.PLAIN
                        .withActivations(hardSigmoid, softsign, softsign)
                        .withPeepholes(samples.peepholes(hidden)));
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void aBackwardLayerIsTheMirrorOfAForwardOne(KernelChoice kernel) {
        for (LstmDirection cell : CELLS) {
            Sample forward = sample(LstmLayer.of(cell));
            Sample backward = sample(LstmLayer.of(cell.backward()));
            List<Sequence> batch = forward.batch();
            List<Sequence> mirrored = batch.stream().map(MirrorTest::mirror).toList();
            List<ScoredSequence> expected = forward.scorer(kernel, Steps.EACH).score(mirrored);
            List<ScoredSequence> actual = backward.scorer(kernel, Steps.EACH).score(batch);
            for (int s = 0; s < batch.size(); s++) {
                same("hidden", actual.get(s).hidden(), mirror(expected.get(s).hidden()));
                same("cell", actual.get(s).cell(), mirror(expected.get(s).cell()));
            }
            List<ScoredSequence> ends = forward.scorer(kernel, Steps.LAST).score(mirrored);
            List<ScoredSequence> starts = backward.scorer(kernel, Steps.LAST).score(batch);
            for (int s = 0; s < batch.size(); s++) {
                same("state", starts.get(s).state(), ends.get(s).state());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void aBidirectionalLayerConcatenatesBoth(KernelChoice kernel) {
        LstmDirection left = CELLS.get(0);
        LstmDirection right = CELLS.get(1).backward();
        Sample both = sample(LstmLayer.bidirectional(left, right));
        List<Sequence> batch = List.of(Sequence.ofTokens(3, 1, 4, 1, 5), Sequence.ofTokens(9), Sequence.ofTokens());
        List<ScoredSequence> joined = both.scorer(kernel, Steps.EACH).score(batch);
        List<ScoredSequence> lefts =
                sample(LstmLayer.of(left)).scorer(kernel, Steps.EACH).score(batch);
        List<ScoredSequence> rights =
                sample(LstmLayer.of(right)).scorer(kernel, Steps.EACH).score(batch);
        for (int s = 0; s < batch.size(); s++) {
            same(
                    "hidden",
                    joined.get(s).hidden(),
                    beside(lefts.get(s).hidden(), rights.get(s).hidden()));
            same(
                    "cell",
                    joined.get(s).cell(),
                    beside(lefts.get(s).cell(), rights.get(s).cell()));
        }
    }

    /** Includes an empty sequence, whose start state is merged like the output of a step. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void mergedDirectionsAreMergedUnitByUnit(KernelChoice kernel) {
        LstmDirection left = started(CELLS.get(0), 4);
        LstmDirection right = started(CELLS.get(2), 5).backward();
        List<Sequence> batch = List.of(Sequence.ofTokens(3, 1, 4, 1, 5), Sequence.ofTokens(9), Sequence.ofTokens());
        for (Steps at : Steps.values()) {
            List<ScoredSequence> lefts = score(LstmLayer.of(left), kernel, at, batch);
            List<ScoredSequence> rights = score(LstmLayer.of(right), kernel, at, batch);
            assertMerged(
                    kernel,
                    LstmLayer.bidirectional(left, right, LstmLayer.Merge.SUM),
                    at,
                    batch,
                    (s, step, unit) ->
                            lefts.get(s).hidden()[step][unit] + rights.get(s).hidden()[step][unit]);
            assertMerged(
                    kernel,
                    LstmLayer.bidirectional(left, right, LstmLayer.Merge.MUL),
                    at,
                    batch,
                    (s, step, unit) ->
                            lefts.get(s).hidden()[step][unit] * rights.get(s).hidden()[step][unit]);
            assertMerged(
                    kernel,
                    LstmLayer.bidirectional(left, right, LstmLayer.Merge.AVERAGE),
                    at,
                    batch,
                    (s, step, unit) ->
                            (lefts.get(s).hidden()[step][unit] + rights.get(s).hidden()[step][unit]) / 2);
        }
    }

    private static void assertMerged(
            KernelChoice kernel, LstmLayer layer, Steps at, List<Sequence> batch, Merged expected) {
        List<ScoredSequence> sideBySide = score(
                LstmLayer.bidirectional(
                        layer.directions().get(0), layer.directions().get(1)),
                kernel,
                at,
                batch);
        List<ScoredSequence> merged = score(layer, kernel, at, batch);
        for (int s = 0; s < batch.size(); s++) {
            float[][] hidden = merged.get(s).hidden();
            assertThat(hidden.length).isEqualTo(sideBySide.get(s).hidden().length);
            for (int step = 0; step < hidden.length; step++) {
                for (int unit = 0; unit < layer.outputWidth(); unit++) {
                    assertThat((double) hidden[step][unit])
                            .as("%s of sequence %d at step %d", layer, s, step)
                            .isCloseTo(expected.at(s, step, unit), within(merging(kernel)));
                }
            }
            same("cell", merged.get(s).cell(), sideBySide.get(s).cell());
            same("state", merged.get(s).state(), sideBySide.get(s).state());
        }
    }

    /** Tolerance: the reference merges in float64, while the compared values were rounded before the merge. */
    private static double merging(KernelChoice kernel) {
        return kernel == KernelChoice.REFERENCE ? 4 * Tolerance.FLOAT : 0;
    }

    /** The expected value of a unit. */
    private interface Merged {
        float at(int sequence, int step, int unit);
    }

    private static LstmDirection started(LstmDirection direction, long seed) {
        Samples samples = new Samples(seed);
        return direction.startingFrom(
                samples.floats(direction.outputWidth(), 1), samples.floats(direction.hiddenWidth(), 1));
    }

    private static List<ScoredSequence> score(LstmLayer layer, KernelChoice kernel, Steps at, List<Sequence> batch) {
        return sample(layer).scorer(kernel, at).score(batch);
    }

    private static Sample sample(LstmLayer layer) {
        return new Sample(1, new LstmModel(Optional.empty(), List.of(layer), Optional.empty()), InputKind.ONE_HOT);
    }

    private static Sequence mirror(Sequence sequence) {
        int[] tokens = new int[sequence.length()];
        for (int step = 0; step < tokens.length; step++) {
            tokens[step] = sequence.tokens()[tokens.length - 1 - step];
        }
        Sequence mirrored = Sequence.ofTokens(tokens);
        return sequence.start().map(mirrored::from).orElse(mirrored);
    }

    private static float[][] mirror(float[][] rows) {
        List<float[]> mirrored = new ArrayList<>(Arrays.asList(rows));
        Collections.reverse(mirrored);
        return mirrored.toArray(float[][]::new);
    }

    private static float[][] beside(float[][] left, float[][] right) {
        float[][] joined = new float[left.length][];
        for (int row = 0; row < left.length; row++) {
            joined[row] = Arrays.copyOf(left[row], left[row].length + right[row].length);
            System.arraycopy(right[row], 0, joined[row], left[row].length, right[row].length);
        }
        return joined;
    }
}
