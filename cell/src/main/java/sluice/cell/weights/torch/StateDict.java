package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.TensorNames;

/**
 * A PyTorch state dict from any file format. Finds the LSTM, the embedding and the output layer, and builds the model.
 */
final class StateDict {
    private final NamedTensors tensors;
    private final TensorNames names;
    private final String description; // null if the metadata has none
    private final List<String> notes = new ArrayList<>();

    /**
     * @param aliases names that the file omits because the tensor equals a stored one, mapped to the stored names.
     *     Other entries are ignored, so a file's metadata can be passed unchanged. It may contain a {@link
     *     ModelDescription}
     * @param names tensor names set by the user
     */
    StateDict(TensorSource source, Map<String, String> aliases, TensorNames names) {
        this.description = aliases.get(ModelDescription.KEY);
        // With a description, aliases are ignored. Otherwise a small file could expand one tensor into any number of
        // layers.
        this.tensors = new NamedTensors(
                source, description == null ? aliases : Map.of(), description == null ? names.ignored() : List.of());
        this.names = names;
    }

    /**
     * Reads the values and builds the model.
     *
     * @throws ModelException if the tensors are not an LSTM, contradict each other, or are ambiguous
     */
    LstmModel model() throws IOException {
        if (description != null) {
            notes.add("a model that was saved by Sluice: its metadata describes the layers");
            return new DescribedModel(tensors, ModelDescription.parse(description)).read(names);
        }
        LstmStack stack = LstmStack.find(tensors, names);
        List<LstmLayer> layers = startedLayers(stack);
        EndLayers ends = EndLayers.find(
                tensors,
                names,
                layers.get(0).inputWidth(),
                layers.get(layers.size() - 1).outputWidth());
        LstmModel model = new LstmModel(ends.embedding(), layers, ends.output());
        List<String> unread = new TensorAccount(tensors, ends, model).notes();
        noteEnds(ends);
        notes.addAll(stack.notes());
        notes.addAll(tensors.notes());
        noteTies(ends);
        noteAssumptions(ends, model);
        notes.addAll(unread);
        return model;
    }

    /** The layers with their learned initial states, if they have any. */
    private List<LstmLayer> startedLayers(LstmStack stack) throws IOException {
        List<LstmLayer> layers = stack.layers();
        if (!stack.isOneModule()) {
            return layers;
        }
        Optional<InitialStates.Pair> states = InitialStates.find(tensors, layers);
        if (states.isEmpty()) {
            return layers;
        }
        notes.add("sequences start from the learned states %s and %s"
                .formatted(
                        tensors.describe(states.get().hidden()),
                        tensors.describe(states.get().cell())));
        return InitialStates.apply(tensors, states.get(), layers);
    }

    /** Notes on how {@link #model} was assembled, for the user. */
    List<String> notes() {
        return notes;
    }

    private void noteEnds(EndLayers ends) {
        notes.add(ends.embeddingName()
                .map(name -> "the embedding is tensor " + tensors.describe(name))
                .orElse("no embedding: the LSTM reads one-hot tokens or numbers"));
        notes.add(ends.outputName()
                .map(name -> "the output layer is tensor " + tensors.describe(name))
                .orElse("no output layer: the model gives hidden states"));
    }

    private void noteTies(EndLayers ends) {
        if (ends.isTied()) {
            notes.add("the embedding and the output layer are tied: they share the values of one tensor");
        }
    }

    /** What tensors do not tell and is assumed. */
    private void noteAssumptions(EndLayers ends, LstmModel model) {
        if (model.embedding().isPresent() && model.tokens() == model.inputWidth()) {
            notes.add(
                    ("the embedding is square: row k of tensor %s is taken as the vector of token k; of an nn.Linear over one-hot "
                                    + "tokens it would be column k (export such a model to ONNX)")
                            .formatted(tensors.describe(ends.embeddingName().orElseThrow())));
        }
        if (model.output().isEmpty()) {
            return;
        }
        if (model.layers().get(model.layers().size() - 1).directions().size() > 1) {
            notes.add(
                    "tensors do not tell what the output layer reads at the last step: model.readout = last-step, the default, takes "
                            + "both directions there, as output[:, -1]; final-states takes the final state of each direction, as h_n");
        } else if (model.output().get().classes() != model.tokens()) {
            notes.add(
                    "tensors do not tell which step the output layer reads: a mean or maximum over the steps is not computed");
        }
    }
}
