package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * One layer of a model's config. The name of a setting differs between Keras versions, so all its names are looked up.
 * A setting of another JSON type than expected is never its default.
 *
 * @param kind its class, such as {@code LSTM}; {@code my_package>LSTM} if the class is not one of Keras
 * @param className its class without a package, which names the group of its weights
 * @param path names of the models inside the model that it is part of, the outermost first, and its own name
 * @param config its settings
 */
record KerasLayer(String kind, String className, List<String> path, JsonNode config) {
    private static final String PACKAGE_END = ">";
    private static final String OPERATION = "Operation ";

    /** A layer of Keras. */
    KerasLayer(String kind, String name, JsonNode config) {
        this(kind, kind, List.of(name), config);
    }

    /** @throws ModelException if it has no class or no settings */
    static KerasLayer of(JsonNode layer) {
        return of(layer, List.of());
    }

    /**
     * @param models names of the models that it is inside of
     * @throws ModelException if it has no class or no settings
     */
    static KerasLayer of(JsonNode layer, List<String> models) {
        JsonNode kind = layer.path("class_name");
        JsonNode config = layer.path("config");
        if (!kind.isTextual() || !config.isObject()) {
            throw new ModelException(
                    "the model's config has a layer without 'class_name' and 'config', expected both in "
                            + "each; write it again with model.to_json()");
        }
        String inner = config.path("name").asText("");
        boolean isOperation = layer.path("module").asText("").matches("keras\\.(src\\.)?ops\\..*");
        String className =
                isOperation ? OPERATION + kind.asText() : kind.asText(); // operations have no weights, nor a group
        List<String> path = new ArrayList<>(models);
        path.add(layer.path("name").asText(inner));
        return new KerasLayer(qualified(layer), className, List.copyOf(path), config).unwrapped();
    }

    /** An {@code RNN} of one {@code LSTMCell} is an LSTM, and an index of {@code tf.keras} is a {@code GetItem}. */
    private KerasLayer unwrapped() {
        JsonNode cell = config.path("cell");
        if (kind.equals("RNN")
                && cell.path("config").isObject()
                && qualified(cell).equals("LSTMCell")) {
            ObjectNode both = cell.get("config").deepCopy();
            both.setAll((ObjectNode) config);
            return new KerasLayer("LSTM", className, path, both);
        }
        boolean isIndex = kind.equals("SlicingOpLambda")
                && config.path("function").asText("").equals("__operators__.getitem");
        return isIndex ? new KerasLayer(KerasStack.GET_ITEM, className, path, config) : this;
    }

    /** This layer with another value of a setting. */
    KerasLayer with(String setting, JsonNode value) {
        ObjectNode changed = config.deepCopy();
        changed.set(setting, value);
        return new KerasLayer(kind, className, path, changed);
    }

    /** Its name in the model: {@code encoder/lstm} if it is inside a model {@code encoder} that the model has as a layer. */
    String name() {
        return String.join("/", path);
    }

    /** Its name in the model that it is directly part of. */
    String ownName() {
        return path.get(path.size() - 1);
    }

    /**
     * The class of a layer, with its package unless it is one of Keras. Keras 3 writes the module of the class, and for a
     * class that is not part of its API the name that it is registered under.
     */
    static String qualified(JsonNode layer) {
        String className = layer.path("class_name").asText("");
        String registered = layer.path("registered_name").asText("");
        if (registered.contains(PACKAGE_END)) {
            return registered;
        }
        JsonNode module = layer.path("module");
        if (module.isMissingNode() || isOfKeras(module.asText(""))) {
            return className;
        }
        return (module.isNull() ? "?" : module.asText()) + PACKAGE_END + className;
    }

    private static boolean isOfKeras(String module) {
        return module.matches("(tensorflow\\.(python\\.)?)?(tf_)?keras(\\..*)?");
    }

    /** Whether its class is not one of Keras, so that the file does not tell what it computes. */
    boolean isCustom() {
        return kind.contains(PACKAGE_END);
    }

    /** {@code layer 'lstm_1' (LSTM)}, for messages. */
    String describe() {
        return "layer '%s' (%s)".formatted(NameList.shortened(name()), NameList.shortened(kind));
    }

    /** Whether its weights are stored as integers with scales. */
    boolean isQuantized() {
        JsonNode type = config.path("dtype");
        return type.path("class_name").asText("").contains("Quantized")
                || config.path("quantization_mode").isTextual();
    }

    /** The type that it computes in if it has less than 32 bits, such as {@code float16}. */
    Optional<String> shortFloat() {
        JsonNode type = config.path("dtype");
        String policy = type.isTextual()
                ? type.asText()
                : type.path("config").path("name").asText("");
        return Optional.of(policy.replaceFirst("^mixed_", "")).filter(Set.of("float16", "bfloat16")::contains);
    }

    /** The wrapped layer in this setting. Empty if the setting is absent or null. */
    Optional<KerasLayer> inner(String setting) {
        JsonNode inner = config.path(setting);
        if (!inner.isObject() && !inner.isNull() && !inner.isMissingNode()) {
            throw wrong(setting, inner, "a layer");
        }
        return inner.isObject() ? Optional.of(of(inner)) : Optional.empty();
    }

    /** The number of an axis, as an integer or a list of one. */
    int axis(int absent) {
        JsonNode value = setting("axis");
        if (value == null) {
            return absent;
        }
        JsonNode number = value.isArray() && value.size() == 1 ? value.get(0) : value;
        if (!number.isInt()) {
            throw wrong("axis", value, "the number of one axis");
        }
        return number.intValue();
    }

    /**
     * Reads a boolean setting.
     *
     * @param absent Keras' default, returned if the setting is absent
     */
    boolean flag(boolean absent, String... settings) {
        JsonNode value = setting(settings);
        if (value == null) {
            return absent;
        }
        if (!value.isBoolean()) {
            throw wrong(settings[0], value, "true or false");
        }
        return value.asBoolean();
    }

    /** Reads an integer setting of at least 1. */
    int count(String... settings) {
        JsonNode value = setting(settings);
        if (value == null || !value.canConvertToInt() || !value.isIntegralNumber() || value.asInt() < 1) {
            throw wrong(settings[0], value, "a number of at least 1");
        }
        return value.asInt();
    }

    /** The first of these settings that is present, or null. */
    JsonNode setting(String... settings) {
        for (String setting : settings) {
            if (config.has(setting)) {
                return config.get(setting);
            }
        }
        return null;
    }

    private ModelException wrong(String setting, JsonNode found, String expected) {
        return new ModelException("%s has %s for '%s', expected %s"
                .formatted(
                        describe(),
                        found == null ? "nothing" : NameList.shortened(found.toString()),
                        setting,
                        expected));
    }
}
