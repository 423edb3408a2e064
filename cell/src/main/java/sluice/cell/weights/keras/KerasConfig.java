package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;
import sluice.cell.weights.keras.KerasInputs.Source;

/**
 * The config of a Keras model, as {@code model.to_json()} writes it: its layers and their connections. A Sequential is a
 * graph in which each layer reads the one before it. The layers of a model that is a layer are layers of this graph.
 */
final class KerasConfig {
    /** Limit on the config; the config of an LSTM takes 1 or 2 kB. */
    static final int MAX_BYTES = 1 << 22;

    private static final int MAX_LAYERS = 2_000;
    private static final Set<String> GRAPHS = Set.of("Functional", "Model");
    private static final String SEQUENTIAL = "Sequential";

    private final Map<String, KerasLayer> layers = new LinkedHashMap<>(); // by name, in file order
    private final Map<String, KerasInputs> inputs = new HashMap<>(); // by name of the layer
    private final Map<List<String>, List<KerasLayer>> children = new HashMap<>(); // by path of the model
    private final Ends ends;
    private final KerasVersion version;

    /**
     * What a model is entered and left by.
     *
     * @param entries names of its layers that read its input
     */
    private record Ends(List<String> entries, List<Source> outputs) {}

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
        this.version = new KerasVersion(root.path("keras_version").asText(""));
        if (!isModel(root)) {
            throw notAModel(root, what);
        }
        this.ends = read(root, List.of(), what);
        ends.entries().forEach(entry -> inputs.put(entry, KerasInputs.NONE));
    }

    private static ModelException notAModel(JsonNode root, String what) {
        String kind = root.path("class_name").asText("");
        if (kind.isEmpty()) {
            return new ModelException(
                    "%s has no 'class_name', expected the description of a Keras model; in Python, open(\"config.json\", \"w\").write(model.to_json()) writes it"
                            .formatted(what));
        }
        boolean hasLayers = !root.path("config").path("layers").isEmpty();
        return new ModelException(
                "%s describes a model of class '%s', expected a Sequential or a functional one, %s"
                        .formatted(
                                what,
                                NameList.shortened(kind),
                                hasLayers
                                        ? "since another class may compute something else; if it changes only the training, in Python, keras.Model(model.inputs, model.outputs).save(\"model.keras\")"
                                        : "whose layers are in the file; in Python, build the same layers as a keras.Sequential, and sequential.set_weights(model.get_weights()); sequential.save(\"model.keras\")"));
    }

    private static boolean isModel(JsonNode node) {
        String kind = KerasLayer.qualified(node);
        return kind.equals(SEQUENTIAL) || GRAPHS.contains(kind);
    }

    /**
     * Reads the layers of a model.
     *
     * @param path names of the models that it is inside of, and its own; empty for the whole model
     */
    private Ends read(JsonNode model, List<String> path, String what) {
        boolean sequential = KerasLayer.qualified(model).equals(SEQUENTIAL);
        JsonNode config = model.path("config");
        JsonNode listed =
                config.isArray() ? config : config.path("layers"); // up to Keras 2.2 the config itself is the list
        if (!listed.isArray() || listed.isEmpty() || listed.size() > MAX_LAYERS - layers.size()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s lists %d layers, expected 1 to %d; write it with model.to_json()",
                    what,
                    listed.size(),
                    MAX_LAYERS));
        }
        Map<String, KerasInputs> own = new LinkedHashMap<>(); // by name in this model
        Map<String, Ends> models = new HashMap<>();
        List<KerasLayer> found = new ArrayList<>();
        for (JsonNode node : listed) {
            KerasLayer layer = KerasLayer.of(node, path);
            KerasInputs read = new KerasInputs(node.path("inbound_nodes"));
            if (sequential) {
                read = found.isEmpty()
                        ? KerasInputs.NONE
                        : KerasInputs.of(found.get(found.size() - 1).ownName());
            }
            if (own.put(layer.ownName(), read) != null || layers.containsKey(layer.name())) {
                throw new ModelException("%s has two layers '%s', expected each name once"
                        .formatted(what, NameList.shortened(layer.ownName())));
            }
            found.add(layer);
            if (isModel(node)) {
                models.put(layer.ownName(), read(node, layer.path(), layer.describe()));
            } else {
                layers.put(layer.name(), layer);
            }
        }
        children.put(path, found);
        Resolver resolver = new Resolver(path, models);
        List<String> entries = new ArrayList<>();
        for (KerasLayer layer : found) {
            Ends inner = models.get(layer.ownName());
            List<String> readers = inner == null ? List.of(layer.name()) : inner.entries();
            KerasInputs read = own.get(layer.ownName()).resolved(resolver::resolve);
            readers.forEach(reader -> inputs.put(reader, read));
            if (sequential ? entries.isEmpty() : layer.kind().equals(KerasStack.INPUT)) {
                entries.addAll(readers);
            }
        }
        List<Source> outputs = new ArrayList<>();
        if (sequential) {
            outputs.add(new Source(found.get(found.size() - 1).ownName(), 0));
        } else {
            readOutputs(config.path("output_layers"), what, outputs);
        }
        outputs.replaceAll(resolver::resolve);
        return new Ends(entries, outputs);
    }

    /**
     * Finds the layer whose output is read under a name.
     *
     * @param models models that are layers, by their names in this one
     */
    private record Resolver(List<String> path, Map<String, Ends> models) {
        Source resolve(Source source) {
            Ends inner = models.get(source.layer());
            if (inner == null) {
                List<String> full = new ArrayList<>(path);
                full.add(source.layer());
                return new Source(String.join("/", full), source.tensor());
            }
            if (source.tensor() < 0 || source.tensor() >= inner.outputs().size()) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "output %d of the model '%s' is read, which has %d: the config is damaged",
                        source.tensor(),
                        NameList.shortened(source.layer()),
                        inner.outputs().size()));
            }
            return inner.outputs().get(source.tensor());
        }
    }

    /** Reads {@code ["decoder", 0, 0]} or a list of such entries. */
    private static void readOutputs(JsonNode node, String what, List<Source> into) {
        if (node.isArray() && node.path(0).isTextual()) {
            if (!KerasInputs.isReference(node)) {
                throw new ModelException("%s has the output %s, expected the name of a layer and two numbers"
                        .formatted(what, NameList.shortened(node.toString())));
            }
            into.add(new Source(node.get(0).asText(), node.get(2).intValue()));
        } else {
            node.forEach(inner -> readOutputs(inner, what, into));
        }
    }

    /** All layers, in file order. */
    List<KerasLayer> layers() {
        return List.copyOf(layers.values());
    }

    Optional<KerasLayer> layer(String name) {
        return Optional.ofNullable(layers.get(name));
    }

    /** The layers of a model, in file order, which is also the order of the weights; with models that are layers. */
    List<KerasLayer> children(List<String> path) {
        return children.get(path);
    }

    /** Whether a layer is a model. */
    boolean isModel(KerasLayer layer) {
        return children.containsKey(layer.path());
    }

    /** The inputs of a layer. */
    KerasInputs inputs(KerasLayer layer) {
        return inputs.get(layer.name());
    }

    /** Whether a layer reads the input of the whole model, or is it. */
    boolean isFirst(KerasLayer layer) {
        return ends.entries().contains(layer.name());
    }

    /** The model's outputs. */
    List<Source> outputs() {
        return ends.outputs();
    }

    KerasVersion version() {
        return version;
    }
}
