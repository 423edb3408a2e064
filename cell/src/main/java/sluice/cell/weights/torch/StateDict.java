package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.TensorNames;

/**
 * A PyTorch state dict from any file format. Finds the LSTM, the embedding and the output layer, and builds the model.
 */
final class StateDict {
    private static final int MAX_NOTED_ONE_BY_ONE = 5;

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
        this.tensors = new NamedTensors(source, description == null ? aliases : Map.of());
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
        LstmStack stack = LstmStack.find(tensors, names.lstm());
        List<LstmLayer> layers = stack.layers();
        EndLayers ends = EndLayers.find(
                tensors,
                names,
                layers.get(0).inputWidth(),
                layers.get(layers.size() - 1).outputWidth());
        LstmModel model = new LstmModel(ends.embedding(), layers, ends.output());
        noteEnds(ends);
        noteUnused();
        return model;
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
        notes.addAll(tensors.notes());
        if (ends.isTied()) {
            notes.add("the embedding and the output layer are tied: they share the values of one tensor");
        }
    }

    private void noteUnused() {
        NavigableSet<String> unused = tensors.unused();
        if (unused.size() > MAX_NOTED_ONE_BY_ONE) {
            notes.add(String.format(
                    Locale.ROOT, "%d tensors are not used: %s", unused.size(), NameList.of(unused, tensors::describe)));
        } else {
            unused.forEach(name -> notes.add("tensor %s is not used".formatted(tensors.describe(name))));
        }
    }
}
