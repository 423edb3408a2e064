package sluice.cell.weights.keras;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.Models;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.keras.KerasWriter.Form;
import sluice.cell.weights.keras.KerasWriter.Layer;
import sluice.cell.weights.keras.KerasWriter.Weight;

/** Valid models that are not supported. Each must be rejected with the reason and a remedy. */
class KerasRefusalTest {
    private static final LstmModel SMALL = Models.random(new Random(1), 5, 2, 3, 4);
    private static final TensorNames AUTOMATIC = TensorNames.automatic();

    private static List<Layer> small() {
        return new ArrayList<>(KerasWriter.layers(SMALL, Form.KERAS_2));
    }

    private static List<Layer> newer() {
        return new ArrayList<>(KerasWriter.layers(SMALL, Form.KERAS_3));
    }

    private static void assertRefused(List<Layer> layers, String... parts) {
        assertRefused(KerasWriter.whole("2.3.1", layers), parts);
    }

    private static void assertRefused(byte[] file, String... parts) {
        assertThatThrownBy(() -> KerasReaderTest.read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.keras: ")
                .satisfies(
                        e -> assertThat(parts).allSatisfy(part -> assertThat(e).hasMessageContaining(part)));
    }

    private static void assertRefused(int place, Layer layer, String... parts) {
        List<Layer> layers = small();
        layers.set(place, layer);
        assertRefused(layers, parts);
    }

    // ---- layers

    @ParameterizedTest
    @ValueSource(strings = {"GRU", "CuDNNGRU", "SimpleRNN", "ConvLSTM2D", "RNN"})
    void otherCells(String kind) {
        assertRefused(
                2,
                KerasWriter.layer(kind, "other"),
                "layer 'other' (" + kind
                        + ") is between input and output: only the layers LSTM and CuDNNLSTM, and an RNN of one LSTMCell, can be scored");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Attention", "Conv1D", "Lambda", "GlobalMaxPooling1D", "BatchNormalization"})
    void otherLayers(String kind) {
        List<Layer> layers = small();
        layers.add(3, KerasWriter.layer(kind, "other"));

        assertRefused(
                layers,
                "layer 'other' (" + kind
                        + ") is between input and output: only an Embedding, LSTMs, one Dense and a softmax can be scored",
                "set model.output to none for the hidden states");
    }

    @Test
    void maskingOfWhatAreNotFeatures() {
        Layer masking = KerasWriter.layer("Masking", "masking").with("mask_value", 0);
        List<Layer> layers = small();
        layers.add(2, masking);
        assertRefused(layers, "layer 'masking' (Masking) masks the output of an Embedding, expected features");
        layers.remove(2);
        layers.add(1, masking);
        assertRefused(layers, "(Embedding) is above other layers, expected it at the input");
        assertRefused(1, masking.with("mask_value", "0"), "has mask_value \"0\", expected a number");
    }

    @ParameterizedTest
    @CsvSource({
        "StringLookup, set input.vocabulary to a file",
        "TextVectorization, save a model that starts at the Embedding",
        "Normalization, scale them before scoring"
    })
    void preparationOfTheInput(String kind, String remedy) {
        assertRefused(1, KerasWriter.layer(kind, "first"), "layer 'first' (" + kind + ") is between", remedy);
    }

    /** A user's class may have the name of one of Keras, and compute something else. */
    @ParameterizedTest
    @CsvSource({
        "1, my_models.layers, mine>Embedding, mine>Embedding",
        "2, __main__, LSTM, __main__>LSTM",
        "3,, Dense, ?>Dense"
    })
    void classesThatAreNotOfKeras(int at, String module, String registered, String described) {
        List<Layer> layers = newer();
        ObjectNode model = KerasWriter.sequential(layers);
        ((ObjectNode) model.at("/config/layers/" + at)).put("module", module).put("registered_name", registered);
        byte[] file = KerasWriter.archive(
                "3.15.1", model, KerasWriter.numbered("layers", layers).bytes());

        assertThatThrownBy(() -> KerasReaderTest.read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(
                        "(" + described + ") is between input and output: its class is not one of Keras",
                        "build the model with Keras' own layers");
    }

    @Test
    void anActivationThatIsMissing() {
        for (int at : new int[] {2, 3}) {
            List<Layer> layers = small();
            layers.get(at).config().remove("activation");
            assertRefused(layers, "has no activation in the model's config, expected one");
        }
    }

    @Test
    void quantizedWeights() {
        List<Layer> layers = small();
        layers.get(1).config().putObject("dtype").put("class_name", "QuantizedDTypePolicy");
        assertRefused(layers, "(Embedding) is quantized: its weights are integers with scales, expected floats");
    }

    @Test
    void aStateAsTheOutput() {
        List<Layer> layers = newer();
        ObjectNode model = KerasWriter.functional(layers, true);
        ((ArrayNode) model.at("/config/output_layers")).set(2, 2);
        byte[] file = KerasWriter.archive(
                "3.15.1", model, KerasWriter.numbered("layers", layers).bytes());

        assertThatThrownBy(() -> KerasReaderTest.read(file))
                .hasMessageContaining(
                        "the model's output is output 2 of layer 'decoder', expected its first output or its hidden state; set model.output to none and use --emit state");
    }

    @Test
    void aModelInsideThatListsNoLayers() {
        List<Layer> layers = small();
        layers.add(3, KerasWriter.layer("Sequential", "other"));
        assertRefused(layers, "layer 'other' (Sequential) lists 0 layers, expected 1 to 2000");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"[1, 2]; for 'axis', expected", "1.5; for 'axis', expected", "[1]; goes over axis [1]"})
    void softmaxesOfOtherAxes(String axis, String part) throws IOException {
        List<Layer> layers = newer();
        layers.set(3, layers.get(3).with("activation", "linear"));
        layers.add(KerasWriter.layer("Softmax", "softmax").with("axis", KerasWriter.JSON.readTree(axis)));
        assertRefused(layers, "layer 'softmax' (Softmax) ", part);
    }

    @Test
    void aVersionThatDidNotWriteTheForm() {
        List<Layer> layers = newer();
        layers.set(2, layers.get(2).with("recurrent_activation", "hard_sigmoid"));
        assertRefused(
                KerasWriter.archive("2.3.1", layers),
                "the weights have the form of Keras 3, but the version given for them is '2.3.1'; correct 'keras_version'");
    }

    @Test
    void directionsWithoutNames() {
        List<Layer> layers = new ArrayList<>(KerasWriter.layers(Models.stack(new Random(2), 1, true), Form.KERAS_2));
        Layer both = layers.get(2);
        layers.set(
                2,
                both.of(both.weights().stream()
                        .map(weight -> new Weight(
                                weight.name().replaceAll("(for|back)ward_layer", "$1"),
                                weight.values(),
                                weight.shape()))
                        .toList()));
        assertRefused(
                KerasWriter.whole("2.3.1", layers),
                "doesn't say which direction of layer 'both_0' (Bidirectional) it belongs to, expected a part 'forward_...'");
    }

    @Test
    void arraysThatALayerDoesNotHave() {
        List<Layer> layers = newer();
        Layer dense = layers.get(3);
        List<Weight> weights = new ArrayList<>(dense.weights());
        weights.add(new Weight("adapter/scale", new float[] {2}, 1));
        layers.set(3, new Layer(dense.kind(), dense.name(), dense.config(), weights));

        assertRefused(
                KerasWriter.archive("3.15.1", layers),
                "layer 'decoder' (Dense) has arrays that a layer of this class doesn't have",
                "layers/dense/adapter/vars/0");
    }

    @Test
    void wrappedLayersOfOtherKinds() {
        assertRefused(
                3,
                KerasWriter.timeDistributed("td", KerasWriter.layer("Conv2D", "inner")),
                "layer 'inner' (Conv2D) is between input and output");
        Layer both = KerasWriter.layer("Bidirectional", "both")
                .with("merge_mode", "concat")
                .with("layer", KerasWriter.json(KerasWriter.layer("GRU", "inner")));
        assertRefused(2, both, "layer 'inner' (GRU) is between input and output", "only the layers LSTM and CuDNNLSTM");
        assertRefused(2, KerasWriter.layer("Bidirectional", "both"), "layer 'both' (Bidirectional) wraps no layer");
    }

    @Test
    void denseBelowTheLstmOrTwoAboveIt() {
        List<Layer> below = small();
        below.add(
                2,
                new Layer(
                        "Dense",
                        "first",
                        small().get(3).config(),
                        small().get(3).weights()));
        assertRefused(below, "layer 'first' (Dense) is below the LSTM");

        List<Layer> two = small();
        Layer other = small().get(3);
        two.add(new Layer(other.kind(), "second", other.config(), other.weights()));
        assertRefused(two, "layer 'second' (Dense) is above the output layer 'decoder'", "only an Embedding");
    }

    @Test
    void embeddingOrLstmAboveTheOutput() {
        List<Layer> embedding = small();
        embedding.add(new Layer(
                "Embedding", "again", small().get(1).config(), small().get(1).weights()));
        assertRefused(embedding, "layer 'again' (Embedding) is above other layers, expected it at the input");

        List<Layer> lstm = small();
        lstm.add(new Layer(
                "LSTM", "again", small().get(2).config(), small().get(2).weights()));
        assertRefused(lstm, "layer 'again' (LSTM) is above the output layer 'decoder'");
    }

    @Test
    void noLstm() {
        assertRefused(
                List.of(small().get(0), small().get(1)),
                "no LSTM between input and output: found layer 'input_1' (InputLayer), layer 'embedding_1' (Embedding)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tanh", "relu", "log_softmax"})
    void outputActivations(String name) {
        String sentence =
                "the activation '%s', expected softmax, sigmoid or linear for an output layer".formatted(name);
        assertRefused(3, small().get(3).with("activation", name), "layer 'decoder' (Dense) has " + sentence);

        List<Layer> layers = small();
        layers.set(3, layers.get(3).with("activation", "linear"));
        layers.add(KerasWriter.layer("Activation", "last").with("activation", name));
        assertRefused(layers, "layer 'last' (Activation) has " + sentence);
    }

    @Test
    void twoSoftmaxes() {
        List<Layer> layers = small();
        layers.add(KerasWriter.layer("Softmax", "again"));
        assertRefused(layers, "layer 'again' (Softmax) has the activation 'softmax' after a softmax");
        layers.set(4, KerasWriter.layer("Softmax", "again").with("axis", 1));
        assertRefused(layers, "layer 'again' (Softmax) goes over axis 1, expected -1");
    }

    @Test
    void aSigmoidAndASoftmax() {
        List<Layer> layers = small();
        layers.add(KerasWriter.layer("Activation", "again").with("activation", "sigmoid"));
        assertRefused(layers, "layer 'again' (Activation) has the activation 'sigmoid' after a softmax");
        layers.set(3, layers.get(3).with("activation", "sigmoid"));
        layers.set(4, KerasWriter.layer("Softmax", "again"));
        assertRefused(layers, "layer 'again' (Softmax) has the activation 'softmax' after a sigmoid");
    }

    @Test
    void activationsOfStates() {
        List<Layer> layers = small();
        layers.add(3, KerasWriter.layer("Activation", "squash").with("activation", "tanh"));
        assertRefused(layers, "layer 'squash' (Activation) applies 'tanh' without an output layer below it");
    }

    // ---- LSTMs

    @Test
    void unknownActivations() {
        assertRefused(
                2,
                small().get(2).with("activation", "gelu"),
                "layer 'lstm_7' (LSTM) has the activation 'gelu', which can't be computed here, expected sigmoid, hard_sigmoid");
        assertRefused(
                2,
                small().get(2).with("activation", Map.of("class_name", "LeakyReLU", "config", Map.of())),
                "layer 'lstm_7' (LSTM) has the layer LeakyReLU as its activation, expected an activation that Keras knows by name");
    }

    @Test
    void hardSigmoidOfAnUnknownVersion() {
        List<Layer> layers = small();
        layers.set(2, layers.get(2).with("recurrent_activation", "hard_sigmoid"));
        assertRefused(
                KerasWriter.whole("nightly", layers),
                "'hard_sigmoid', whose function differs between Keras 3 and earlier versions, and the file does not say which");
    }

    @Test
    void unknownMergeModes() {
        LstmModel model = Models.stack(new Random(2), 1, true);
        List<Layer> layers = new ArrayList<>(KerasWriter.layers(model, Form.KERAS_2));
        layers.set(2, layers.get(2).with("merge_mode", null));
        assertRefused(layers, "layer 'both_0' (Bidirectional) has merge_mode null, expected concat, sum, mul or ave");
        layers.set(2, layers.get(2).with("merge_mode", "max"));
        assertRefused(layers, "has merge_mode \"max\"");
    }

    @Test
    void wrongDirections() {
        LstmModel model = Models.stack(new Random(2), 1, true);
        List<Layer> layers = new ArrayList<>(KerasWriter.layers(model, Form.KERAS_2));
        ObjectNode inner = (ObjectNode) layers.get(2).config().get("layer").deepCopy();
        ((ObjectNode) inner.get("config")).put("go_backwards", true);
        layers.set(2, layers.get(2).with("layer", inner));

        assertRefused(layers, "layer 'both_0' (Bidirectional) has a forward layer that goes backwards");
    }

    @Test
    void outputsInReverseOrder() {
        Layer backwards = small().get(2).with("go_backwards", true);
        assertRefused(
                2, backwards, "layer 'lstm_7' (LSTM) reads backwards and outputs from the last token to the first");
        assertRefused(List.of(backwards), "layer 'lstm_7' (LSTM) reads backwards");
    }

    @Test
    void lstmThatReadsOnlyTheLastStep() {
        List<Layer> layers = small();
        layers.set(2, layers.get(2).with("return_sequences", false));
        layers.add(3, KerasWriter.lstm("above", Models.direction(new Random(1), 3, 3), Form.KERAS_2));
        assertRefused(
                layers,
                "layer 'above' (LSTM) reads 'lstm_7', which has return_sequences false and outputs only its last step");
        layers.set(3, KerasWriter.timeDistributed("td", small().get(3)));
        assertRefused(layers, "layer 'td' (TimeDistributed) reads one step, expected a sequence");
    }

    @Test
    void timeMajor() {
        assertRefused(2, small().get(2).with("time_major", true), "layer 'lstm_7' (LSTM) has time_major true");
    }

    @ParameterizedTest
    @CsvSource({"units, 0", "units, 2.5", "units, x", "units,", "return_sequences, 1"})
    void settingsOfOtherTypes(String setting, String value) throws Exception {
        Object json = value == null ? null : value.equals("x") ? "x" : KerasWriter.JSON.readTree(value);
        assertRefused(
                2,
                small().get(2).with(setting, json),
                "layer 'lstm_7' (LSTM) has ",
                "for '" + setting + "', expected ");
    }

    // ---- graphs

    private static void assertGraphRefused(Consumer<ArrayNode> change, String... parts) {
        ObjectNode model = KerasWriter.functional(small(), true);
        change.accept((ArrayNode) model.get("config").get("layers"));
        assertRefused(
                KerasWriter.archive(
                        "3.1.0", model, KerasWriter.numbered("layers", small()).bytes()),
                parts);
    }

    private static ObjectNode call(ArrayNode layers, int place) {
        return (ObjectNode) layers.get(place).get("inbound_nodes").get(0);
    }

    @Test
    void branches() {
        assertGraphRefused(
                layers -> ((ArrayNode) call(layers, 3).get("args")).add(KerasWriter.tensor("embedding_1")),
                "layer 'decoder' (Dense) reads 2 layers ('lstm_7', 'embedding_1'), expected one: only an Embedding");
    }

    @Test
    void sharedLayers() {
        assertGraphRefused(
                layers -> ((ArrayNode) layers.get(2).get("inbound_nodes"))
                        .add(call(layers, 2).deepCopy()),
                "layer 'lstm_7' (LSTM) is used 2 times, expected once");
    }

    @Test
    void initialStates() {
        assertGraphRefused(
                layers -> ((ObjectNode) call(layers, 2).get("kwargs"))
                        .set("initial_state", KerasWriter.tensor("input_1")),
                "layer 'lstm_7' (LSTM) is called with 'initial_state', expected only its input");
    }

    @Test
    void layersThatReadAState() {
        assertGraphRefused(
                layers -> ((ArrayNode)
                                call(layers, 3).get("args").get(0).get("config").get("keras_history"))
                        .set(2, 2),
                "layer 'decoder' (Dense) reads output 2 of layer 'lstm_7', expected its output, its hidden state");
    }

    @Test
    void cycles() {
        assertGraphRefused(
                layers -> ((ArrayNode) call(layers, 1).get("args")).set(0, KerasWriter.tensor("lstm_7")),
                "layer 'lstm_7' (LSTM) reads its own output");
    }

    @Test
    void missingLayers() {
        assertGraphRefused(
                layers -> ((ArrayNode) call(layers, 1).get("args")).set(0, KerasWriter.tensor("nowhere")),
                "layer 'embedding_1' (Embedding) reads layer 'nowhere', which the model's config doesn't have");
    }

    @Test
    void severalOutputs() {
        ObjectNode model = KerasWriter.functional(small(), true);
        ((ObjectNode) model.get("config"))
                .set(
                        "output_layers",
                        KerasWriter.JSON
                                .createArrayNode()
                                .add(KerasWriter.reference("decoder"))
                                .add(KerasWriter.reference("lstm_7")));
        byte[] file = KerasWriter.archive(
                "3.1.0", model, KerasWriter.numbered("layers", small()).bytes());

        assertRefused(
                file,
                "the model has 2 outputs ('decoder', 'lstm_7'), expected one; set model.output to the name of one, or to none");
    }

    @Test
    void severalLstmsSideBySide() {
        List<Layer> layers = small();
        layers.add(3, KerasWriter.lstm("other", Models.direction(new Random(1), 2, 3), Form.KERAS_2));
        ObjectNode model = KerasWriter.functional(layers, true);
        ((ArrayNode) model.get("config").get("layers")).forEach(layer -> {
            if (layer.get("name").asText().equals("other")) {
                ((ObjectNode) layer).set("inbound_nodes", KerasWriter.from("embedding_1", true));
            }
        });
        byte[] file = KerasWriter.archive(
                "3.1.0", model, KerasWriter.numbered("layers", layers).bytes());
        TensorNames none = AUTOMATIC.withOutput(TensorNames.NONE);

        assertThatThrownBy(() -> KerasReaderTest.read(file, none))
                .hasMessageContaining(
                        "2 LSTMs that no other reads ('lstm_7', 'other'), expected one; set model.lstm to the name of one");
        assertThat(read(file, none.withLstm("other"))).hasToString("5 tokens of width 2; LSTM 3; no output layer");
    }

    private static LstmModel read(byte[] file, TensorNames names) {
        try {
            return KerasReaderTest.read(file, names).model();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void modelsWithoutLayerList() {
        ObjectNode model = KerasWriter.sequential(small()).put("class_name", "MyModel");
        assertRefused(
                KerasWriter.named("2.3.1", Optional.of(model), small()).bytes(),
                "the attribute 'model_config' describes a model of class 'MyModel', expected a Sequential or a functional one");
    }

    // ---- weights that do not match the config

    @Test
    void weightsOfAnotherModel() {
        byte[] older = KerasWriter.named("2.3.1", Optional.of(KerasWriter.sequential(small())), small().subList(0, 2))
                .bytes();
        assertRefused(
                older,
                "the file has no weights of layer 'lstm_7', which the model's config has; it has those of 'input_1', 'embedding_1'");

        byte[] none = KerasWriter.numbered("layers", small().subList(0, 2)).bytes();
        assertRefused(
                KerasWriter.archive("3.1.0", KerasWriter.sequential(small()), none),
                "the file has no weights of layer 'lstm_7' (LSTM), which the model's config has");

        List<Layer> more = small();
        more.add(3, KerasWriter.lstm("other", Models.direction(new Random(1), 3, 3), Form.KERAS_2));
        assertRefused(
                KerasWriter.archive(
                        "3.1.0",
                        KerasWriter.sequential(small()),
                        KerasWriter.numbered("layers", more).bytes()),
                "the model's config has 1 layers of class LSTM, but the file has weights of 2 ('lstm', 'lstm_1')");
    }

    @Test
    void shapesThatDoNotFit() {
        Layer lstm = small().get(2);
        List<Weight> weights = lstm.weights();
        assertRefused(
                2,
                lstm.of(List.of(
                        weights.get(0), new Weight("cell/recurrent_kernel", new float[24], 2, 12), weights.get(2))),
                "array 'model_weights/lstm_7/lstm_7/cell/recurrent_kernel:0' of layer 'lstm_7' (LSTM) has shape (2, 12), expected (H, 4H) = (3, 12) with H = 3");
        assertRefused(
                2,
                lstm.of(List.of(weights.get(0), weights.get(1), new Weight("cell/bias", new float[13], 13))),
                "has shape (13), expected (4H) = (12) with H = 3");
        assertRefused(
                2,
                lstm.of(List.of(new Weight("cell/kernel", new float[24], 24), weights.get(1), weights.get(2))),
                "has shape (24), expected (I, 4H) = (1, 12) with H = 3");
        assertRefused(
                3,
                small().get(3)
                        .of(List.of(new Weight("kernel", new float[15], 3, 5), new Weight("bias", new float[5], 5))),
                "has shape (3, 5), expected (H, classes) with 4 classes");
        assertRefused(
                3,
                small().get(3).of(List.of(small().get(3).weights().get(0), new Weight("bias", new float[5], 5))),
                "of layer 'decoder' (Dense) has shape (5), expected (classes) = (4)");
        assertRefused(
                1,
                small().get(1).of(List.of(new Weight("embeddings", new float[10], 10))),
                "of layer 'embedding_1' (Embedding) has shape (10), expected (tokens, width)");
        assertRefused(
                1,
                KerasWriter.embedding("embedding_1", Models.matrix(new Random(1), 5, 3)),
                "embedding rows of width 3 under a first layer that reads width 2");
    }

    @Test
    void missingArrays() {
        Layer lstm = small().get(2);
        assertRefused(
                2,
                lstm.of(lstm.weights().subList(0, 2)),
                "layer 'lstm_7' (LSTM) has 2 arrays",
                "expected kernel, recurrent_kernel and bias");
        assertRefused(3, small().get(3).of(List.of()), "layer 'decoder' (Dense) has 0 arrays");
    }

    @Test
    void arraysInAnotherOrder() {
        Layer lstm = small().get(2);
        List<Weight> turned = List.of(
                lstm.weights().get(1), lstm.weights().get(0), lstm.weights().get(2));
        LstmLayer square = LstmLayer.of(Models.direction(new Random(1), 3, 3));
        Layer layer = KerasWriter.lstm("lstm_7", square.directions().get(0), Form.KERAS_2);
        List<Weight> weights = layer.weights();

        assertRefused(
                2,
                lstm.of(turned),
                "layer 'lstm_7' (LSTM) lists 'model_weights/lstm_7/lstm_7/cell/recurrent_kernel:0' as number 1 of its weights, expected 'kernel'");
        assertRefused(
                List.of(layer.of(List.of(weights.get(1), weights.get(0), weights.get(2)))),
                "as number 1 of its weights, expected 'kernel'");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
    void nonFiniteWeights(float value) {
        for (int layer = 1; layer <= 3; layer++) {
            List<Layer> layers = small();
            List<Weight> weights = new ArrayList<>(layers.get(layer).weights());
            Weight last = weights.get(weights.size() - 1);
            float[] values = last.values().clone();
            values[1] = value;
            weights.set(weights.size() - 1, new Weight(last.name(), values, last.shape()));
            layers.set(layer, layers.get(layer).of(weights));
            assertRefused(layers, "has the value " + value + " at index [", "expected finite numbers");
        }
    }
}
