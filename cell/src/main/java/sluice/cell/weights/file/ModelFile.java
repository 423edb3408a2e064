package sluice.cell.weights.file;

import java.util.List;
import java.util.Map;
import sluice.cell.model.LstmModel;

/** What was read from a model file: the model, and what is worth telling about how it was found. */
public final class ModelFile {
    private final LstmModel model;
    private final Map<String, String> metadata;
    private final List<String> notes;
    private final String format;
    private final GateOrder gateOrder;

    /**
     * @param metadata what the file says about itself
     * @param notes sentences on what was understood, and what was not used
     * @param format the name of the file's format
     * @param gateOrder how the gates stood in the file
     */
    public ModelFile(
            LstmModel model, Map<String, String> metadata, List<String> notes, String format, GateOrder gateOrder) {
        this.model = model;
        this.metadata = Map.copyOf(metadata);
        this.notes = List.copyOf(notes);
        this.format = format;
        this.gateOrder = gateOrder;
    }

    /** The same file, understood as another model. */
    public ModelFile with(LstmModel other) {
        return new ModelFile(other, metadata, notes, format, gateOrder);
    }

    public LstmModel model() {
        return model;
    }

    /** What the file says about itself, as it says it; empty where it says nothing. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Sentences for the log and the report: which tensors were taken for what, which were not used. */
    public List<String> notes() {
        return notes;
    }

    /** {@code safetensors}. */
    public String format() {
        return format;
    }

    /** How the gates stood in the file; in the model they are in the canonical order. */
    public GateOrder gateOrder() {
        return gateOrder;
    }
}
