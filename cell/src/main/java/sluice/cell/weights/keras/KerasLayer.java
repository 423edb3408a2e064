package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * One layer as a model's description has it. A setting has had several names over the versions of Keras, and is asked for by all of them.
 *
 * @param kind its class: {@code LSTM}
 * @param name the name that it has in its model
 * @param config its settings
 */
record KerasLayer(String kind, String name, JsonNode config) {
    /** @throws ModelException where it has no class or no settings */
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

    /** {@code layer 'lstm_1' (LSTM)}, as messages say it. */
    String describe() {
        return "layer '%s' (%s)".formatted(NameList.shortened(name), NameList.shortened(kind));
    }

    /** The layer that this one wraps, under the name of this setting. */
    Optional<KerasLayer> inner(String setting) {
        JsonNode inner = config.path(setting);
        return inner.isObject() ? Optional.of(of(inner)) : Optional.empty();
    }

    /** A switch; where no such setting is written, what Keras takes. */
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

    /** A count of at least 1. */
    int count(String... settings) {
        JsonNode value = setting(settings);
        if (value == null || !value.canConvertToInt() || !value.isIntegralNumber() || value.asInt() < 1) {
            throw wrong(settings[0], value, "a number of at least 1");
        }
        return value.asInt();
    }

    /** The first of these settings that is written; null where none is. */
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
