package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.List;
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
 * Finds the layers below and above an LSTM, which may have any name.
 *
 * <p>A layer must fit by shape. Among the tensors that fit, a name that tells what it is for decides; else the only
 * one that is left does. What remains open is refused with the choices. So is a tensor that looks like one more layer
 * on the way from input to output: a model scored without one of its layers gives numbers, but the wrong ones. Where
 * the user names the layers, that is taken as it is.
 */
final class EndLayers {
    private final NamedTensors tensors;
    private final long inputWidth; // I of layer 0
    private final long outputWidth; // of the top layer
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
        names.embedding().ifPresent(ends.embedding::settle);
        names.output().ifPresent(ends.output::settle);
        ends.embedding.chooseByName();
        ends.output.chooseByName();
        ends.embedding.chooseByShape(ends.output);
        ends.output.chooseByShape(ends.embedding);
        ends.tieByBias();
        ends.requireNothingElseOnTheWay();
        ends.embedding.requireNoMisfit();
        ends.output.requireNoMisfit();
        return ends;
    }

    /** The name of the embedding's tensor. */
    Optional<String> embeddingName() {
        return embedding.chosen();
    }

    /** The name of the output layer's weights; the embedding's where the file holds only one of the two. */
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

    /** The bias beside the output's weights, or where these are the embedding's, the one that has no weights. */
    private Optional<String> outputBias(String weights) {
        String sibling = EndLayer.biasOf(weights);
        if (tensors.has(sibling)) {
            if (!tensors.shape(sibling).isVectorOf(tensors.shape(weights).rows())) {
                throw new ModelException("tensor '%s' has shape %s, expected (classes) = (%d), as '%s' has rows"
                        .formatted(
                                sibling,
                                tensors.shape(sibling),
                                tensors.shape(weights).rows(),
                                weights));
            }
            return Optional.of(sibling);
        }
        return isTied() ? widowedBias(weights) : Optional.empty();
    }

    /** Whether embedding and output layer are one tensor. */
    boolean isTied() {
        return embedding.chosen().isPresent()
                && output.chosen().isPresent()
                && tensors.same(embedding.chosen().get(), output.chosen().get());
    }

    /**
     * An output layer that shares the embedding's values (Press and Wolf 2017) leaves nothing but its bias in a file
     * that holds shared values once: a bias without weights, as long as the embedding has rows.
     */
    private void tieByBias() {
        if (output.isOpen() && embedding.chosen().isPresent()) {
            String shared = embedding.chosen().get();
            if (tensors.shape(shared).columns() == outputWidth
                    && widowedBias(shared).isPresent()) {
                output.choose(shared);
            }
        }
    }

    private Optional<String> widowedBias(String weights) {
        List<String> biases = tensors.names().stream()
                .filter(name ->
                        tensors.shape(name).isVectorOf(tensors.shape(weights).rows()) && isWidowed(name))
                .collect(Collectors.toList());
        if (biases.size() > 1) {
            throw new ModelException(
                    "%d biases without weights could be the one of an output layer that shares '%s': %s; expected one"
                            .formatted(biases.size(), weights, NameList.of(biases, tensors::describe)));
        }
        return biases.stream().findFirst();
    }

    private boolean isWidowed(String name) {
        if (!EndLayer.isBias(name) || tensors.has(EndLayer.weightOf(name))) {
            return false;
        }
        TensorRole role = TensorRole.of(name);
        return role == TensorRole.OUTPUT || role == TensorRole.UNKNOWN;
    }

    private void requireNothingElseOnTheWay() {
        for (String name : tensors.names()) {
            if (!EndLayer.isWeight(name) || RecurrentName.parse(name).isPresent() || isChosen(name)) {
                continue;
            }
            if (!embedding.isSettled() && looksLikeLayerBelow(name)) {
                throw onTheWay(name, "before the LSTM, which reads %d numbers a step".formatted(inputWidth), embedding);
            }
            if (!output.isSettled() && output.chosen().isPresent() && looksLikeLayerAbove(name)) {
                throw onTheWay(
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

    /** A linear layer or a convolution that gives what the LSTM reads, or a norm of it. */
    private boolean looksLikeLayerBelow(String name) {
        Shape shape = tensors.shape(name);
        return shape.rank() > 1
                ? embedding.isOpen() && shape.dimension(0) == inputWidth && !output.isCandidate(name)
                : shape.isVectorOf(inputWidth);
    }

    /** A linear layer that reads what the output layer gives or gives what it reads, or a norm of what it reads. */
    private boolean looksLikeLayerAbove(String name) {
        Shape shape = tensors.shape(name);
        long classes = tensors.shape(output.chosen().get()).rows();
        return shape.isVectorOf(outputWidth)
                || shape.equals(Shape.of(outputWidth, outputWidth))
                || (shape.isMatrix() && shape.columns() == classes);
    }

    private ModelException onTheWay(String name, String where, EndLayer end) {
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
