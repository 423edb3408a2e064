package sluice.cell.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import sluice.cell.Samples;

class LstmModelTest {
    private static final Samples SAMPLES = new Samples(1);
    private static final LstmLayer LAYER = LstmLayer.of(SAMPLES.direction(3, 2));

    @Test
    void hasTheWidthsOfItsParts() {
        LstmModel model = new LstmModel(
                Optional.of(SAMPLES.embedding(7, 3)),
                List.of(LAYER, LstmLayer.of(SAMPLES.projected(2, 5, 4))),
                Optional.of(SAMPLES.output(9, 4)));
        assertThat(model.inputWidth()).isEqualTo(3);
        assertThat(model.outputWidth()).isEqualTo(4);
        assertThat(model.tokens()).isEqualTo(7);
        assertThat(model.looksAhead()).isFalse();
        assertThat(model.parameters())
                .isEqualTo(7 * 3 + (8 * 3 + 8 * 2 + 8) + (20 * 2 + 20 * 4 + 20 + 4 * 5) + (9 * 4 + 9));
        assertThat(model).hasToString("7 tokens of width 3; LSTM 2, 5 -> 4; 9 classes");
    }

    @Test
    void aBareModelTakesOneTokenForEachColumn() {
        LstmModel model = new LstmModel(Optional.empty(), List.of(LAYER), Optional.empty());
        assertThat(model.tokens()).isEqualTo(3);
        assertThat(model).hasToString("input of width 3; LSTM 2; no output layer");
    }

    @Test
    void directionsAreListedForwardThenBackwardLayerByLayer() {
        LstmDirection a = SAMPLES.direction(3, 2);
        LstmDirection b = SAMPLES.direction(3, 2).backward();
        LstmDirection c = SAMPLES.direction(4, 2);
        LstmDirection d = SAMPLES.direction(4, 2).backward();
        LstmModel model = new LstmModel(
                Optional.empty(),
                List.of(LstmLayer.bidirectional(a, b), LstmLayer.bidirectional(c, d)),
                Optional.empty());
        assertThat(model.directions()).containsExactly(a, b, c, d);
        assertThat(model.looksAhead()).isTrue();
    }

    @Test
    void hasALayer() {
        assertRefused(
                () -> new LstmModel(Optional.empty(), List.of(), Optional.empty()),
                "a model without LSTM layers: expected at least one");
    }

    @Test
    void theFirstLayerReadsTheEmbedding() {
        assertRefused(
                () -> new LstmModel(Optional.of(SAMPLES.embedding(7, 4)), List.of(LAYER), Optional.empty()),
                "embedding rows of width 4 under a first layer that reads width 3");
    }

    @Test
    void aLayerReadsTheOneBelow() {
        assertRefused(
                () -> new LstmModel(Optional.empty(), List.of(LAYER, LAYER), Optional.empty()),
                "layer 1 reads inputs of width 3, but layer 0 has outputs of width 2");
    }

    @Test
    void theOutputLayerReadsTheTop() {
        assertRefused(
                () -> new LstmModel(Optional.empty(), List.of(LAYER), Optional.of(SAMPLES.output(9, 3))),
                "an output layer that reads width 3 over a top layer of width 2");
    }

    @Test
    void anOutputLayerHasOneBiasForEachClass() {
        assertRefused(
                () -> new OutputLayer(SAMPLES.matrix(9, 2, 1), new float[8]),
                "the bias of an output layer of shape (9, 2) has 8 values, expected 9");
        assertRefused(
                () -> new OutputLayer(SAMPLES.matrix(1, 2, 1), new float[] {Float.NaN}),
                "the bias of an output layer holds NaN at index 0: weights must be finite numbers; train or export it"
                        + " again");
        assertThat(new OutputLayer(SAMPLES.matrix(9, 2, 1)).bias())
                .containsOnly(0)
                .hasSize(9);
    }

    @Test
    void equalModelsHaveEqualFingerprints() {
        assertThat(weights().model().fingerprint())
                .isEqualTo(weights().model().fingerprint())
                .matches("[0-9a-f]{64}");
    }

    @Test
    void anyOneWeightChangesTheFingerprint() {
        Set<String> seen = new HashSet<>(Set.of(weights().model().fingerprint()));
        int arrays = weights().all().size();
        for (int array = 0; array < arrays; array++) {
            for (int at = 0; at < weights().all().get(array).length; at++) {
                Weights changed = weights();
                float[] values = changed.all().get(array);
                values[at] = Math.nextUp(values[at]);
                assertThat(seen.add(changed.model().fingerprint()))
                        .as("array %d, index %d", array, at)
                        .isTrue();
            }
        }
    }

    @Test
    void theDirectionIsPartOfTheFingerprint() {
        LstmDirection direction = SAMPLES.direction(3, 2);
        assertThat(fingerprint(direction)).isNotEqualTo(fingerprint(direction.backward()));
    }

    @Test
    void shapesArePartOfTheFingerprint() {
        float[] values = SAMPLES.floats(12, 1);
        List<LstmLayer> layers = List.of(LstmLayer.of(SAMPLES.direction(3, 2)));
        List<LstmLayer> wider = List.of(LstmLayer.of(SAMPLES.direction(4, 2)));
        LstmModel four = new LstmModel(Optional.of(new Embedding(Matrix.of(4, 3, values))), layers, Optional.empty());
        LstmModel three = new LstmModel(Optional.of(new Embedding(Matrix.of(3, 4, values))), wider, Optional.empty());
        assertThat(four.fingerprint()).isNotEqualTo(three.fingerprint());
    }

    @Test
    void explicitZerosAreTheDefault() {
        LstmDirection direction = SAMPLES.direction(3, 2);
        assertThat(fingerprint(direction.startingFrom(new float[2], new float[2])))
                .isEqualTo(fingerprint(direction));
    }

    /** Reports and caches identify models by the fingerprint, so that of a plain model must not change between versions. */
    @Test
    void aPlainModelHasTheRecordedFingerprint() {
        LstmDirection direction =
                LstmDirection.plain(counted(8, 3), counted(8, 2), counted(8, 1).values());
        assertThat(fingerprint(direction))
                .isEqualTo("beb0f9debbcaa5777367ebb5b891fa8573510ae007777b8ebdfbc625ba78214c");
        assertThat(fingerprint(direction.with(CellVariant.PLAIN))).isEqualTo(fingerprint(direction));
    }

    private static Matrix counted(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int at = 0; at < values.length; at++) {
            values[at] = at;
        }
        return Matrix.of(rows, columns, values);
    }

    @Test
    void theVariantIsPartOfTheFingerprint() {
        LstmDirection direction = SAMPLES.direction(3, 2);
        Activation tanh = Activation.of(Activation.Kind.TANH);
        Activation elu = Activation.of(Activation.Kind.ELU);
        Activation softElu = new Activation(Activation.Kind.ELU, 0.5f, 0);
        List<CellVariant> variants = List.of(
                CellVariant.PLAIN,
                CellVariant.PLAIN.withActivations(tanh, tanh, tanh),
                CellVariant.PLAIN.withActivations(tanh, elu, tanh),
                CellVariant.PLAIN.withActivations(tanh, softElu, tanh),
                CellVariant.PLAIN.withActivations(tanh, tanh, elu),
                CellVariant.PLAIN.withCoupledGates(),
                CellVariant.PLAIN.withClip(2),
                CellVariant.PLAIN.withClip(3),
                CellVariant.PLAIN.withPeepholes(new CellVariant.Peepholes(new float[2], new float[2], new float[2])));
        Set<String> seen = new HashSet<>();
        for (CellVariant variant : variants) {
            assertThat(seen.add(fingerprint(direction.with(variant))))
                    .as(variant.toString())
                    .isTrue();
        }
    }

    @Test
    void aPeepholeIsAWeight() {
        CellVariant.Peepholes peepholes = SAMPLES.peepholes(2);
        LstmDirection direction = SAMPLES.direction(3, 2).with(CellVariant.PLAIN.withPeepholes(peepholes));
        LstmModel model = new LstmModel(Optional.empty(), List.of(LstmLayer.of(direction)), Optional.empty());
        assertThat(model.parameters()).isEqualTo(8 * 3 + 8 * 2 + 8 + 3 * 2);
        for (float[] values : List.of(peepholes.input(), peepholes.forget(), peepholes.output())) {
            model.verify();
            float right = values[1];
            values[1] = Math.nextUp(right);
            assertThatThrownBy(model::verify).isInstanceOf(ModelException.class);
            values[1] = right;
        }
    }

    @Test
    void theMergeIsPartOfTheFingerprint() {
        LstmDirection forward = SAMPLES.direction(3, 2);
        LstmDirection backward = SAMPLES.direction(3, 2).backward();
        Set<String> seen = new HashSet<>();
        for (LstmLayer.Merge merge : LstmLayer.Merge.values()) {
            LstmLayer layer = LstmLayer.bidirectional(forward, backward, merge);
            assertThat(seen.add(new LstmModel(Optional.empty(), List.of(layer), Optional.empty()).fingerprint()))
                    .as(merge.name())
                    .isTrue();
        }
    }

    @Test
    void aVariantIsSerializable() throws IOException, ClassNotFoundException {
        LstmDirection direction = SAMPLES.direction(3, 2)
                .with(CellVariant.PLAIN
                        .withActivations(
                                new Activation(Activation.Kind.HARD_SIGMOID, 0.25f, 0.75f),
                                Activation.of(Activation.Kind.SOFTPLUS),
                                new Activation(Activation.Kind.ELU, 0.5f, 0))
                        .withClip(2)
                        .withCoupledGates()
                        .withPeepholes(SAMPLES.peepholes(2)));
        LstmLayer layer = LstmLayer.bidirectional(direction, direction.backward(), LstmLayer.Merge.AVERAGE);
        LstmModel model = new LstmModel(Optional.empty(), List.of(layer), Optional.empty());
        LstmModel arrived = roundTrip(model);
        arrived.verify();
        assertThat(arrived.fingerprint()).isEqualTo(model.fingerprint());
        assertThat(arrived).hasToString(model.toString());
    }

    private static String fingerprint(LstmDirection direction) {
        return new LstmModel(Optional.empty(), List.of(LstmLayer.of(direction)), Optional.empty()).fingerprint();
    }

    /** Longer than a chunk of the digest. */
    @Test
    void theLastOfManyWeightsIsPartOfTheFingerprint() {
        LstmModel model = new LstmModel(Optional.of(SAMPLES.embedding(20_000, 3)), List.of(LAYER), Optional.empty());
        model.verify();
        float[] values = model.embedding().orElseThrow().table().values();
        values[values.length - 1] += 1;
        assertThatThrownBy(model::verify).isInstanceOf(ModelException.class);
    }

    @Test
    void verifyFindsAChangedWeight() {
        int arrays = weights().all().size();
        for (int array = 0; array < arrays; array++) {
            Weights weights = weights();
            LstmModel model = weights.model();
            String expected = model.fingerprint();
            model.verify();
            weights.all().get(array)[0] += 1;
            assertThatThrownBy(model::verify)
                    .as("array %d", array)
                    .isInstanceOf(ModelException.class)
                    .hasMessageStartingWith("the model arrived damaged: its weights have SHA-256 ")
                    .hasMessageEndingWith(
                            ", expected " + expected + "; check the serializer settings (spark.serializer,"
                                    + " spark.kryo.*) and the memory of this machine");
        }
    }

    @Test
    void aModelIsSerializable() throws IOException, ClassNotFoundException {
        LstmModel model = weights().model();
        LstmModel arrived = roundTrip(model);
        arrived.verify();
        assertThat(arrived.fingerprint()).isEqualTo(model.fingerprint());
        assertThat(arrived).hasToString(model.toString());
    }

    /** An embedding that is also the output layer's weights is one array, before and after serialization. */
    @Test
    void tiedWeightsStayOneArray() throws IOException, ClassNotFoundException {
        Matrix tied = SAMPLES.matrix(9, 2, 1);
        LstmModel model = new LstmModel(
                Optional.of(new Embedding(tied)),
                List.of(LstmLayer.of(SAMPLES.direction(2, 2))),
                Optional.of(new OutputLayer(tied)));
        LstmModel arrived = roundTrip(model);
        arrived.verify();
        assertThat(arrived.embedding().orElseThrow().table().values())
                .isSameAs(arrived.output().orElseThrow().weights().values());
    }

    private static LstmModel roundTrip(LstmModel model) throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(model);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return (LstmModel) in.readObject();
        }
    }

    private static void assertRefused(ThrowingCallable code, String message) {
        assertThatThrownBy(code).isInstanceOf(ModelException.class).hasMessage(message);
    }

    /**
     * A model with all parts: two directions with projections and initial states, an embedding, an output layer.
     */
    private static Weights weights() {
        Samples samples = new Samples(2);
        return new Weights(
                samples.floats(4 * 3, 1),
                List.of(halfLayer(samples), halfLayer(samples)),
                samples.floats(5 * 2, 1),
                samples.floats(5, 1));
    }

    /** H = 2, P = 1, I = 3. */
    private static HalfLayer halfLayer(Samples samples) {
        return new HalfLayer(
                samples.floats(8 * 3, 1),
                samples.floats(8, 1),
                samples.floats(8, 1),
                samples.floats(2, 1),
                samples.floats(1, 1),
                samples.floats(2, 1));
    }

    private record HalfLayer(float[] u, float[] w, float[] b, float[] r, float[] h, float[] c) {
        LstmDirection direction() {
            return LstmDirection.projected(Matrix.of(8, 3, u), Matrix.of(8, 1, w), b, Matrix.of(1, 2, r))
                    .startingFrom(h, c);
        }
    }

    private record Weights(float[] embedding, List<HalfLayer> halves, float[] v, float[] d) {
        LstmModel model() {
            LstmLayer layer = LstmLayer.bidirectional(
                    halves.get(0).direction(), halves.get(1).direction().backward());
            return new LstmModel(
                    Optional.of(new Embedding(Matrix.of(4, 3, embedding))),
                    List.of(layer),
                    Optional.of(new OutputLayer(Matrix.of(5, 2, v), d)));
        }

        List<float[]> all() {
            HalfLayer a = halves.get(0);
            HalfLayer z = halves.get(1);
            return List.of(embedding, a.u, a.w, a.b, a.r, a.h, a.c, z.u, z.w, z.b, z.r, z.h, z.c, v, d);
        }
    }
}
