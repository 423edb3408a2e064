package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
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
    /** Which steps an LSTM skips that reads several inputs side by side, by the masks of their embeddings. */
    enum Together {
        /** It is given no mask. */
        NONE,
        /** Those with the padding token in any embedding that has one: Keras 2, and the first versions of Keras 3. */
        IF_ANY,
        /** Those with the padding token in all inputs; none if one of them has no mask. */
        IF_ALL
    }

    private KerasMasks() {}

    /**
     * Which steps the LSTMs skip.
     *
     * @param path the layers from the lowest LSTM upwards
     * @param version that wrote the model; up to Keras 2 the file does not tell the masks
     * @throws ModelException if they skip others than those by the masks of all inputs together
     */
    static Together of(KerasConfig config, List<KerasLayer> path, KerasVersion version) {
        Together skipped = null;
        for (KerasLayer layer : path) {
            for (KerasInputs.Source mask : config.inputs(layer).masks()) {
                Together found = config.layer(mask.layer())
                        .filter(given -> isTogether(config, given))
                        .map(given -> given.kind().equals("All") ? Together.IF_ANY : Together.IF_ALL)
                        .orElseThrow(() -> unknown(layer, mask));
                skipped = found == Together.IF_ANY || skipped == null ? found : skipped;
            }
        }
        if (skipped != null) {
            return skipped;
        }
        return version.major().filter(major -> major < 3).isPresent() ? Together.IF_ANY : Together.NONE;
    }

    /** Whether a layer reduces the masks of several inputs: for each the padding of its embedding, or no mask at all. */
    private static boolean isTogether(KerasConfig config, KerasLayer layer) {
        boolean reduces = (layer.kind().equals("Any") || layer.kind().equals("All")) && layer.axis(0) == -1;
        return reduces
                && only(config, layer)
                        .filter(joined -> joined.kind().equals(KerasStates.JOIN) && joined.axis(-1) == -1)
                        .filter(joined -> config.inputs(joined).data().stream()
                                .allMatch(part -> config.layer(part.layer())
                                        .filter(found -> isPartOfMask(config, found))
                                        .isPresent()))
                        .isPresent();
    }

    /** {@code OnesLike}, or the padding of an embedding in the shape of the embedding's output. */
    private static boolean isPartOfMask(KerasConfig config, KerasLayer layer) {
        if (layer.kind().equals("OnesLike")) {
            return true;
        }
        List<KerasLayer> read = config.inputs(layer).data().stream()
                .flatMap(source -> config.layer(source.layer()).stream())
                .toList();
        return layer.kind().equals("LogicalOr")
                && read.size() == 2
                && read.get(0).kind().equals("ExpandDims")
                && read.get(1).kind().equals("ZerosLike")
                && only(config, read.get(0))
                        .filter(padding -> isPadding(config, padding))
                        .isPresent();
    }

    /** The only layer that another reads. */
    private static Optional<KerasLayer> only(KerasConfig config, KerasLayer layer) {
        List<KerasInputs.Source> data = config.inputs(layer).data();
        return data.size() == 1 ? config.layer(data.get(0).layer()) : Optional.empty();
    }

    /**
     * @param layer the layer that skips steps
     * @param mask what tells which
     * @throws ModelException if it may skip other steps
     */
    static void require(KerasConfig config, KerasLayer layer, KerasInputs.Source mask) {
        boolean isKnown = config.layer(mask.layer())
                .filter(found -> isPadding(config, found) || isMasking(config, found) || isTogether(config, found))
                .isPresent();
        if (!isKnown) {
            throw unknown(layer, mask);
        }
    }

    private static ModelException unknown(KerasLayer layer, KerasInputs.Source mask) {
        return new ModelException(
                "%s skips the steps given by '%s', expected the mask of an Embedding with mask_zero or of a Masking layer, or none; build the same model without the mask, with these weights, and leave the steps that it skips out of the rows"
                        .formatted(layer.describe(), NameList.shortened(mask.layer())));
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
