package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.TensorNames;

/**
 * A PyTorch state dict, whatever file its tensors lie in: finds the LSTM, what stands below it and above it, and
 * makes the model.
 */
final class StateDict {
    private static final int MAX_NOTED_ONE_BY_ONE = 5;

    private final NamedTensors tensors;
    private final TensorNames names;
    private final List<String> notes = new ArrayList<>();

    /**
     * @param aliases names of tensors that the file leaves out because they are the same as another, to the names of
     *     those; entries that name no tensor mean nothing, so a file's metadata can be given as it is
     * @param names what the user says
     */
    StateDict(TensorSource source, Map<String, String> aliases, TensorNames names) {
        this.tensors = new NamedTensors(source, aliases);
        this.names = names;
    }

    /**
     * Reads the values and makes the model.
     *
     * @throws ModelException where the tensors are no LSTM, don't fit each other, or can be understood in two ways
     */
    LstmModel model() throws IOException {
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

    /** What is worth telling about how {@link #model} was found. */
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
            notes.add("%d tensors are not used: %s".formatted(unused.size(), NameList.of(unused, tensors::describe)));
        } else {
            unused.forEach(name -> notes.add("tensor %s is not used".formatted(tensors.describe(name))));
        }
    }
}
