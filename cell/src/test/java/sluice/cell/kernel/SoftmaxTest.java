package sluice.cell.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.Samples;
import sluice.cell.Tolerance;

class SoftmaxTest {
    private static final Kernel KERNEL = new ScalarKernel();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 16, 17, 1023, 1024, 1025, 2048, 5000})
    void probabilitiesEqualTheFormula(int classes) {
        for (float magnitude : new float[] {0.01f, 3, 50}) {
            float[] logits = new Samples(classes).floats(classes, magnitude);
            assertIsSoftmax(logits);
        }
    }

    /** The largest logit is not in the first block, so that the sum of earlier blocks must be scaled down. */
    @Test
    void theLargestLogitInALaterBlock() {
        float[] logits = new Samples(1).floats(3 * Softmax.BLOCK, 1);
        logits[2 * Softmax.BLOCK + 5] = 9;
        assertIsSoftmax(logits);
    }

    @Test
    void theLargestLogitInAnEarlierBlock() {
        float[] logits = new Samples(1).floats(3 * Softmax.BLOCK, 1);
        logits[5] = 9;
        assertIsSoftmax(logits);
    }

    @Test
    void aMuchSmallerBlockDoesNotChangeTheSum() {
        float[] logits = new float[2 * Softmax.BLOCK];
        Arrays.fill(logits, Softmax.BLOCK, 2 * Softmax.BLOCK, 1e30f);
        Softmax softmax = of(logits);
        assertThat(softmax.probability(1e30f)).isEqualTo(1f / Softmax.BLOCK);
        assertThat(softmax.probability(0)).isZero();
        assertThat(softmax.logProbability(0)).isCloseTo(-1e30, within(1e24));
    }

    @Test
    void equalLogitsHaveEqualProbabilities() {
        for (float logit : new float[] {0, -0x1p126f, 0x1p126f, 1e-40f}) {
            float[] logits = new float[4096];
            Arrays.fill(logits, logit);
            Softmax softmax = of(logits);
            assertThat(softmax.probability(logit)).as("of %s", logit).isEqualTo(0x1p-12f);
            assertThat(softmax.logProbability(logit))
                    .as("of %s", logit)
                    .isCloseTo(-StrictMath.log(4096), within(4 * Tolerance.DOUBLE * 9));
        }
    }

    @Test
    void theLargestAndTheSmallestAllowedLogit() {
        Softmax softmax = of(-0x1p126f, 0x1p126f);
        assertThat(softmax.probability(0x1p126f)).isEqualTo(1);
        assertThat(softmax.probability(-0x1p126f)).isZero();
        assertThat(softmax.logProbability(0x1p126f)).isZero();
        assertThat(softmax.logProbability(-0x1p126f)).isEqualTo(-0x1p127);
    }

    @Test
    void aLogProbabilityDoesNotUnderflow() {
        Softmax softmax = of(0, -200);
        assertThat(softmax.probability(-200)).isZero();
        assertThat(softmax.logProbability(-200)).isEqualTo(-200);
    }

    @Test
    void clearRemovesAllBlocks() {
        Softmax softmax = of(100, 200);
        softmax.clear();
        add(softmax, -3, -3);
        assertThat(softmax.max()).isEqualTo(-3);
        assertThat(softmax.probability(-3)).isEqualTo(0.5f);
    }

    private static void assertIsSoftmax(float[] logits) {
        Softmax softmax = of(logits);
        float[] probabilities = logits.clone();
        KERNEL.exponentials(probabilities, 0, probabilities.length, softmax.max(), softmax.scale());
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += StrictMath.exp(logit - max);
        }
        assertThat(softmax.max()).isEqualTo((float) max);
        double total = 0;
        for (int at = 0; at < logits.length; at++) {
            double expected = StrictMath.exp(logits[at] - max) / sum;
            double relative = Tolerance.softmaxRelative(logits.length, max - logits[at]);
            assertThat((double) probabilities[at])
                    .as("class %d of %d, logit %s", at, logits.length, logits[at])
                    .isCloseTo(expected, within(expected * relative + Float.MIN_NORMAL));
            assertThat(softmax.probability(logits[at])).isEqualTo(probabilities[at]);
            assertThat(softmax.logProbability(logits[at])).isCloseTo(StrictMath.log(expected), within(relative));
            total += probabilities[at];
        }
        assertThat(total).as("sum").isCloseTo(1, within(Tolerance.sumOfProbabilities(logits.length)));
    }

    private static Softmax of(float... logits) {
        Softmax softmax = new Softmax();
        softmax.clear();
        add(softmax, logits);
        return softmax;
    }

    private static void add(Softmax softmax, float... logits) {
        for (int first = 0; first < logits.length; first += Softmax.BLOCK) {
            int count = Math.min(Softmax.BLOCK, logits.length - first);
            float max = KERNEL.max(logits, first, count);
            softmax.add(max, KERNEL.sumOfExponentials(logits, first, count, max));
        }
    }
}
