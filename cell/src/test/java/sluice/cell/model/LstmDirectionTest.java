package sluice.cell.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** H = 2, I = 3, and P = 1 with a projection. */
class LstmDirectionTest {
    private static final LstmDirection PLAIN = LstmDirection.plain(counted(8, 3), counted(8, 2), counted(8));
    private static final LstmDirection PROJECTED =
            LstmDirection.projected(counted(8, 3), counted(8, 1), counted(8), counted(1, 2));

    @Test
    void widthsFollowFromTheWeights() {
        assertThat(PLAIN.inputWidth()).isEqualTo(3);
        assertThat(PLAIN.hiddenWidth()).isEqualTo(2);
        assertThat(PLAIN.outputWidth()).isEqualTo(2);
        assertThat(PLAIN.projection()).isEmpty();
        assertThat(PROJECTED.hiddenWidth()).isEqualTo(2);
        assertThat(PROJECTED.outputWidth()).isEqualTo(1);
        assertThat(PROJECTED.projection()).isPresent();
    }

    @Test
    void gatesAreInTheOrderInputForgetCandidateOutput() {
        assertThat(PLAIN.inputWeights(Gate.INPUT).values()).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(PLAIN.inputWeights(Gate.FORGET).values()).containsExactly(6, 7, 8, 9, 10, 11);
        assertThat(PLAIN.hiddenWeights(Gate.CANDIDATE).values()).containsExactly(8, 9, 10, 11);
        assertThat(PLAIN.bias(Gate.OUTPUT)).containsExactly(6, 7);
    }

    @Test
    void statesStartFromZerosByDefault() {
        assertThat(PROJECTED.initialHidden()).containsExactly(0);
        assertThat(PROJECTED.initialCell()).containsExactly(0, 0);
        LstmDirection started = PROJECTED.startingFrom(new float[] {5}, new float[] {6, 7});
        assertThat(started.initialHidden()).containsExactly(5);
        assertThat(started.initialCell()).containsExactly(6, 7);
        started.initialCell()[0] = 9;
        assertThat(started.initialCell()).containsExactly(6, 7);
    }

    @Test
    void aCopyChangesOneThing() {
        LstmDirection backward =
                PROJECTED.startingFrom(new float[] {5}, new float[] {6, 7}).backward();
        assertThat(PROJECTED.reversed()).isFalse();
        assertThat(backward.reversed()).isTrue();
        assertThat(backward.initialHidden()).containsExactly(5);
        assertThat(backward.projection()).isEqualTo(PROJECTED.projection());
        assertThat(backward.startingFrom(new float[1], new float[2]).reversed()).isTrue();
    }

    @Test
    void inputWeightsAreFourBlocks() {
        assertRefused(
                () -> LstmDirection.plain(counted(6, 3), counted(8, 2), counted(8)),
                "input weights of shape (6, 3): expected (4H, I), a multiple of 4 rows");
    }

    @Test
    void hiddenWeightsAreFourSquares() {
        assertRefused(
                () -> LstmDirection.plain(counted(8, 3), counted(8, 3), counted(8)),
                "hidden weights of shape (8, 3): expected (4H, H) = (8, 2)");
        assertRefused(
                () -> LstmDirection.plain(counted(8, 3), counted(4, 2), counted(8)),
                "hidden weights of shape (4, 2): expected (4H, H) = (8, 2)");
    }

    @Test
    void hiddenWeightsReadTheProjectedState() {
        assertRefused(
                () -> LstmDirection.projected(counted(8, 3), counted(8, 2), counted(8), counted(1, 2)),
                "hidden weights of shape (8, 2): expected (4H, P) = (8, 1)");
    }

    @Test
    void aProjectionReadsTheCell() {
        assertRefused(
                () -> LstmDirection.projected(counted(8, 3), counted(8, 1), counted(8), counted(1, 3)),
                "a projection of shape (1, 3): expected (P, H) with H = 2");
    }

    @Test
    void aBiasHasOneValueForEachGateAndUnit() {
        assertRefused(
                () -> LstmDirection.plain(counted(8, 3), counted(8, 2), counted(4)),
                "the bias of a layer with H = 2 has 4 values, expected 8");
    }

    @Test
    void aBiasIsFinite() {
        float[] bias = counted(8);
        bias[5] = Float.NaN;
        assertRefused(
                () -> LstmDirection.plain(counted(8, 3), counted(8, 2), bias),
                "the bias of a layer holds NaN at index 5: weights must be finite numbers; train or export it again");
    }

    @Test
    void anInitialStateFits() {
        assertRefused(
                () -> PROJECTED.startingFrom(new float[2], new float[2]),
                "an initial hidden state has 2 values, expected 1");
        assertRefused(
                () -> PROJECTED.startingFrom(new float[1], new float[1]),
                "an initial cell state has 1 values, expected 2");
        assertRefused(
                () -> PROJECTED.startingFrom(new float[1], new float[] {0, Float.NEGATIVE_INFINITY}),
                "an initial cell state holds -Infinity at index 1: weights must be finite numbers; train or export it"
                        + " again");
    }

    @Test
    void twoDirectionsAreAForwardAndABackwardOne() {
        String message = "a bidirectional layer takes a forward direction, then a backward one";
        assertRefused(() -> LstmLayer.bidirectional(PLAIN, PLAIN), message);
        assertRefused(() -> LstmLayer.bidirectional(PLAIN.backward(), PLAIN.backward()), message);
        assertRefused(() -> LstmLayer.bidirectional(PLAIN.backward(), PLAIN), message);
    }

    @Test
    void twoDirectionsReadTheSameInput() {
        LstmDirection wider = LstmDirection.plain(counted(8, 4), counted(8, 2), counted(8));
        assertRefused(
                () -> LstmLayer.bidirectional(PLAIN, wider.backward()),
                "the directions of a layer read inputs of width 3 and 4: expected the same");
    }

    @Test
    void aLayerConcatenatesBothDirections() {
        LstmLayer layer = LstmLayer.bidirectional(PLAIN, PROJECTED.backward());
        assertThat(layer.outputWidth()).isEqualTo(3);
        assertThat(layer.looksAhead()).isTrue();
        assertThat(layer).hasToString("2 + 2 -> 1 backward");
        assertThat(LstmLayer.of(PLAIN).looksAhead()).isFalse();
        assertThat(LstmLayer.of(PLAIN.backward()).looksAhead()).isTrue();
    }

    @Test
    void aLayerMayMergeItsDirections() {
        for (LstmLayer.Merge merge : LstmLayer.Merge.values()) {
            LstmLayer layer = LstmLayer.bidirectional(PLAIN, PLAIN.backward(), merge);
            assertThat(layer.merge()).isEqualTo(merge);
            assertThat(layer.outputWidth()).isEqualTo(merge == LstmLayer.Merge.CONCAT ? 4 : 2);
        }
        assertThat(LstmLayer.bidirectional(PLAIN, PLAIN.backward(), LstmLayer.Merge.SUM))
                .hasToString("2 + 2 backward merged by SUM");
        assertThat(LstmLayer.of(PLAIN).merge()).isEqualTo(LstmLayer.Merge.CONCAT);
    }

    @Test
    void directionsThatAreMergedUnitByUnitAreOfOneWidth() {
        assertRefused(
                () -> LstmLayer.bidirectional(PLAIN, PROJECTED.backward(), LstmLayer.Merge.MUL),
                "directions with outputs of width 2 and 1 can't be merged by MUL: expected the same");
    }

    @Test
    void toStringListsTheCells() {
        assertThat(LstmLayer.of(PLAIN.with(CellVariant.PLAIN.withClip(3).withCoupledGates())))
                .hasToString("2 (coupled gates, clip 3.0)");
    }

    private static void assertRefused(ThrowingCallable code, String message) {
        assertThatThrownBy(code).isInstanceOf(ModelException.class).hasMessage(message);
    }

    private static Matrix counted(int rows, int columns) {
        return Matrix.of(rows, columns, counted(rows * columns));
    }

    /** 0, 1, 2 and so on: each value is its own index. */
    private static float[] counted(int count) {
        float[] values = new float[count];
        for (int at = 0; at < count; at++) {
            values[at] = at;
        }
        return values;
    }
}
