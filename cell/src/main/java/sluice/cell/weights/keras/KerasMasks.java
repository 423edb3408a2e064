package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * Checks masks that are passed to layers. Only the masks of an Embedding with mask_zero and of a Masking layer can be scored, since rows
 * that hold a step that they skip are bad. Keras 3 writes them as separate layers: the tokens compared with 0, or any feature compared with
 * the mask's value.
 */
final class KerasMasks {
    private KerasMasks() {}

    /**
     * @param layer the layer that skips steps
     * @param mask what tells which
     * @throws ModelException if it may skip other steps
     */
    static void require(KerasConfig config, KerasLayer layer, KerasInputs.Source mask) {
        boolean isKnown = config.layer(mask.layer())
                .filter(found -> isPadding(config, found) || isMasking(config, found))
                .isPresent();
        if (!isKnown) {
            throw new ModelException(
                    "%s skips the steps given by '%s', expected the mask of an Embedding with mask_zero or of a Masking layer, or none; build the same model without the mask, with these weights, and leave the steps that it skips out of the rows"
                            .formatted(layer.describe(), NameList.shortened(mask.layer())));
        }
    }

    /** Whether a layer compares the tokens of an Embedding with mask_zero with 0. */
    private static boolean isPadding(KerasConfig config, KerasLayer layer) {
        return isComparison(config, layer, KerasStack::skipsZero, embedding -> 0);
    }

    /** Whether a layer is true where any feature differs from the value of a Masking layer. */
    private static boolean isMasking(KerasConfig config, KerasLayer layer) {
        List<KerasInputs.Source> data = layer.kind().equals("Any") && layer.axis(0) == -1
                ? config.inputs(layer).data()
                : List.of();
        return data.size() == 1
                && config.layer(data.get(0).layer())
                        .filter(found -> isComparison(
                                config,
                                found,
                                masking -> masking.kind().equals(KerasStack.MASKING),
                                KerasStack::maskValue))
                        .isPresent();
    }

    /** Whether a NotEqual compares what another layer reads with a number. */
    private static boolean isComparison(
            KerasConfig config, KerasLayer layer, Predicate<KerasLayer> isOther, ToDoubleFunction<KerasLayer> number) {
        KerasInputs inputs = config.inputs(layer);
        List<JsonNode> numbers = inputs.constants();
        return layer.kind().equals("NotEqual")
                && inputs.data().size() == 1
                && numbers.size() == 1
                && numbers.get(0).isNumber()
                && inputs.calls() == 1
                && inputs.arguments().isEmpty()
                && config.layers().stream()
                        .filter(isOther)
                        .filter(other -> config.inputs(other).data().equals(inputs.data()))
                        .anyMatch(other ->
                                number.applyAsDouble(other) == numbers.get(0).floatValue());
    }
}
