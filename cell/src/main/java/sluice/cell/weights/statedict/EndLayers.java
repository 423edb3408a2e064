package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
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
    private final StackWidths widths;
    private final EndLayer embedding;
    private final EndLayer output;
    private final OutputBias bias;
    private final List<String> notes = new ArrayList<>();

    private EndLayers(NamedTensors tensors, StackWidths widths) {
        this.tensors = tensors;
        this.widths = widths;
        this.embedding = EndLayer.embedding(tensors, widths.input());
        this.output = EndLayer.output(tensors, widths.output());
        this.bias = new OutputBias(tensors);
    }

    /**
     * @param parts names of the embeddings of several inputs; empty: the embedding of the only input is searched
     * @throws ModelException if the choice is ambiguous, or if a name that was set does not fit
     */
    static EndLayers find(NamedTensors tensors, TensorNames names, StackWidths widths, Set<String> parts) {
        EndLayers ends = new EndLayers(tensors, widths);
        if (!names.inputs().isEmpty()) {
            ends.setParts(names, parts);
        }
        names.embedding().ifPresent(ends.embedding::set);
        names.output().ifPresent(ends.output::set);
        ends.embedding.chooseByName();
        ends.output.chooseByName();
        ends.embedding.chooseByShape(ends.output);
        ends.output.chooseByShape(ends.embedding);
        ends.tieByBias();
        ends.embedding.requireNoMisfit();
        ends.output.requireNoMisfit();
        ends.requireAbove();
        ends.noteTie();
        return ends;
    }

    /** With several inputs there is no other embedding, and none of theirs is searched for the output layer. */
    private void setParts(TensorNames names, Set<String> parts) {
        if (names.embedding().isPresent()) {
            throw new ModelException(
                    "model.embedding and model.inputs are both set: leave model.embedding empty, and name each embedding in model.inputs, as COLUMN=TENSOR");
        }
        embedding.set(TensorNames.NONE);
        parts.forEach(output::exclude);
    }

    /** Rejects an output layer that was not named by the user, and could be between the LSTMs by its shape. */
    private void requireAbove() {
        if (output.isSetByUser() || output.chosen().isEmpty() || isTied()) {
            return;
        }
        String name = output.chosen().get();
        if (widths.couldBeBetween(tensors.shape(name))) {
            throw new ModelException(
                    "tensor %s could be the output layer, or a layer between the LSTMs; if it is the output layer, set model.output to '%s'; a network with a layer between the LSTMs can't be scored"
                            .formatted(tensors.describe(name), NameList.shortened(name)));
        }
    }

    /** Whether the output layer was not named by the user, and could be below the LSTM by its shape and name. */
    boolean couldOutputBeBelow() {
        if (output.isSetByUser() || output.chosen().isEmpty() || isTied()) {
            return false;
        }
        String name = output.chosen().get();
        boolean isNamed = embedding.chosen().isPresent() && TensorRole.of(name) == TensorRole.OUTPUT;
        return !isNamed && widths.couldBeBelow(tensors.shape(name), embeddingWidth());
    }

    private OptionalLong embeddingWidth() {
        return embedding
                .chosen()
                .map(name -> OptionalLong.of(tensors.shape(name).columns()))
                .orElse(OptionalLong.empty());
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
        Optional<String> name = bias.of(output.chosen().get(), isTied());
        notes.addAll(bias.notes());
        return Optional.of(
                name.isEmpty() ? new OutputLayer(weights) : new OutputLayer(weights, tensors.values(name.get())));
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
            Optional<String> unpaired =
                    tensors.shape(shared).columns() == widths.output() ? bias.withoutWeights(shared) : Optional.empty();
            unpaired.ifPresent(name -> {
                output.choose(shared);
                notes.add(
                        ("the embedding and the output layer are taken to be tied: the file has only a bias of the output layer, "
                                        + "tensor %s")
                                .formatted(tensors.describe(name)));
            });
        }
    }

    private void noteTie() {
        if (isTied() && notes.isEmpty()) {
            notes.add("the embedding and the output layer are tied: they share the values of one tensor");
        }
    }

    /** What is assumed of these layers. */
    List<String> notes() {
        return notes;
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
                .filter(weights -> tensors.shape(weights).columns() == widths.output() && bias.couldTie(name, weights))
                .isPresent());
    }

    /** What to do if the network concatenates several inputs; empty if it has an embedding, or none that could be one of several. */
    String severalInputs() {
        return embedding.chosen().isPresent() || embedding.isSetByUser()
                ? ""
                : EndLayer.severalInputs(tensors, widths.input());
    }

    /** Whether the model has no output layer yet, and the user could name this tensor as one. */
    boolean couldBeOutput(String name) {
        return output.isOpen() && output.fits(name);
    }

    /** Whether the tensor is of a layer above the LSTM that {@code model.output = none} leaves out. */
    boolean isLeftOut(String name) {
        return output.isLeftOut(
                name, shape -> widths.couldBeBetween(shape) || widths.couldBeBelow(shape, embeddingWidth()));
    }
}
