package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * One layer of a model's config. The name of a setting differs between Keras versions, so all its names are looked up.
 *
 * @param kind its class, such as {@code LSTM}; {@code my_package>LSTM} if the class is not one of Keras
 * @param className its class without a package, which names the group of its weights
 * @param name its name in the model
 * @param config its settings
 */
record KerasLayer(String kind, String className, String name, JsonNode config) {
    private static final String PACKAGE_END = ">";

    /** A layer of Keras. */
    KerasLayer(String kind, String name, JsonNode config) {
        this(kind, kind, name, config);
    }

    /** @throws ModelException if it has no class or no settings */
    static KerasLayer of(JsonNode layer) {
        JsonNode kind = layer.path("class_name");
        JsonNode config = layer.path("config");
        if (!kind.isTextual() || !config.isObject()) {
            throw new ModelException(
                    "the model's config has a layer without 'class_name' and 'config', expected both in "
                            + "each; write it again with model.to_json()");
        }
        String inner = config.path("name").asText("");
        String className = kind.asText();
        return new KerasLayer(qualified(layer), className, layer.path("name").asText(inner), config);
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
        return "layer '%s' (%s)".formatted(NameList.shortened(name), NameList.shortened(kind));
    }

    /** Whether its weights are stored as integers with scales. */
    boolean isQuantized() {
        JsonNode type = config.path("dtype");
        return type.path("class_name").asText("").contains("Quantized")
                || config.path("quantization_mode").isTextual();
    }

    /** The wrapped layer in this setting. */
    Optional<KerasLayer> inner(String setting) {
        JsonNode inner = config.path(setting);
        return inner.isObject() ? Optional.of(of(inner)) : Optional.empty();
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
