package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Pooling;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.model.Readout;

/** Pooled hidden states are, to the last bit, the mean and the maximum of the hidden states that each step has. */
class PoolingTest {
    private static final EnumSet<OutputKind> HIDDEN = EnumSet.of(OutputKind.HIDDEN);

    private static Stream<Arguments> engines() {
        return Samples.everyKind().stream()
                .flatMap(sample -> Stream.of(Pooling.MEAN, Pooling.MAX).map(pooling -> Arguments.of(sample, pooling)));
    }

    private static List<ScoredSequence> score(Sample sample, Pooling pooling, KernelChoice kernel) {
        return sample.compile(kernel)
                .scorer(new ScoreRequest(Steps.LAST, HIDDEN, 1).withPooling(pooling))
                .score(sample.batch());
    }

    @ParameterizedTest(name = "{1} of {0}")
    @MethodSource("engines")
    void itIsThePoolOfAllSteps(Sample sample, Pooling pooling) {
        List<ScoredSequence> steps = sample.compile(KernelChoice.AUTO)
                .scorer(new ScoreRequest(Steps.EACH, HIDDEN, 1))
                .score(sample.batch());
        List<ScoredSequence> last = score(sample, Pooling.LAST, KernelChoice.AUTO);
        List<ScoredSequence> pooled = score(sample, pooling, KernelChoice.AUTO);
        same(sample.toString(), score(sample, pooling, KernelChoice.SCALAR), pooled);
        for (int s = 0; s < steps.size(); s++) {
            if (steps.get(s).defect().isPresent()) {
                assertThat(pooled.get(s).defect()).isPresent();
            } else if (sample.batch().get(s).length() == 0) { // the start
                same("sequence " + s, pooled.get(s).hidden(), last.get(s).hidden());
            } else {
                same(
                        "sequence " + s,
                        pooled.get(s).hidden()[0],
                        pool(steps.get(s).hidden(), pooling));
            }
        }
    }

    private static float[] pool(float[][] steps, Pooling pooling) {
        float[] pool = new float[steps[0].length];
        for (int unit = 0; unit < pool.length; unit++) {
            int column = unit;
            double sum = 0;
            for (float[] step : steps) {
                sum += step[column];
            }
            double max =
                    Arrays.stream(steps).mapToDouble(step -> step[column]).max().orElseThrow();
            pool[unit] = (float) (pooling == Pooling.MEAN ? sum / steps.length : max);
        }
        return pool;
    }

    @ParameterizedTest(name = "{1} of {0}")
    @MethodSource("engines")
    void theReferenceAgrees(Sample sample, Pooling pooling) {
        List<ScoredSequence> expected = score(sample, pooling, KernelChoice.REFERENCE);
        List<ScoredSequence> actual = score(sample, pooling, KernelChoice.AUTO);
        boolean plain = sample.model().directions().stream()
                .allMatch(direction -> direction.variant().isPlain());
        for (int s = 0; s < expected.size(); s++) {
            if (expected.get(s).defect().isPresent() || !plain) {
                continue; // the states of variants may be large, and so may their errors; their bits are checked above
            }
            float[] pool = expected.get(s).hidden()[0];
            double allowed = Tolerance.state(sample.model(), 4);
            for (int unit = 0; unit < pool.length; unit++) {
                assertThat(Math.abs(actual.get(s).hidden()[0][unit] - pool[unit]))
                        .as("%s, sequence %s", sample, s)
                        .isLessThanOrEqualTo((float) allowed);
            }
        }
    }

    /** Other outputs don't change: a softmax still reads the last step, or the final states. */
    @Test
    void nothingElseIsPooled() {
        for (Readout readout : Readout.values()) {
            for (Sample sample : Samples.everyKind()) {
                Sample read = sample.readFrom(readout);
                ScoreRequest request = read.request(Steps.LAST);
                if (!request.needsOutputLayer()) {
                    continue;
                }
                List<ScoredSequence> plain =
                        read.compile(KernelChoice.AUTO).scorer(request).score(read.batch());
                List<ScoredSequence> pooled = read.compile(KernelChoice.AUTO)
                        .scorer(request.withPooling(Pooling.MEAN))
                        .score(read.batch());
                for (int s = 0; s < plain.size(); s++) {
                    same(read.toString(), pooled.get(s).softmax(), plain.get(s).softmax());
                    same(read.toString(), pooled.get(s).cell(), plain.get(s).cell());
                }
            }
        }
    }

    @Test
    void aSequenceAloneHasTheBitsItHasInABatch() {
        for (Sample sample : Samples.everyKind()) {
            SequenceScorer scorer = sample.compile(KernelChoice.AUTO)
                    .scorer(new ScoreRequest(Steps.LAST, HIDDEN, 1).withPooling(Pooling.MEAN));
            List<ScoredSequence> alone = new ArrayList<>();
            for (Sequence sequence : sample.batch()) {
                alone.addAll(scorer.score(List.of(sequence)));
            }
            same(sample.toString(), scorer.score(sample.batch()), alone);
        }
    }

    @Test
    void poolsOfEachStepAreRefused() {
        ScoreRequest each = new ScoreRequest(Steps.EACH, HIDDEN, 1);
        assertThatThrownBy(() -> each.withPooling(Pooling.MEAN)).hasMessageContaining("one vector for each sequence");
        assertThat(each.withPooling(Pooling.LAST).pooling()).isEqualTo(Pooling.LAST);
    }
}
