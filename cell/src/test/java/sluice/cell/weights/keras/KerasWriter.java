package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.ZipWriter;

/** Writes models in the formats of all Keras versions, with any values, including invalid models. */
public final class KerasWriter {
    public static final ObjectMapper JSON = new ObjectMapper();

    private KerasWriter() {}

    /** Layouts of an LSTM's arrays. */
    public enum Form {
        KERAS_3("3.15.1"),
        KERAS_2("2.3.1"),
        KERAS_1("1.2.2"),
        CUDNN("2.1.5");

        private final String version;

        Form(String version) {
            this.version = version;
        }

        public String version() {
            return version;
        }
    }

    /**
     * An array of a layer.
     *
     * @param name path ending in the array's name; in the newer format the layer's folder, {@code cell} or none
     */
    public record Weight(String name, float[] values, long... shape) {}

    /** A layer, with its settings and arrays. */
    public record Layer(String kind, String name, ObjectNode config, List<Weight> weights) {
        public Layer with(String setting, Object value) {
            ObjectNode changed = config.deepCopy().set(setting, JSON.valueToTree(value));
            return new Layer(kind, name, changed, weights);
        }

        public Layer without(String setting) {
            return new Layer(kind, name, config.deepCopy().without(setting), weights);
        }

        public Layer of(List<Weight> others) {
            return new Layer(kind, name, config, others);
        }
    }

    // ---- layers

    public static ObjectNode object() {
        return JSON.createObjectNode();
    }

    public static Layer layer(String kind, String name) {
        return new Layer(kind, name, object().put("name", name), List.of());
    }

    public static Layer embedding(String name, Matrix table) {
        ObjectNode config = object().put("name", name)
                .put("input_dim", table.rows())
                .put("output_dim", table.columns())
                .put("mask_zero", false);
        return new Layer(
                "Embedding",
                name,
                config,
                List.of(new Weight("embeddings", table.values(), table.rows(), table.columns())));
    }

    public static Layer dense(String name, OutputLayer output, Form form) {
        ObjectNode config = object().put("name", name)
                .put(form == Form.KERAS_1 ? "output_dim" : "units", output.classes())
                .put("activation", "softmax")
                .put(form == Form.KERAS_1 ? "bias" : "use_bias", true);
        Matrix kernel = transposed(output.weights());
        return new Layer(
                "Dense",
                name,
                config,
                List.of(
                        new Weight("kernel", kernel.values(), kernel.rows(), kernel.columns()),
                        new Weight("bias", output.bias(), output.classes())));
    }

    public static Layer lstm(String name, LstmDirection direction, Form form) {
        boolean oldest = form == Form.KERAS_1;
        ObjectNode config = object().put("name", name)
                .put(oldest ? "output_dim" : "units", direction.hiddenWidth())
                .put("return_sequences", true)
                .put("go_backwards", direction.reversed());
        if (form != Form.CUDNN) {
            config.put("activation", "tanh").put(oldest ? "inner_activation" : "recurrent_activation", "sigmoid");
        }
        return new Layer(form == Form.CUDNN ? "CuDNNLSTM" : "LSTM", name, config, arrays(direction, form));
    }

    public static Layer bidirectional(String name, LstmLayer layer, String merge, Form form) {
        Layer forward = lstm(name + "_inner", layer.directions().get(0), form);
        Layer backward = lstm("back", layer.directions().get(1), form);
        ObjectNode config = object().put("name", name).put("merge_mode", merge);
        config.set("layer", json(forward));
        List<Weight> weights = new ArrayList<>();
        forward.weights().forEach(weight -> weights.add(in("forward_layer", weight)));
        backward.weights().forEach(weight -> weights.add(in("backward_layer", weight)));
        return new Layer("Bidirectional", name, config, weights);
    }

    public static Layer timeDistributed(String name, Layer inner) {
        ObjectNode config = object().put("name", name);
        config.set("layer", json(inner));
        return new Layer(
                "TimeDistributed",
                name,
                config,
                inner.weights().stream().map(weight -> in("layer", weight)).toList());
    }

    private static Weight in(String folder, Weight weight) {
        return new Weight(folder + "/" + weight.name(), weight.values(), weight.shape());
    }

    /** The layers of a model, from the input upwards. */
    public static List<Layer> layers(LstmModel model, Form form) {
        List<Layer> layers = new ArrayList<>(List.of(layer("InputLayer", "input_1")));
        Optional<Embedding> embedding = model.embedding();
        embedding.ifPresent(found -> layers.add(embedding("embedding_1", found.table())));
        for (int depth = 0; depth < model.layers().size(); depth++) {
            LstmLayer layer = model.layers().get(depth);
            layers.add(
                    layer.directions().size() == 1
                            ? lstm("lstm_" + (7 + depth), layer.directions().get(0), form)
                            : bidirectional("both_" + depth, layer, "concat", form));
        }
        model.output().ifPresent(output -> layers.add(dense("decoder", output, form)));
        return layers;
    }

    // ---- arrays, from the canonical order

    public static Matrix transposed(Matrix matrix) {
        float[] values = new float[matrix.values().length];
        for (int row = 0; row < matrix.rows(); row++) {
            for (int column = 0; column < matrix.columns(); column++) {
                values[column * matrix.rows() + row] = matrix.at(row, column);
            }
        }
        return Matrix.of(matrix.columns(), matrix.rows(), values);
    }

    public static List<Weight> arrays(LstmDirection direction, Form form) {
        int units = direction.hiddenWidth();
        Matrix u = direction.inputWeights();
        Matrix w = direction.hiddenWeights();
        return switch (form) {
            case KERAS_2, KERAS_3 ->
                List.of(
                        weight("cell/kernel", transposed(u)),
                        weight("cell/recurrent_kernel", transposed(w)),
                        new Weight("cell/bias", direction.bias(), 4L * units));
            case CUDNN ->
                List.of(
                        weight("kernel", cudnn(u, units)),
                        weight("recurrent_kernel", cudnn(w, units)),
                        new Weight("bias", withZeros(direction.bias()), 8L * units));
            case KERAS_1 -> twelve(direction);
        };
    }

    private static Weight weight(String name, Matrix matrix) {
        return new Weight(name, matrix.values(), matrix.rows(), matrix.columns());
    }

    /** The cuDNN layout: each gate's row-major (H, I) block is declared as (I, H), and the four are side by side. */
    private static Matrix cudnn(Matrix rows, int units) {
        int inputs = rows.columns();
        float[] values = new float[rows.values().length];
        for (int gate = 0; gate < 4; gate++) {
            for (int at = 0; at < units * inputs; at++) {
                values[at / units * 4 * units + gate * units + at % units] = rows.values()[gate * units * inputs + at];
            }
        }
        return Matrix.of(inputs, 4 * units, values);
    }

    private static float[] withZeros(float[] bias) {
        float[] both = Arrays.copyOf(bias, 2 * bias.length);
        Arrays.fill(both, bias.length, both.length, -0.0f);
        return both;
    }

    private static List<Weight> twelve(LstmDirection direction) {
        int units = direction.hiddenWidth();
        List<Weight> weights = new ArrayList<>();
        String letters = "icfo";
        int[] blocks = {0, 2, 1, 3}; // of i, f, g, o
        for (int at = 0; at < 4; at++) {
            char gate = letters.charAt(at);
            Matrix u = transposed(direction.inputWeights().rowBlock(blocks[at] * units, units));
            Matrix w = transposed(direction.hiddenWeights().rowBlock(blocks[at] * units, units));
            weights.add(weight("lstm_1_W_" + gate, u));
            weights.add(weight("lstm_1_U_" + gate, w));
            weights.add(new Weight(
                    "lstm_1_b_" + gate,
                    Arrays.copyOfRange(direction.bias(), blocks[at] * units, (blocks[at] + 1) * units),
                    units));
        }
        return weights;
    }

    // ---- configs

    public static ObjectNode json(Layer layer) {
        ObjectNode json = object().put("class_name", layer.kind()).put("name", layer.name());
        json.set("config", layer.config());
        return json;
    }

    public static ObjectNode sequential(List<Layer> layers) {
        ArrayNode list = JSON.createArrayNode();
        layers.forEach(layer -> list.add(json(layer)));
        ObjectNode config = object().put("name", "model");
        config.set("layers", list);
        ObjectNode model = object().put("class_name", "Sequential");
        model.set("config", config);
        return model;
    }

    /** The input of each layer is the previous one, written in the style of Keras 2 or Keras 3. */
    public static ObjectNode functional(List<Layer> layers, boolean newer) {
        ObjectNode model = sequential(layers).put("class_name", "Functional");
        ObjectNode config = (ObjectNode) model.get("config");
        for (int at = 0; at < layers.size(); at++) {
            ObjectNode layer = (ObjectNode) config.get("layers").get(at);
            layer.set(
                    "inbound_nodes",
                    at == 0 ? JSON.createArrayNode() : from(layers.get(at - 1).name(), newer));
        }
        ArrayNode last = reference(layers.get(layers.size() - 1).name());
        config.set("output_layers", newer ? last : JSON.createArrayNode().add(last));
        return model;
    }

    public static ArrayNode reference(String layer) {
        return JSON.createArrayNode().add(layer).add(0).add(0);
    }

    public static ObjectNode tensor(String layer) {
        ObjectNode config = object();
        config.set("keras_history", reference(layer));
        ObjectNode tensor = object().put("class_name", "__keras_tensor__");
        tensor.set("config", config);
        return tensor;
    }

    public static ArrayNode from(String layer, boolean newer) {
        ArrayNode calls = JSON.createArrayNode();
        if (newer) {
            ObjectNode call = calls.addObject();
            call.putArray("args").add(tensor(layer));
            call.putObject("kwargs").put("training", false).putNull("mask");
        } else {
            calls.addArray().add(reference(layer).add(object()));
        }
        return calls;
    }

    // ---- files

    /** The older format: a complete model, or weights only without a config. */
    public static Hdf5Writer named(String version, Optional<ObjectNode> model, List<Layer> layers) {
        Hdf5Writer file = new Hdf5Writer();
        String root = model.isPresent() ? "model_weights" : "";
        file.text("", "keras_version", version);
        model.ifPresent(found -> file.text("", "model_config", found.toString()));
        file.texts(root, "layer_names", layers.stream().map(Layer::name).toList());
        for (Layer layer : layers) {
            String group = root.isEmpty() ? layer.name() : root + "/" + layer.name();
            file.group(group);
            List<String> names = new ArrayList<>();
            for (Weight weight : layer.weights()) {
                String name = layer.name() + "/" + weight.name() + (version.startsWith("3") ? "" : ":0");
                names.add(name);
                file.floats(group + "/" + name, weight.values(), weight.shape());
            }
            if (names.isEmpty()) {
                file.noTexts(group, "weight_names");
            } else {
                file.texts(group, "weight_names", names);
            }
        }
        return file;
    }

    /** The newer format: {@code model.weights.h5}. */
    public static Hdf5Writer numbered(String layersFolder, List<Layer> layers) {
        Hdf5Writer file = new Hdf5Writer();
        Map<String, Integer> used = new HashMap<>();
        for (Layer layer : layers) {
            String kind = NumberedWeights.snakeCase(layer.kind());
            int number = used.merge(kind, 1, Integer::sum) - 1;
            String folder = layersFolder + "/" + kind + (number == 0 ? "" : "_" + number);
            file.group(folder + "/vars");
            Map<String, Integer> arrays = new HashMap<>();
            for (Weight weight : layer.weights()) {
                int slash = weight.name().lastIndexOf('/');
                String inside = slash < 0 ? "vars" : weight.name().substring(0, slash) + "/vars";
                int at = arrays.merge(inside, 1, Integer::sum) - 1;
                file.floats(folder + "/" + inside + "/" + at, weight.values(), weight.shape());
            }
        }
        return file;
    }

    public static byte[] archive(String version, ObjectNode model, byte[] weights) {
        return new ZipWriter()
                .with("metadata.json", bytes("{\"keras_version\": \"" + version + "\"}"))
                .with("config.json", bytes(model.toString()))
                .with("model.weights.h5", weights)
                .bytes();
    }

    public static byte[] archive(String version, List<Layer> layers) {
        return archive(version, sequential(layers), numbered("layers", layers).bytes());
    }

    /** A complete model in one file. */
    public static byte[] whole(String version, List<Layer> layers) {
        return named(version, Optional.of(sequential(layers)), layers).bytes();
    }

    public static byte[] whole(LstmModel model, Form form) {
        return whole(form.version(), layers(model, form));
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
