package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.NamedInput;
import sluice.cell.weights.file.Shape;

/**
 * The several inputs of a network, which a state dict does not connect: {@code model.inputs} names the tensor of each column's embedding,
 * in the order in which the network concatenates them, and the columns of numbers among them.
 */
final class PartTensors {
    private final NamedTensors tensors;
    private final List<NamedInput> inputs;

    /** @param inputs setting {@code model.inputs} */
    PartTensors(NamedTensors tensors, List<NamedInput> inputs) {
        this.tensors = tensors;
        this.inputs = inputs;
    }

    /** Names of the embeddings' tensors. */
    Set<String> names() {
        return inputs.stream()
                .filter(input -> !input.isNumbers())
                .map(NamedInput::source)
                .collect(Collectors.toSet());
    }

    /**
     * Reads the embeddings.
     *
     * @param inputWidth I of the first layer
     * @throws ModelException if an entry names no embedding, or if the inputs do not fill {@code x_t}
     */
    List<InputPart> parts(int inputWidth) throws IOException {
        if (inputs.size() == 1) {
            throw new ModelException(
                    "model.inputs lists one column, '%s': leave it empty, set input.tokens to that column, and if the embedding has to be named, model.embedding to its tensor"
                            .formatted(inputs.get(0).column()));
        }
        long embedded = 0;
        for (NamedInput input : inputs) {
            embedded += input.isNumbers() ? 0 : width(input);
        }
        int unstated = unstatedWidth(inputWidth, embedded);
        List<InputPart> parts = new ArrayList<>();
        for (NamedInput input : inputs) {
            parts.add(
                    input.isNumbers()
                            ? InputPart.numbers(input.column(), input.widthOr(unstated))
                            : InputPart.tokens(input.column(), new Embedding(tensors.matrix(input.source()))));
        }
        return parts;
    }

    private long width(NamedInput input) {
        String name = input.source();
        if (!tensors.has(name)) {
            throw new ModelException(
                    "model.inputs has %s, but '%s' is not a tensor of the network; expected the embedding of column '%s', found %s"
                            .formatted(
                                    input,
                                    NameList.shortened(name),
                                    input.column(),
                                    NameList.of(EndLayer.looksLikeEmbedding(tensors), tensors::describe)));
        }
        Shape shape = tensors.shape(name);
        if (!shape.isMatrix()) {
            throw new ModelException("model.inputs has %s, but tensor %s is no matrix: expected (tokens, width)"
                    .formatted(input, tensors.describe(name)));
        }
        return shape.columns();
    }

    /** How many numbers a step has in each column that does not say. */
    private int unstatedWidth(int inputWidth, long embedded) {
        List<NamedInput> numbers = inputs.stream().filter(NamedInput::isNumbers).toList();
        List<NamedInput> unstated =
                numbers.stream().filter(input -> input.source().isEmpty()).toList();
        long stated = numbers.stream().mapToLong(input -> input.widthOr(0)).sum();
        long left = inputWidth - embedded - stated;
        if (unstated.isEmpty() && left == 0) {
            return 0;
        }
        if (unstated.size() == 1 && left > 0) {
            return (int) left;
        }
        if (!unstated.isEmpty() && left == unstated.size()) {
            return 1;
        }
        throw new ModelException(String.format(
                Locale.ROOT,
                "model.inputs = %s has embeddings of width %d together and %s, but layer 0 reads %d numbers a step: expected %s",
                inputs,
                embedded,
                numbers.isEmpty() ? "no columns of numbers" : "the numbers of " + numbers,
                inputWidth,
                left > unstated.size() && !unstated.isEmpty()
                        ? String.format(
                                Locale.ROOT,
                                "%d numbers in %d columns; say how many each has, as COLUMN=2",
                                left,
                                unstated.size())
                        : "all columns that the network concatenates, and nothing else"));
    }

    /** How the inputs are understood, for the user. */
    static List<String> notes(List<InputPart> parts) {
        return List.of("each step is taken as these inputs side by side, in the order of model.inputs: "
                + parts.stream().map(InputPart::toString).collect(Collectors.joining(", "))
                + "; if the network concatenates them in another order, the scores are wrong");
    }
}
