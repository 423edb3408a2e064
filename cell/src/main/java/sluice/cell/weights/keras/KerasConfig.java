package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;

/** The config of a Keras model, as {@code model.to_json()} writes it: its layers and their connections. */
final class KerasConfig {
    /** Limit on the config; the config of an LSTM takes 1 or 2 kB. */
    static final int MAX_BYTES = 1 << 22;

    private static final int MAX_LAYERS = 2_000;
    private static final Set<String> GRAPHS = Set.of("Functional", "Model");
    private static final String SEQUENTIAL = "Sequential";

    private final Map<String, KerasLayer> layers = new LinkedHashMap<>(); // by name, in file order
    private final Map<String, KerasInputs> inputs = new LinkedHashMap<>();
    private final List<String> outputs = new ArrayList<>();
    private final boolean sequential;
    private final KerasVersion version;

    /**
     * @param json the config
     * @param what its name in messages, such as {@code config.json}
     */
    static KerasConfig parse(byte[] json, String what) {
        if (json.length > MAX_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has %d bytes, expected at most %d: this is not a supported model",
                    what,
                    json.length,
                    MAX_BYTES));
        }
        return new KerasConfig(StrictJson.tree(json, what, "a Keras model"), what);
    }

    private KerasConfig(JsonNode root, String what) {
        String kind = KerasLayer.qualified(root);
        JsonNode config = root.path("config");
        this.sequential = kind.equals(SEQUENTIAL);
        this.version = new KerasVersion(root.path("keras_version").asText(""));
        if (!sequential && !GRAPHS.contains(kind)) {
            throw new ModelException(
                    kind.isEmpty()
                            ? "%s has no 'class_name', expected the description of a Keras model; write it with model.to_json()"
                                    .formatted(what)
                            : "%s describes a model of class '%s', expected a Sequential or a functional one, whose layers it lists"
                                    .formatted(what, NameList.shortened(kind)));
        }
        JsonNode listed =
                config.isArray() ? config : config.path("layers"); // up to Keras 2.2 the config itself is the list
        if (!listed.isArray() || listed.isEmpty() || listed.size() > MAX_LAYERS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s lists %d layers, expected 1 to %d; write it with model.to_json()",
                    what,
                    listed.size(),
                    MAX_LAYERS));
        }
        for (JsonNode node : listed) {
            KerasLayer layer = KerasLayer.of(node);
            if (layers.put(layer.name(), layer) != null) {
                throw new ModelException("%s has two layers '%s', expected each name once"
                        .formatted(what, NameList.shortened(layer.name())));
            }
            inputs.put(layer.name(), new KerasInputs(node.path("inbound_nodes")));
        }
        if (!sequential) {
            readOutputs(config.path("output_layers"));
        }
    }

    /** Reads {@code ["decoder", 0, 0]} or a list of such entries. */
    private void readOutputs(JsonNode node) {
        if (node.isArray() && node.path(0).isTextual()) {
            if (node.path(2).asInt() != 0) {
                throw new ModelException(
                        "an output of the model is state %s of layer '%s', expected the layer's output; build the model without return_state for this output, or set model.output to none for hidden states"
                                .formatted(
                                        node.path(2),
                                        NameList.shortened(node.get(0).asText())));
            }
            outputs.add(node.get(0).asText());
        } else {
            node.forEach(this::readOutputs);
        }
    }

    /** All layers, in file order, which is also the order of the weights. */
    List<KerasLayer> layers() {
        return List.copyOf(layers.values());
    }

    Optional<KerasLayer> layer(String name) {
        return Optional.ofNullable(layers.get(name));
    }

    /** Whether each layer reads the one before it. */
    boolean isSequential() {
        return sequential;
    }

    /** The inputs of a layer. Meaningful only if the model is not sequential. */
    KerasInputs inputs(KerasLayer layer) {
        return inputs.get(layer.name());
    }

    /** Names of the model's output layers. Meaningful only if the model is not sequential. */
    List<String> outputs() {
        return outputs;
    }

    KerasVersion version() {
        return version;
    }
}
