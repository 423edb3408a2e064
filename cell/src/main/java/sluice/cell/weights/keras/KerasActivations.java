package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import sluice.cell.model.Activation;
import sluice.cell.model.Activation.Kind;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/** The activations of Keras by name. A name may stand for different functions in different versions. */
final class KerasActivations {
    private static final float LEAKY_SLOPE = 0.2f;
    private static final int FIRST_MAJOR_WITH_SLOPE_ONE_SIXTH = 3;

    private KerasActivations() {}

    /**
     * Reads the name of an activation from a layer's settings.
     *
     * @param value the setting; JSON null means {@code linear}
     * @throws ModelException if it is missing: defaults differ between layers and versions
     */
    static String name(KerasLayer layer, JsonNode value) {
        if (value == null) {
            throw new ModelException(
                    "%s has no activation in the model's config, expected one; write the config again with model.to_json()"
                            .formatted(layer.describe()));
        }
        if (value.isNull()) {
            return "linear";
        }
        if (value.isTextual()) {
            return value.asText();
        }
        // Some 2.x versions write a function as an object that contains its name.
        if (value.path("class_name").asText().equals("function")
                && value.path("config").isTextual()) {
            return value.path("config").asText();
        }
        String found = value.path("class_name").isTextual()
                ? "the layer " + KerasLayer.qualified(value)
                : "the value " + value;
        throw new ModelException(
                "%s has %s as its activation, expected an activation that Keras knows by name, such as \"tanh\" or \"softmax\"; build it with the name of the same function"
                        .formatted(layer.describe(), NameList.shortened(found)));
    }

    /**
     * Returns the activation of a cell.
     *
     * @throws ModelException if it is not supported, or depends on the version and the version is unknown
     */
    static Activation of(KerasLayer layer, JsonNode value, KerasVersion version) {
        String name = name(layer, value);
        return switch (name) {
            case "sigmoid" -> Activation.of(Kind.SIGMOID);
            case "tanh" -> Activation.of(Kind.TANH);
            case "relu" -> Activation.of(Kind.RELU);
            case "elu" -> Activation.of(Kind.ELU);
            case "softplus" -> Activation.of(Kind.SOFTPLUS);
            case "softsign" -> Activation.of(Kind.SOFTSIGN);
            case "selu" -> Activation.of(Kind.SELU);
            case "exponential" -> Activation.of(Kind.EXPONENTIAL);
            case "linear" -> new Activation(Kind.AFFINE, 1, 0);
            case "leaky_relu" -> new Activation(Kind.LEAKY_RELU, LEAKY_SLOPE, 0);
            case "hard_sigmoid" -> hardSigmoid(layer, version);
            default ->
                throw new ModelException(("%s has the activation '%s', which can't be computed here, expected sigmoid, "
                                + "hard_sigmoid, tanh, relu, leaky_relu, elu, selu, exponential, softplus, softsign or linear; build the layer with one of these only if it computes the same function")
                        .formatted(layer.describe(), NameList.shortened(name)));
        };
    }

    /** {@code 0.2 z + 0.5} up to Keras 2, and {@code z / 6 + 0.5} since 3, both clipped to 0 and 1. */
    private static Activation hardSigmoid(KerasLayer layer, KerasVersion version) {
        if (version.major().isEmpty()) {
            throw new ModelException(
                    ("%s has the activation 'hard_sigmoid', whose function differs between Keras 3 and earlier versions, and the file "
                                    + "does not say which version wrote it; put a metadata.json with the version that trained it beside it, such as "
                                    + "{\"keras_version\": \"2.3.1\"}")
                            .formatted(layer.describe()));
        }
        float slope = version.major().get() < FIRST_MAJOR_WITH_SLOPE_ONE_SIXTH ? 0.2f : 1 / 6f;
        return new Activation(Kind.HARD_SIGMOID, slope, 0.5f);
    }
}
