package sluice.cell.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sluice.cell.Samples;
import sluice.cell.Tolerance;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;

class ReferenceLstmTest {
    private static final int INPUT = 3;
    private static final int HIDDEN = 4;
    private static final LstmDirection FIRST = new Samples(1).direction(INPUT, HIDDEN);
    private static final LstmDirection SECOND = new Samples(2).direction(INPUT, HIDDEN);
    private static final double[][] INPUTS = inputs(5);

    @Test
    void backwardEqualsForwardOnTheReversedInput() {
        ReferenceLstm.Run backward = run(LstmLayer.of(FIRST.backward()), INPUTS);
        ReferenceLstm.Run mirrored = run(LstmLayer.of(FIRST), reversed(INPUTS));
        assertThat(backward.hidden()).isDeepEqualTo(reversed(mirrored.hidden()));
        assertThat(backward.cell()).isDeepEqualTo(reversed(mirrored.cell()));
        assertThat(backward.finalHidden()).isDeepEqualTo(mirrored.finalHidden());
        assertThat(backward.finalCell()).isDeepEqualTo(mirrored.finalCell());
    }

    @Test
    void twoDirectionsAreConcatenated() {
        ReferenceLstm.Run forward = run(LstmLayer.of(FIRST), INPUTS);
        ReferenceLstm.Run backward = run(LstmLayer.of(SECOND.backward()), INPUTS);
        ReferenceLstm.Run both = run(LstmLayer.bidirectional(FIRST, SECOND.backward()), INPUTS);
        for (int step = 0; step < INPUTS.length; step++) {
            assertThat(both.hidden()[step]).isEqualTo(joined(forward.hidden()[step], backward.hidden()[step]));
            assertThat(both.cell()[step]).isEqualTo(joined(forward.cell()[step], backward.cell()[step]));
        }
        assertThat(both.finalHidden()[0]).isEqualTo(forward.hidden()[4]);
        assertThat(both.finalHidden()[1]).isEqualTo(backward.hidden()[0]);
    }

    @Test
    void aLayerReadsTheOutputOfTheLayerBelow() {
        LstmDirection top = new Samples(3).direction(HIDDEN, 2);
        LstmModel stack = model(LstmLayer.of(FIRST), LstmLayer.of(top));
        ReferenceLstm.Run whole = new ReferenceLstm(stack)
                .run(INPUTS, new double[][] {zeros(HIDDEN), zeros(2)}, new double[][] {zeros(HIDDEN), zeros(2)});
        ReferenceLstm.Run below = run(LstmLayer.of(FIRST), INPUTS);
        ReferenceLstm.Run above = run(LstmLayer.of(top), below.hidden());
        assertThat(whole.hidden()).isDeepEqualTo(above.hidden());
        assertThat(whole.finalHidden()[0]).isEqualTo(below.finalHidden()[0]);
        assertThat(whole.finalCell()[1]).isEqualTo(above.finalCell()[0]);
    }

    @Test
    void anEmptySequenceEndsWhereItStarts() {
        ReferenceLstm.Run run = new ReferenceLstm(model(LstmLayer.of(FIRST)))
                .run(new double[0][], new double[][] {{1, 2, 3, 4}}, new double[][] {{5, 6, 7, 8}});
        assertThat(run.hidden()).isEmpty();
        assertThat(run.finalHidden()[0]).containsExactly(1, 2, 3, 4);
        assertThat(run.finalCell()[0]).containsExactly(5, 6, 7, 8);
    }

    @Test
    void probabilitiesEqualTheSoftmaxOfTheLogits() {
        OutputLayer output = new OutputLayer(Matrix.of(3, 1, new float[] {1, 0, -1}), new float[] {0, 0.5f, 0});
        ReferenceLstm lstm = withOutput(output);
        assertThat(lstm.logits(new double[] {2})).containsExactly(2, 0.5, -2);
        double sum = Math.exp(2) + Math.exp(0.5) + Math.exp(-2);
        double[] probabilities = lstm.probabilities(new double[] {2});
        assertThat(probabilities[0]).isCloseTo(Math.exp(2) / sum, within(Tolerance.oracleStep()));
        assertThat(probabilities[1]).isCloseTo(Math.exp(0.5) / sum, within(Tolerance.oracleStep()));
        assertThat(probabilities[2]).isCloseTo(Math.exp(-2) / sum, within(Tolerance.oracleStep()));
    }

    @Test
    void theSoftmaxOfLargeLogitsDoesNotOverflow() {
        OutputLayer output = new OutputLayer(Matrix.of(2, 1, new float[] {1e30f, 1e30f}), new float[] {0, 0});
        assertThat(withOutput(output).probabilities(new double[] {1})).containsExactly(0.5, 0.5);
    }

    private static ReferenceLstm withOutput(OutputLayer output) {
        LstmLayer layer = LstmLayer.of(new Samples(4).direction(1, 1));
        return new ReferenceLstm(new LstmModel(Optional.empty(), List.of(layer), Optional.of(output)));
    }

    private static ReferenceLstm.Run run(LstmLayer layer, double[][] inputs) {
        double[][] zeros = layer.directions().stream()
                .map(direction -> zeros(direction.hiddenWidth()))
                .toArray(double[][]::new);
        return new ReferenceLstm(model(layer)).run(inputs, zeros, zeros);
    }

    private static LstmModel model(LstmLayer... layers) {
        return new LstmModel(Optional.empty(), List.of(layers), Optional.empty());
    }

    private static double[] zeros(int width) {
        return new double[width];
    }

    private static double[][] inputs(int steps) {
        double[][] inputs = new double[steps][INPUT];
        for (int step = 0; step < steps; step++) {
            for (int k = 0; k < INPUT; k++) {
                inputs[step][k] = Math.sin(7 * step + 3 * k + 1);
            }
        }
        return inputs;
    }

    private static double[][] reversed(double[][] rows) {
        List<double[]> reversed = new ArrayList<>(Arrays.asList(rows));
        Collections.reverse(reversed);
        return reversed.toArray(double[][]::new);
    }

    private static double[] joined(double[] left, double[] right) {
        double[] joined = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, joined, left.length, right.length);
        return joined;
    }
}
