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
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;

/**
 * Finds the embedding below and the output layer above an LSTM. Their tensors may have any name.
 *
 * <p>The shape must fit. Among the tensors that fit, one whose name indicates the role is chosen, otherwise the only
 * remaining one. An ambiguous choice is rejected with the list of candidates. A tensor that looks like a further layer
 * between input and output is rejected too, because scores computed without that layer would be wrong. Tensors named by
 * the user are taken without this search.
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
        ends.requireNoFurtherLayer();
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
        List<String> biases = tensors.names().stream()
                .filter(name ->
                        tensors.shape(name).isVectorOf(tensors.shape(weights).rows()) && isUnpairedBias(name))
                .collect(Collectors.toList());
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

    private boolean isUnpairedBias(String name) {
        if (!EndLayer.isBias(name) || tensors.has(EndLayer.weightOf(name))) {
            return false;
        }
        TensorRole role = TensorRole.of(name);
        return role == TensorRole.OUTPUT || role == TensorRole.UNKNOWN;
    }

    private void requireNoFurtherLayer() {
        for (String name : tensors.names()) {
            if (!EndLayer.isWeight(name) || RecurrentName.parse(name).isPresent() || isChosen(name)) {
                continue;
            }
            if (!embedding.isSetByUser() && looksLikeLayerBelow(name)) {
                throw furtherLayer(
                        name,
                        String.format(Locale.ROOT, "before the LSTM, which reads %d numbers a step", inputWidth),
                        embedding);
            }
            if (!output.isSetByUser() && output.chosen().isPresent() && looksLikeLayerAbove(name)) {
                throw furtherLayer(
                        name,
                        "beside the output layer "
                                + tensors.describe(output.chosen().get()),
                        output);
            }
        }
    }

    private boolean isChosen(String name) {
        return embedding.chosen().filter(chosen -> tensors.same(name, chosen)).isPresent()
                || output.chosen().filter(chosen -> tensors.same(name, chosen)).isPresent();
    }

    /** Whether it looks like a linear layer, convolution or normalization whose output the LSTM reads. */
    private boolean looksLikeLayerBelow(String name) {
        Shape shape = tensors.shape(name);
        return shape.rank() > 1
                ? embedding.isOpen() && shape.dimension(0) == inputWidth && !output.isCandidate(name)
                : shape.isVectorOf(inputWidth);
    }

    /**
     * Whether it looks like a linear layer directly below or above the output layer, or a normalization of its input.
     */
    private boolean looksLikeLayerAbove(String name) {
        Shape shape = tensors.shape(name);
        long classes = tensors.shape(output.chosen().get()).rows();
        return shape.isVectorOf(outputWidth)
                || shape.equals(Shape.of(outputWidth, outputWidth))
                || (shape.isMatrix() && shape.columns() == classes);
    }

    private ModelException furtherLayer(String name, String where, EndLayer end) {
        return new ModelException(("tensor '%s' has shape %s and looks like one more layer %s: only an embedding, "
                        + "an LSTM and one output layer can be scored; if it is something else, set %s to '%s'")
                .formatted(
                        name,
                        tensors.shape(name),
                        where,
                        end.setting(),
                        end.chosen().orElse(TensorNames.NONE)));
    }
}
