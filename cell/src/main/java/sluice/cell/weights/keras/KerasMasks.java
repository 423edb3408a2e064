package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * Checks masks that are passed to layers. The only mask that can be scored is that of an Embedding with mask_zero, since
 * rows that hold the padding token are bad. Keras 3 writes it as a separate layer that compares the tokens with 0.
 */
final class KerasMasks {
    private KerasMasks() {}

    /**
     * @param layer the layer that skips steps
     * @param mask what tells which
     * @throws ModelException if it may skip other steps than those of the padding token
     */
    static void require(KerasConfig config, KerasLayer layer, KerasInputs.Source mask) {
        boolean isPadding = config.layer(mask.layer())
                .filter(found -> found.kind().equals("NotEqual"))
                .filter(found -> isPadding(config, found))
                .isPresent();
        if (!isPadding) {
            throw new ModelException(
                    "%s skips the steps given by '%s', expected the mask of an Embedding with mask_zero, or none; build the model with Embedding(mask_zero=True) and no mask argument, or without a mask, on sequences of their own length"
                            .formatted(layer.describe(), NameList.shortened(mask.layer())));
        }
    }

    /** Whether a NotEqual compares the tokens of an Embedding with mask_zero with 0. */
    private static boolean isPadding(KerasConfig config, KerasLayer notEqual) {
        KerasInputs inputs = config.inputs(notEqual);
        List<KerasInputs.Source> compared = inputs.data();
        boolean withZero =
                inputs.constants().size() == 1 && isZero(inputs.constants().get(0));
        return compared.size() == 1
                && withZero
                && inputs.calls() == 1
                && inputs.arguments().isEmpty()
                && config.layers().stream()
                        .filter(KerasStack::skipsZero)
                        .anyMatch(embedding -> config.inputs(embedding).data().equals(compared));
    }

    private static boolean isZero(JsonNode number) {
        return number.isNumber() && number.asDouble() == 0;
    }
}
