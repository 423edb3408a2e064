package sluice.cell.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import breeze.linalg.DenseVector;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.Samples;
import sluice.cell.Tolerance;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;

/** A few steps of each variant against {@link TextbookCell}. */
class VariantCellTest {
    private static final int INPUT = 3;
    private static final int HIDDEN = 5;
    private static final int STEPS = 4;

    private static final Activation SIGMOID = Activation.of(Activation.Kind.SIGMOID);
    private static final Activation TANH = Activation.of(Activation.Kind.TANH);
    private static final CellVariant.Peepholes PEEPHOLES = new Samples(3).peepholes(HIDDEN);

    private static Stream<CellVariant> variants() {
        return Stream.of(
                CellVariant.PLAIN.withPeepholes(PEEPHOLES),
                CellVariant.PLAIN.withClip(0.25f),
                CellVariant.PLAIN.withCoupledGates(),
                CellVariant.PLAIN.withPeepholes(PEEPHOLES).withClip(0.25f),
                CellVariant.PLAIN.withPeepholes(PEEPHOLES).withCoupledGates(),
                CellVariant.PLAIN.withActivations(
                        new Activation(Activation.Kind.HARD_SIGMOID, 1 / 6f, 0.5f), TANH, TANH),
                CellVariant.PLAIN
                        .withActivations(
                                Activation.of(Activation.Kind.HARD_SIGMOID),
                                new Activation(Activation.Kind.SCALED_TANH, 1.7f, 0.6f),
                                Activation.of(Activation.Kind.SOFTSIGN))
                        .withPeepholes(PEEPHOLES)
                        .withCoupledGates()
                        .withClip(0.5f));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void aVariantEqualsTheTextbookCell(CellVariant variant) {
        assertTextbook(new Samples(1).direction(INPUT, HIDDEN).with(variant));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void aProjectionIsAppliedLast(CellVariant variant) {
        assertTextbook(new Samples(2).projected(INPUT, HIDDEN, 2).with(variant));
    }

    @ParameterizedTest
    @EnumSource(Activation.Kind.class)
    void anActivationMayBeUsedAnywhere(Activation.Kind kind) {
        Activation any = Activation.of(kind);
        for (CellVariant variant : List.of(
                CellVariant.PLAIN.withActivations(any, TANH, TANH),
                CellVariant.PLAIN.withActivations(SIGMOID, any, TANH),
                CellVariant.PLAIN.withActivations(SIGMOID, TANH, any))) {
            LstmDirection direction = new Samples(4).direction(INPUT, HIDDEN);
            assertTextbook((kind == Activation.Kind.EXPONENTIAL ? quiet(direction) : direction).with(variant));
        }
    }

    /** A copy with weights so small that even an exponential that is fed back stays small. */
    private static LstmDirection quiet(LstmDirection direction) {
        for (Matrix matrix : List.of(direction.inputWeights(), direction.hiddenWeights())) {
            for (int at = 0; at < matrix.values().length; at++) {
                matrix.values()[at] /= 64;
            }
        }
        return direction;
    }

    /** VariantCell with the plain variant equals LstmCell. */
    @Test
    void thePlainVariantEqualsThePlainCell() {
        LstmDirection plain = new Samples(5).direction(INPUT, HIDDEN);
        assertThat(Cell.of(plain)).isInstanceOf(LstmCell.class);
        assertThat(Cell.of(plain.with(CellVariant.PLAIN))).isInstanceOf(LstmCell.class);
        assertThat(Cell.of(plain.with(CellVariant.PLAIN.withCoupledGates()))).isInstanceOf(VariantCell.class);
        LstmCell.State start = state(HIDDEN);
        LstmCell.State expected = new LstmCell(plain).step(x(1), start).after();
        LstmCell.State actual = new VariantCell(plain).step(x(1), start).after();
        assertClose(Algebra.array(actual.h()), Algebra.array(expected.h()));
        assertClose(Algebra.array(actual.c()), Algebra.array(expected.c()));
    }

    @Test
    void peepholesOfZeroChangeNothing() {
        LstmDirection plain = new Samples(6).direction(INPUT, HIDDEN);
        CellVariant.Peepholes blind =
                new CellVariant.Peepholes(new float[HIDDEN], new float[HIDDEN], new float[HIDDEN]);
        LstmCell.State expected = Cell.of(plain).step(x(1), state(HIDDEN)).after();
        LstmCell.State actual = Cell.of(plain.with(CellVariant.PLAIN.withPeepholes(blind)))
                .step(x(1), state(HIDDEN))
                .after();
        assertClose(Algebra.array(actual.h()), Algebra.array(expected.h()));
    }

    private static void assertTextbook(LstmDirection direction) {
        LstmCell.State actual = state(direction.outputWidth());
        TextbookCell.State expected =
                new TextbookCell.State(Algebra.array(actual.h()), Algebra.array(actual.c()), new double[0][]);
        for (int step = 0; step < STEPS; step++) {
            LstmCell.Step taken = Cell.of(direction).step(x(step), actual);
            actual = taken.after();
            expected = new TextbookCell(direction).step(Algebra.array(x(step)), expected.h(), expected.c());
            assertClose(Algebra.array(actual.c()), expected.c());
            assertClose(Algebra.array(actual.h()), expected.h());
            assertClose(Algebra.array(taken.gates().i()), expected.gates()[0]);
            assertClose(Algebra.array(taken.gates().f()), expected.gates()[1]);
            assertClose(Algebra.array(taken.gates().g()), expected.gates()[2]);
            assertClose(Algebra.array(taken.gates().o()), expected.gates()[3]);
        }
    }

    private static void assertClose(double[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int unit = 0; unit < expected.length; unit++) {
            assertThat(actual[unit]).isCloseTo(expected[unit], within(Tolerance.oracleSteps(STEPS, expected[unit])));
        }
    }

    private static DenseVector<Object> x(int step) {
        double[] x = new double[INPUT];
        Arrays.setAll(x, k -> Math.sin(7 * step + 3 * k + 1));
        return Algebra.vector(x);
    }

    private static LstmCell.State state(int shown) {
        double[] h = new double[shown];
        double[] c = new double[HIDDEN];
        Arrays.setAll(h, k -> Math.cos(5 * k + 1));
        Arrays.setAll(c, k -> 1.5 * Math.cos(3 * k + 2));
        return new LstmCell.State(Algebra.vector(h), Algebra.vector(c));
    }
}
