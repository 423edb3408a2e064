package sluice.cell.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CellVariantTest {
    private static final Activation RELU = Activation.of(Activation.Kind.RELU);
    private static final Activation SIGMOID = Activation.of(Activation.Kind.SIGMOID);
    private static final Activation TANH = Activation.of(Activation.Kind.TANH);
    private static final CellVariant.Peepholes PEEPHOLES =
            new CellVariant.Peepholes(new float[] {1, 2}, new float[] {3, 4}, new float[] {5, 6});
    private static final LstmDirection DIRECTION =
            LstmDirection.plain(Matrix.of(8, 3, new float[24]), Matrix.of(8, 2, new float[16]), new float[8]);

    @Test
    void thePlainCellIsSigmoidsAndTanhs() {
        assertThat(CellVariant.PLAIN.gate()).isEqualTo(SIGMOID);
        assertThat(CellVariant.PLAIN.candidate()).isEqualTo(TANH);
        assertThat(CellVariant.PLAIN.output()).isEqualTo(TANH);
        assertThat(CellVariant.PLAIN.clip()).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(CellVariant.PLAIN.coupled()).isFalse();
        assertThat(CellVariant.PLAIN.peepholes()).isEmpty();
        assertThat(CellVariant.PLAIN.isPlain()).isTrue();
        assertThat(CellVariant.PLAIN).hasToString("plain");
    }

    @Test
    void aCopyChangesOneThing() {
        CellVariant variant = CellVariant.PLAIN
                .withPeepholes(PEEPHOLES)
                .withClip(3)
                .withCoupledGates()
                .withActivations(SIGMOID, RELU, TANH);
        assertThat(variant.peepholes().orElseThrow().input()).containsExactly(1, 2);
        assertThat(variant.peepholes().orElseThrow().forget()).containsExactly(3, 4);
        assertThat(variant.peepholes().orElseThrow().output()).containsExactly(5, 6);
        assertThat(variant.clip()).isEqualTo(3);
        assertThat(variant.coupled()).isTrue();
        assertThat(variant.gate()).isEqualTo(SIGMOID);
        assertThat(variant.candidate()).isEqualTo(RELU);
        assertThat(variant.output()).isEqualTo(TANH);
        assertThat(variant).hasToString("peepholes, coupled gates, clip 3.0, SIGMOID RELU TANH");
        assertThat(CellVariant.PLAIN.isPlain()).isTrue();
    }

    @Test
    void anyDifferenceMakesItAVariant() {
        assertThat(CellVariant.PLAIN.withPeepholes(PEEPHOLES).isPlain()).isFalse();
        assertThat(CellVariant.PLAIN.withClip(3).isPlain()).isFalse();
        assertThat(CellVariant.PLAIN.withCoupledGates().isPlain()).isFalse();
        assertThat(CellVariant.PLAIN.withActivations(TANH, TANH, TANH).isPlain())
                .isFalse();
        assertThat(CellVariant.PLAIN.withActivations(SIGMOID, RELU, TANH).isPlain())
                .isFalse();
        assertThat(CellVariant.PLAIN.withActivations(SIGMOID, TANH, RELU).isPlain())
                .isFalse();
    }

    /** Some files state defaults explicitly. */
    @Test
    void explicitDefaultsAreThePlainCell() {
        CellVariant spelt = CellVariant.PLAIN
                .withActivations(new Activation(Activation.Kind.SIGMOID, 0.3f, 4), TANH, TANH)
                .withClip(Float.POSITIVE_INFINITY);
        assertThat(spelt.isPlain()).isTrue();
        assertThat(DIRECTION.with(spelt).variant()).isSameAs(CellVariant.PLAIN);
    }

    @ParameterizedTest
    @ValueSource(floats = {0, -0f, -1, Float.NaN, Float.NEGATIVE_INFINITY})
    void aClipIsAboveZero(float clip) {
        assertRefused(
                () -> CellVariant.PLAIN.withClip(clip),
                "a clip of %s: expected a number above 0, or none".formatted(clip));
    }

    @Test
    void peepholesAreOfOneLengthAndFinite() {
        assertRefused(
                () -> new CellVariant.Peepholes(new float[2], new float[3], new float[2]),
                "the forget gate's peephole has 3 values, expected 2");
        assertRefused(
                () -> new CellVariant.Peepholes(new float[2], new float[2], new float[1]),
                "the output gate's peephole has 1 values, expected 2");
        assertRefused(
                () -> new CellVariant.Peepholes(new float[] {0, Float.NaN}, new float[2], new float[2]),
                "the input gate's peephole holds NaN at index 1: weights must be finite numbers; train or export it"
                        + " again");
    }

    @Test
    void peepholesHaveOneWeightForEachUnit() {
        CellVariant wide =
                CellVariant.PLAIN.withPeepholes(new CellVariant.Peepholes(new float[3], new float[3], new float[3]));
        assertRefused(
                () -> DIRECTION.with(wide), "the input gate's peephole of a layer with H = 2 has 3 values, expected 2");
    }

    @Test
    void aDirectionKeepsItsVariant() {
        CellVariant variant = CellVariant.PLAIN.withClip(2);
        assertThat(DIRECTION.variant()).isSameAs(CellVariant.PLAIN);
        LstmDirection direction = DIRECTION.with(variant);
        assertThat(direction.variant()).isSameAs(variant);
        assertThat(direction.backward().variant()).isSameAs(variant);
        assertThat(direction.startingFrom(new float[2], new float[2]).variant()).isSameAs(variant);
        assertThat(direction.backward().with(CellVariant.PLAIN).reversed()).isTrue();
        assertThat(direction.with(CellVariant.PLAIN).variant()).isSameAs(CellVariant.PLAIN);
    }

    @Test
    void parametersOfAnActivationAreFinite() {
        assertRefused(
                () -> new Activation(Activation.Kind.ELU, Float.NaN, 0),
                "the activation ELU has alpha NaN: expected a finite number; export the model again");
        assertRefused(
                () -> new Activation(Activation.Kind.AFFINE, 1, Float.POSITIVE_INFINITY),
                "the activation AFFINE has beta Infinity: expected a finite number; export the model again");
    }

    /** So that equal functions compare equal and have equal fingerprints. */
    @Test
    void parametersThatAKindDoesNotHaveAreIgnored() {
        assertThat(new Activation(Activation.Kind.TANH, 7, Float.NaN)).isEqualTo(TANH);
        assertThat(new Activation(Activation.Kind.ELU, 1, 7)).isEqualTo(Activation.of(Activation.Kind.ELU));
        assertThat(new Activation(Activation.Kind.AFFINE, 1, -0f)).isEqualTo(Activation.of(Activation.Kind.AFFINE));
    }

    @Test
    void onnxHasDefaults() {
        assertThat(Activation.of(Activation.Kind.HARD_SIGMOID)).hasToString("HARD_SIGMOID(0.2, 0.5)");
        assertThat(Activation.of(Activation.Kind.LEAKY_RELU)).hasToString("LEAKY_RELU(0.01)");
        assertThat(Activation.of(Activation.Kind.ELU)).hasToString("ELU(1.0)");
        assertThat(Activation.of(Activation.Kind.THRESHOLDED_RELU)).hasToString("THRESHOLDED_RELU(1.0)");
        assertThat(Activation.of(Activation.Kind.AFFINE)).hasToString("AFFINE(1.0, 0.0)");
        assertThat(TANH).hasToString("TANH");
    }

    private static void assertRefused(ThrowingCallable code, String message) {
        assertThatThrownBy(code).isInstanceOf(ModelException.class).hasMessage(message);
    }
}
