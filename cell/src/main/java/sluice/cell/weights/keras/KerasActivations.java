package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import sluice.cell.model.Activation;
import sluice.cell.model.Activation.Kind;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/** The activations of Keras by name, which is the same in all versions; what it stands for is not. */
final class KerasActivations {
    private static final float LEAKY_SLOPE = 0.2f;
    private static final int FIRST_WITH_SIXTHS = 3;

    private KerasActivations() {}

    /**
     * The name of an activation as a layer's settings have it.
     *
     * @param value the setting; null or JSON's null for none, which is {@code linear}
     */
    static String name(KerasLayer layer, JsonNode value) {
        if (value == null || value.isNull()) {
            return "linear";
        }
        if (value.isTextual()) {
            return value.asText();
        }
        // Some versions of 2 write a function as an object that holds its name.
        if (value.path("class_name").asText().equals("function")
                && value.path("config").isTextual()) {
            return value.path("config").asText();
        }
        throw new ModelException("%s has an activation of its own, %s: expected one that Keras knows by name"
                .formatted(layer.describe(), NameList.shortened(value.toString())));
    }

    /**
     * What a cell applies.
     *
     * @throws ModelException where it is none that can be computed, or means one thing in one version and another in the next, and the
     *     version isn't known
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
            case "linear" -> new Activation(Kind.AFFINE, 1, 0);
            case "leaky_relu" -> new Activation(Kind.LEAKY_RELU, LEAKY_SLOPE, 0);
            case "hard_sigmoid" -> hardSigmoid(layer, version);
            default ->
                throw new ModelException(("%s has the activation '%s', which can't be computed here, expected sigmoid, "
                                + "hard_sigmoid, tanh, relu, leaky_relu, elu, softplus, softsign or linear")
                        .formatted(layer.describe(), NameList.shortened(name)));
        };
    }

    /** {@code 0.2 z + 0.5} up to Keras 2, and {@code z / 6 + 0.5} since 3, both cut to 0 and 1. */
    private static Activation hardSigmoid(KerasLayer layer, KerasVersion version) {
        if (version.major().isEmpty()) {
            throw new ModelException(
                    ("%s has the activation 'hard_sigmoid', which is another function in Keras 3 than before, and the file "
                                    + "doesn't say which Keras wrote it; put a metadata.json beside it that says, such as "
                                    + "{\"keras_version\": \"2.3.1\"}")
                            .formatted(layer.describe()));
        }
        float slope = version.major().get() < FIRST_WITH_SIXTHS ? 0.2f : 1 / 6f;
        return new Activation(Kind.HARD_SIGMOID, slope, 0.5f);
    }
}
