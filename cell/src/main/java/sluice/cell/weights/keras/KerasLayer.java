package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * One layer of a model's config. The name of a setting differs between Keras versions, so all its names are looked up.
 *
 * @param kind its class, such as {@code LSTM}
 * @param name its name in the model
 * @param config its settings
 */
record KerasLayer(String kind, String name, JsonNode config) {
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
        return new KerasLayer(kind.asText(), layer.path("name").asText(inner), config);
    }

    /** {@code layer 'lstm_1' (LSTM)}, for messages. */
    String describe() {
        return "layer '%s' (%s)".formatted(NameList.shortened(name), NameList.shortened(kind));
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
