package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import sluice.cell.model.Embedding;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.TensorNames;

/**
 * Finds the embedding below and the output layer above an LSTM. Their tensors may have any name.
 *
 * <p>The shape must fit. Among the tensors that fit, one whose name indicates the role is chosen, otherwise the only
 * remaining one. An ambiguous choice is rejected with the list of candidates. Tensors named by the user are taken without
 * this search. {@link TensorAccount} rejects what is left over.
 */
final class EndLayers {
    private final NamedTensors tensors;
    private final long inputWidth; // I of layer 0
    private final long outputWidth; // output width of the top layer
    private final EndLayer embedding;
    private final EndLayer output;

    private EndLayers(NamedTensors tensors, long inputWidth, long outputWidth) {
        this.tensors = tensors;
        this.inputWidth = inputWidth;
        this.outputWidth = outputWidth;
        this.embedding = EndLayer.embedding(tensors, inputWidth);
        this.output = EndLayer.output(tensors, outputWidth);
    }

    static EndLayers find(NamedTensors tensors, TensorNames names, long inputWidth, long outputWidth) {
        EndLayers ends = new EndLayers(tensors, inputWidth, outputWidth);
        names.embedding().ifPresent(ends.embedding::set);
        names.output().ifPresent(ends.output::set);
        ends.embedding.chooseByName();
        ends.output.chooseByName();
        ends.embedding.chooseByShape(ends.output);
        ends.output.chooseByShape(ends.embedding);
        ends.tieByBias();
        ends.embedding.requireNoMisfit();
        ends.output.requireNoMisfit();
        return ends;
    }

    /** Name of the embedding tensor. */
    Optional<String> embeddingName() {
        return embedding.chosen();
    }

    /** Name of the output layer's weight tensor. With tied layers it may be the embedding's name. */
    Optional<String> outputName() {
        return output.chosen();
    }

    Optional<Embedding> embedding() throws IOException {
        return embedding.chosen().isEmpty()
                ? Optional.empty()
                : Optional.of(new Embedding(tensors.matrix(embedding.chosen().get())));
    }

    Optional<OutputLayer> output() throws IOException {
        if (output.chosen().isEmpty()) {
            return Optional.empty();
        }
        Matrix weights = tensors.matrix(output.chosen().get());
        Optional<String> bias = outputBias(output.chosen().get());
        return Optional.of(
                bias.isEmpty() ? new OutputLayer(weights) : new OutputLayer(weights, tensors.values(bias.get())));
    }

    /**
     * The bias with the same prefix as the output weights, or with tied layers the bias that has no weights of its own.
     */
    private Optional<String> outputBias(String weights) {
        String sibling = EndLayer.biasOf(weights);
        if (tensors.has(sibling)) {
            if (!tensors.shape(sibling).isVectorOf(tensors.shape(weights).rows())) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "tensor '%s' has shape %s, expected (classes) = (%d), as '%s' has rows",
                        sibling,
                        tensors.shape(sibling),
                        tensors.shape(weights).rows(),
                        weights));
            }
            return Optional.of(sibling);
        }
        return isTied() ? unpairedBias(weights) : Optional.empty();
    }

    /** Whether embedding and output layer are one tensor. */
    boolean isTied() {
        return embedding.chosen().isPresent()
                && output.chosen().isPresent()
                && tensors.same(embedding.chosen().get(), output.chosen().get());
    }

    /**
     * Recognizes an output layer that shares the embedding's values (Press and Wolf 2017). A file that stores shared
     * values once contains only its bias: a bias without weights, with one value per embedding row.
     */
    private void tieByBias() {
        if (output.isOpen() && embedding.chosen().isPresent()) {
            String shared = embedding.chosen().get();
            if (tensors.shape(shared).columns() == outputWidth
                    && unpairedBias(shared).isPresent()) {
                output.choose(shared);
            }
        }
    }

    private Optional<String> unpairedBias(String weights) {
        List<String> biases =
                tensors.names().stream().filter(name -> couldTie(name, weights)).collect(Collectors.toList());
        if (biases.size() > 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d biases without weights could be the one of an output layer that shares '%s': %s; expected one",
                    biases.size(),
                    weights,
                    NameList.of(biases, tensors::describe)));
        }
        return biases.stream().findFirst();
    }

    /** Whether it is a bias with one value for each row of these weights, and all that the file has of its layer. */
    private boolean couldTie(String name, String weights) {
        if (!EndLayer.isBias(name)
                || !tensors.shape(name).isVectorOf(tensors.shape(weights).rows())
                || RecurrentName.parse(name).isPresent()) {
            return false;
        }
        TensorRole role = TensorRole.of(name);
        return (role == TensorRole.OUTPUT || role == TensorRole.UNKNOWN) && isAlone(name);
    }

    /** Whether no other tensor is in the module {@code decoder.} of {@code decoder.bias}, or begins like the bare {@code out_bias}. */
    private boolean isAlone(String bias) {
        String module = bias.substring(0, bias.length() - "bias".length());
        if (module.isEmpty()) {
            return !tensors.mentionedNames().contains("weight");
        }
        return tensors.mentionedNames().tailSet(module).stream()
                .takeWhile(name -> name.startsWith(module))
                .allMatch(bias::equals);
    }

    /** @throws ModelException if {@code model.ignore} names a tensor without which the model would lose one of these layers */
    void requireNotIgnored() {
        Optional<String> outputBias = output.chosen().map(EndLayer::biasOf).filter(tensors.ignored()::contains);
        if (outputBias.isPresent()) {
            throw new ModelException(
                    "model.ignore names the bias %s of the output layer, which is part of the model: take it out of model.ignore"
                            .formatted(tensors.describe(outputBias.get())));
        }
        embedding.requireNoneIgnored(name -> false);
        output.requireNoneIgnored(name -> embedding
                .chosen()
                .filter(weights -> tensors.shape(weights).columns() == outputWidth && couldTie(name, weights))
                .isPresent());
    }

    /** Whether the tensor is of a layer above the LSTM that {@code model.output = none} leaves out. */
    boolean isLeftOut(String name) {
        return output.isLeftOut(name, inputWidth);
    }
}
