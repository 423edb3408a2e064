package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.keras.KerasMasks.Together;
import sluice.cell.weights.keras.KerasWeights.Part;

/** Reads the several inputs of a model: for each an Embedding, or numbers, named by its InputLayer. */
final class KerasParts {
    private final KerasArrays arrays;
    private final Together mask; // which steps the LSTM skips
    private final Consumer<String> notes;

    KerasParts(KerasArrays arrays, Together mask, Consumer<String> notes) {
        this.arrays = arrays;
        this.mask = mask;
        this.notes = notes;
    }

    /**
     * Reads the inputs.
     *
     * @param branches the layers of each input, from the InputLayer upwards
     * @throws ModelException if there are other layers, or if the steps that are skipped can't be told by one input
     */
    List<InputPart> read(List<List<KerasLayer>> branches) {
        List<InputPart> parts = new ArrayList<>();
        List<KerasLayer> masked = new ArrayList<>();
        for (List<KerasLayer> branch : branches) {
            parts.add(part(branch));
            branch.stream().filter(KerasStack::skipsZero).forEach(masked::add);
        }
        notes.accept("each step is these inputs of the model side by side: "
                + parts.stream().map(InputPart::toString).collect(Collectors.joining(", ")));
        requireKnownMask(masked, parts.size());
        return parts;
    }

    private InputPart part(List<KerasLayer> branch) {
        KerasLayer input = branch.get(0);
        Embedding embedding = null;
        boolean isOneNumber = false;
        for (KerasLayer layer : branch.subList(1, branch.size())) {
            if (layer.kind().equals(KerasStack.EMBEDDING) && embedding == null && !isOneNumber) {
                embedding = embedding(layer);
            } else if (embedding == null && !isOneNumber && isOneNumber(layer, input)) {
                isOneNumber = true;
            } else if (!KerasStack.isNoOp(layer)) {
                throw refused(layer, input);
            }
        }
        if (!input.kind().equals(KerasStack.INPUT)) {
            throw refused(input, input);
        }
        if (embedding != null) {
            return InputPart.tokens(input.name(), embedding);
        }
        return InputPart.numbers(input.name(), isOneNumber ? 1 : width(input));
    }

    private static ModelException refused(KerasLayer layer, KerasLayer input) {
        if (layer.kind().equals(KerasStack.MASKING)) {
            return new ModelException(
                    "%s masks input '%s' beside other inputs, expected an Embedding or numbers alone; build the same model without it, with these weights, and leave the steps that it skips out of the rows"
                            .formatted(layer.describe(), NameList.shortened(input.name())));
        }
        return new ModelException(
                "%s is between input '%s' and a Concatenate below the LSTM, expected an Embedding or numbers alone; compute it before the rows are scored, and save a model that starts after it"
                        .formatted(layer.describe(), NameList.shortened(input.name())));
    }

    private Embedding embedding(KerasLayer layer) {
        KerasStack.requireFloats(layer);
        Matrix table = KerasArrays.matrix(arrays.only(layer, Part.OWN, 1).get(0), layer, "(tokens, width)");
        boolean isPadded = KerasStack.skipsZero(layer) && mask == Together.IF_ANY;
        return isPadded ? new Embedding(table).withPadding(0) : new Embedding(table);
    }

    /** A Reshape of {@code (steps)} to {@code (steps, 1)}. */
    private static boolean isOneNumber(KerasLayer layer, KerasLayer input) {
        boolean reshapes = layer.kind().equals("Reshape")
                && layer.config().path("target_shape").toString().equals("[-1,1]");
        boolean expands = layer.kind().equals("ExpandDims") && layer.axis(0) == -1;
        return shape(input).size() == 2 && (reshapes || expands);
    }

    private static JsonNode shape(KerasLayer input) {
        JsonNode shape = input.config().path("batch_shape");
        return shape.isArray() ? shape : input.config().path("batch_input_shape");
    }

    private static int width(KerasLayer input) {
        JsonNode shape = shape(input);
        JsonNode width = shape.path(2);
        if (shape.size() != 3 || !width.isInt() || width.intValue() < 1) {
            throw new ModelException(
                    "%s has shape %s below a Concatenate, expected (batch, steps, numbers) with a known number of numbers"
                            .formatted(input.describe(), NameList.shortened(shape.toString())));
        }
        return width.intValue();
    }

    /** Checks that the mask of the Concatenate is that of single inputs. */
    private void requireKnownMask(List<KerasLayer> masked, int parts) {
        if (masked.isEmpty()) {
            return;
        }
        String names = NameList.of(masked, KerasLayer::describe);
        switch (mask) {
            case IF_ANY ->
                notes.accept(
                        "token 0 is padding to %s (mask_zero), and this model skips a step with it: a row with such a step is a bad row; remove the step from all columns"
                                .formatted(names));
            case IF_ALL -> {
                if (masked.size() == parts) {
                    throw new ModelException(
                            "the LSTM skips a step if all of %s have token 0 there (mask_zero in this version of Keras), expected a padding token of one input; build the same model without mask_zero, with these weights, and leave such steps out of the rows"
                                    .formatted(names));
                }
                notes.accept(
                        "token 0 is no padding to this model: mask_zero of %s has no effect beside inputs without a mask, in the version of Keras that wrote the file"
                                .formatted(names));
            }
            case NONE ->
                throw new ModelException(
                        "%s with mask_zero is below a Concatenate, and the file does not tell which steps the LSTM skips; save the model again with Keras 3, or build it without mask_zero"
                                .formatted(names));
        }
    }
}
