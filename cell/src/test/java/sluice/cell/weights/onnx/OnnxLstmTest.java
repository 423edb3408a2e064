package sluice.cell.weights.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static sluice.cell.weights.onnx.OnnxWriter.number;
import static sluice.cell.weights.onnx.OnnxWriter.real;
import static sluice.cell.weights.onnx.OnnxWriter.reals;
import static sluice.cell.weights.onnx.OnnxWriter.text;
import static sluice.cell.weights.onnx.OnnxWriter.texts;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.Activation;
import sluice.cell.model.Activation.Kind;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.Models;
import sluice.cell.weights.file.Shape;

/** Attributes and inputs of the operator LSTM. Each graph has a single LSTM node. */
class OnnxLstmTest {
    private static final int WIDTH = 3;
    private static final int HIDDEN = 2;

    private final Random random = new Random(3);
    private final LstmLayer forward = LstmLayer.of(Models.direction(random, WIDTH, HIDDEN));
    private final LstmLayer bidirectional = LstmLayer.bidirectional(
            Models.direction(random, WIDTH, HIDDEN),
            Models.direction(random, WIDTH, HIDDEN).backward());

    private OnnxWriter onnx(LstmLayer layer) {
        return new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "first", "second", WIDTH)
                .weights("", layer)
                .output("Y");
    }

    @SafeVarargs
    private LstmModel read(LstmLayer layer, Consumer<ProtoWriter>... attributes) throws IOException {
        return read(onnx(layer).named("lstm", "LSTM", "X,W,R,B", "Y", attributes));
    }

    private static LstmModel read(OnnxWriter onnx) throws IOException {
        return OnnxReaderTest.read(onnx.bytes()).model();
    }

    @SafeVarargs
    private void assertRejected(LstmLayer layer, String message, Consumer<ProtoWriter>... attributes) {
        assertThatThrownBy(() -> read(layer, attributes))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.onnx: node 'lstm' (LSTM): ")
                .hasMessageContaining(message);
    }

    @Test
    void aNodeWithoutAttributesIsThePlainCell() throws IOException {
        LstmModel model = read(forward);

        assertThat(model.directions())
                .hasSize(1)
                .allMatch(direction -> direction.variant().isPlain());
        assertThat(model.embedding()).isEmpty();
        assertThat(model.output()).isEmpty();
        assertThat(model.inputWidth()).isEqualTo(WIDTH);
    }

    @ParameterizedTest
    @CsvSource({
        "Sigmoid,SIGMOID",
        "tanh,TANH",
        "RELU,RELU",
        "LeakyRelu,LEAKY_RELU",
        "HardSigmoid,HARD_SIGMOID",
        "Elu,ELU",
        "Softsign,SOFTSIGN",
        "Softplus,SOFTPLUS"
    })
    void everyActivationHasItsDefaultParameters(String name, Kind kind) throws IOException {
        CellVariant variant = read(forward, texts("activations", List.of(name, "Tanh", name)))
                .directions()
                .get(0)
                .variant();

        assertThat(variant.gate()).isEqualTo(Activation.of(kind));
        assertThat(variant.candidate()).isEqualTo(Activation.of(Kind.TANH));
        assertThat(variant.output()).isEqualTo(Activation.of(kind));
    }

    @Test
    void parametersAreAssignedInTheOrderOfFunctionsWithParameters() throws IOException {
        List<String> names = List.of("HardSigmoid", "Tanh", "ScaledTanh", "Sigmoid", "LeakyRelu", "Affine");
        LstmModel model = read(
                bidirectional,
                text("direction", "bidirectional"),
                texts("activations", names),
                reals("activation_alpha", 0.1f, 0.2f, 0.3f, 0.4f),
                reals("activation_beta", 0.5f, 0.6f, 0.7f));

        CellVariant first = model.directions().get(0).variant();
        CellVariant second = model.directions().get(1).variant();
        assertThat(first.gate()).isEqualTo(new Activation(Kind.HARD_SIGMOID, 0.1f, 0.5f));
        assertThat(first.candidate()).isEqualTo(Activation.of(Kind.TANH));
        assertThat(first.output()).isEqualTo(new Activation(Kind.SCALED_TANH, 0.2f, 0.6f));
        assertThat(second.gate()).isEqualTo(Activation.of(Kind.SIGMOID));
        assertThat(second.candidate()).isEqualTo(new Activation(Kind.LEAKY_RELU, 0.3f, 0));
        assertThat(second.output()).isEqualTo(new Activation(Kind.AFFINE, 0.4f, 0.7f));
    }

    @Test
    void leftOverParametersAreRejected() {
        assertRejected(
                forward,
                "attribute 'activation_alpha' has 3 values, expected at most 1",
                texts("activations", List.of("HardSigmoid", "Tanh", "Tanh")),
                reals("activation_alpha", 0.2f, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ScaledTanh", "Affine", "ThresholdedRelu"})
    void someActivationsHaveNoDefaultAlpha(String name) {
        assertRejected(forward, name + " has no alpha", texts("activations", List.of("Sigmoid", name, "Tanh")));
    }

    @Test
    void anUnknownActivationIsRejected() {
        assertRejected(
                forward,
                "the activation 'Swish' is not known, expected one of sigmoid",
                texts("activations", List.of("Swish", "Tanh", "Tanh")));
    }

    @Test
    void aWrongNumberOfActivationsIsRejected() {
        assertRejected(
                bidirectional,
                "expected 6 names",
                text("direction", "bidirectional"),
                texts("activations", List.of("Sigmoid", "Tanh", "Tanh")));
    }

    @Test
    void clipAndCoupledGatesAreRead() throws IOException {
        CellVariant variant = read(forward, real("clip", 1.5f), number("input_forget", 1))
                .directions()
                .get(0)
                .variant();

        assertThat(variant.clip()).isEqualTo(1.5f);
        assertThat(variant.coupled()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "NaN"})
    void anInvalidClipIsRejected(float clip) {
        assertRejected(forward, "a clip of " + clip, real("clip", clip));
    }

    /** The ONNX order is i, o, f. */
    @Test
    void peepholesAreReordered() throws IOException {
        OnnxWriter onnx = onnx(forward)
                .floats("P", new float[] {1, 2, 3, 4, 5, 6}, 1, 3 * HIDDEN)
                .node("LSTM", "X,W,R,B,,,,P", "Y");

        CellVariant.Peepholes read =
                read(onnx).directions().get(0).variant().peepholes().orElseThrow();

        assertThat(read.input()).containsExactly(1, 2);
        assertThat(read.output()).containsExactly(3, 4);
        assertThat(read.forget()).containsExactly(5, 6);
    }

    @Test
    void bothHalvesOfTheBiasAreAdded() throws IOException {
        float[] halves = new float[16 * HIDDEN / 2];
        for (int at = 0; at < halves.length; at++) {
            halves[at] = at < 8 ? at : 100;
        }
        OnnxWriter onnx = new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "first", "second", WIDTH)
                .weights("", forward)
                .floats("halves", halves, 1, 16)
                .node("LSTM", "X,W,R,halves", "Y")
                .output("Y");

        LstmDirection direction = read(onnx).directions().get(0);

        assertThat(direction.bias()).containsExactly(100, 101, 104, 105, 106, 107, 102, 103);
    }

    @Test
    void aMissingBiasIsZeros() throws IOException {
        LstmModel model = read(onnx(forward).node("LSTM", "X,W,R", "Y"));

        assertThat(model.directions().get(0).bias()).containsOnly(0);
    }

    @Test
    void anUnknownDirectionIsRejected() {
        assertRejected(forward, "direction is 'sideways'", text("direction", "sideways"));
    }

    @Test
    void anUnknownAttributeIsRejected() {
        assertRejected(forward, "attribute 'zoneout' is not known", real("zoneout", 0.1f));
    }

    @Test
    void aHiddenSizeOtherThanThatOfTheWeightsIsRejected() {
        assertRejected(forward, "hidden_size is 5, but R 'R' (1, 8, 2) has H = 2", number("hidden_size", 5));
    }

    @Test
    void weightsOfOneDirectionForABidirectionalNodeAreRejected() {
        assertRejected(
                forward, "R is tensor 'R' (1, 8, 2), expected shape (2, 8, 2)", text("direction", "bidirectional"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "W|1,8|W is tensor 'bad' (1, 8), expected shape (1, 8, I)",
                "W|1,9,3|W is tensor 'bad' (1, 9, 3), expected shape (1, 8, I)",
                "W|1,8,0|W is tensor 'bad' (1, 8, 0), expected shape (1, 8, I)",
                "R|1,8,3|R is tensor 'bad' (1, 8, 3), expected shape (1, 12, 3)",
                "R|1,0,0|R is tensor 'bad' (1, 0, 0), expected shape (D, 4H, H)",
                "R|8,2|R is tensor 'bad' (8, 2), expected shape (D, 4H, H)",
                "B|1,8|B is tensor 'bad' (1, 8), expected shape (1, 16)",
                "P|1,4|P is tensor 'bad' (1, 4), expected shape (1, 6)",
                "H|1,1,3|its initial state is tensor 'bad' (1, 1, 3), expected shape (D, N, H) with 1 direction and H = 2",
                "H|2,1,2|its initial state is tensor 'bad' (2, 1, 2), expected shape (D, N, H) with 1 direction and H = 2",
                "H|1,1,1,2|its initial state is tensor 'bad' (1, 1, 1, 2), expected shape (D, N, H)"
            })
    void wrongShapesAreRejected(String input, String shape, String message) {
        long[] dimensions =
                Arrays.stream(shape.split(",", -1)).mapToLong(Long::parseLong).toArray();
        int values = (int) Shape.of(dimensions).values();
        String inputs = switch (input) {
            case "W" -> "X,bad,R,B";
            case "R" -> "X,W,bad,B";
            case "B" -> "X,W,R,bad";
            case "P" -> "X,W,R,B,,,,bad";
            default -> "X,W,R,B,,bad";
        };
        OnnxWriter onnx =
                onnx(forward).floats("bad", new float[values], dimensions).named("lstm", "LSTM", inputs, "Y");

        assertThatThrownBy(() -> read(onnx))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll("model.onnx: node 'lstm' (LSTM): ", message);
    }

    @Test
    void initialStatesThatDifferWithinABatchAreRejected() {
        OnnxWriter onnx =
                onnx(forward).floats("s", new float[] {1, 2, 3, 4}, 1, 2, 2).named("lstm", "LSTM", "X,W,R,B,,s", "Y");

        assertThatThrownBy(() -> read(onnx))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("its initial state 's' (1, 2, 2) differs between the rows of its batch");
    }

    @Test
    void initialStatesOfBothDirectionsAreRead() throws IOException {
        OnnxWriter onnx = onnx(bidirectional)
                .floats("h", new float[] {1, 2, 3, 4}, 2, 1, 2)
                .floats("c", new float[] {5, 6, 7, 8}, 2, 1, 2)
                .named("lstm", "LSTM", "X,W,R,B,,h,c", "Y", text("direction", "bidirectional"));

        LstmModel model = read(onnx);

        assertThat(model.directions().get(0).initialHidden()).containsExactly(1, 2);
        assertThat(model.directions().get(1).initialHidden()).containsExactly(3, 4);
        assertThat(model.directions().get(0).initialCell()).containsExactly(5, 6);
        assertThat(model.directions().get(1).initialCell()).containsExactly(7, 8);
    }

    /** In layout 1 the batch is the first axis. */
    @Test
    void initialStatesInLayoutOneAreRead() throws IOException {
        OnnxWriter onnx = onnx(bidirectional)
                .floats("h", new float[] {1, 2, 3, 4, 1, 2, 3, 4}, 2, 2, 2)
                .named("lstm", "LSTM", "X,W,R,B,,h", "Y", text("direction", "bidirectional"), number("layout", 1));

        LstmModel model = read(onnx);

        assertThat(model.directions().get(0).initialHidden()).containsExactly(1, 2);
        assertThat(model.directions().get(1).initialHidden()).containsExactly(3, 4);
    }

    @Test
    void aBackwardNodeIsABackwardLayer() throws IOException {
        LstmModel model = read(forward, text("direction", "reverse"));

        assertThat(model.layers().get(0).directions()).hasSize(1).allMatch(LstmDirection::reversed);
    }
}
