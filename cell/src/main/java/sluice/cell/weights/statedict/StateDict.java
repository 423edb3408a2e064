package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.NoEmbedding;
import sluice.cell.weights.file.OutputEnd;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;

/**
 * A PyTorch state dict from any file format. Finds the LSTM, the embedding and the output layer, and builds the model.
 */
public final class StateDict {
    /** The order of the gates in the tensors. */
    public static final GateOrder GATES = LstmStack.GATES;

    /** Key of the metadata under which a model that Sluice saved describes its layers. */
    public static final String DESCRIPTION = ModelDescription.KEY;

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
    public StateDict(TensorSource source, Map<String, String> aliases, TensorNames names) {
        this.description = aliases.get(ModelDescription.KEY);
        // With a description, aliases are ignored. Otherwise a small file could expand one tensor into any number of
        // layers.
        this.tensors = new NamedTensors(
                source, description == null ? aliases : Map.of(), description == null ? names.ignored() : List.of());
        this.names = names;
    }

    /** Whether a name is one that modules of PyTorch usually have for an embedding, an LSTM or an output layer. */
    public static boolean namesLayer(String name) {
        return TensorRole.of(name) != TensorRole.UNKNOWN;
    }

    /**
     * Reads the values and builds the model.
     *
     * @throws ModelException if the tensors are not an LSTM, contradict each other, or are ambiguous
     */
    public LstmModel model() throws IOException {
        if (description != null) {
            notes.add("a model that was saved by Sluice: its metadata describes the layers");
            return new DescribedModel(tensors, ModelDescription.parse(description)).read(names);
        }
        requireValues();
        RepeatedModel.remove(tensors, names);
        LstmStack stack = LstmStack.find(tensors, names);
        List<LstmLayer> layers = startedLayers(stack);
        StackWidths widths = new StackWidths(
                layers.get(0).inputWidth(),
                stack.widthsBetween(),
                layers.get(layers.size() - 1).outputWidth());
        PartTensors partTensors = new PartTensors(tensors, names.inputs());
        List<InputPart> parts = names.inputs().isEmpty()
                ? List.of()
                : partTensors.parts(layers.get(0).inputWidth());
        EndLayers ends = EndLayers.find(tensors, names, widths, partTensors.names());
        LstmModel model = parts.isEmpty()
                ? new LstmModel(ends.embedding(), layers, ends.output())
                : LstmModel.ofParts(parts, layers, ends.output(), Readout.LAST_STEP);
        List<String> unread = new TensorAccount(tensors, ends, widths).notes();
        noteEnds(ends, parts, widths);
        notes.addAll(stack.notes());
        notes.addAll(tensors.notes());
        notes.addAll(ends.notes());
        notes.addAll(StateDictNotes.assumptions(tensors, ends, model));
        notes.addAll(unread);
        return model;
    }

    /** Rejects a checkpoint of DeepSpeed ZeRO-3, whose tensors are placeholders. */
    private void requireValues() {
        boolean isEmpty = !tensors.names().isEmpty()
                && tensors.names().stream().allMatch(name -> tensors.shape(name).equals(Shape.of(0)));
        if (isEmpty) {
            throw new ModelException(
                    "all tensors have shape (0), expected their values; DeepSpeed ZeRO-3 keeps them in further files: in the folder of its checkpoint, python zero_to_fp32.py . FOLDER writes a state dict");
        }
    }

    /** The layers with their learned initial states, if they have any. */
    private List<LstmLayer> startedLayers(LstmStack stack) throws IOException {
        List<LstmLayer> layers = stack.layers();
        Optional<InitialStates.Pair> states =
                stack.onlyModule().flatMap(module -> InitialStates.find(tensors, module, layers));
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
    public List<String> notes() {
        return notes;
    }

    private void noteEnds(EndLayers ends, List<InputPart> parts, StackWidths widths) {
        notes.addAll(
                parts.isEmpty()
                        ? List.of(ends.embeddingName()
                                .map(name -> "the embedding is tensor " + tensors.describe(name))
                                .orElseGet(() -> NoEmbedding.note("", (int) widths.input(), false)))
                        : PartTensors.notes(parts));
        notes.add(ends.outputName()
                .map(name -> "the output layer is tensor " + tensors.describe(name)
                        + (ends.couldOutputBeBelow() ? "; if it is a layer below the LSTM, the scores are wrong" : ""))
                .orElse(OutputEnd.NO_LAYER));
    }
}
