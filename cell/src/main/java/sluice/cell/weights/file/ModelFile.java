package sluice.cell.weights.file;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Printable;

/** The content of a model file: the model, the metadata of the file, and notes on how the file was understood. */
public final class ModelFile {
    private final LstmModel model;
    private final Map<String, String> metadata;
    private final List<String> notes;
    private final String format;
    private final GateOrder gateOrder;

    /**
     * @param metadata key-value pairs that the file contains
     * @param notes sentences for the log: how tensors were used, and which were not
     * @param format name of the file format
     * @param gateOrder order of the gates in the file
     */
    public ModelFile(
            LstmModel model, Map<String, String> metadata, List<String> notes, String format, GateOrder gateOrder) {
        this.model = model;
        this.metadata = Map.copyOf(metadata);
        this.notes = notes.stream().map(Printable::of).toList();
        this.format = format;
        this.gateOrder = gateOrder;
    }

    /** A copy with another model. */
    public ModelFile with(LstmModel other) {
        return new ModelFile(other, metadata, notes, format, gateOrder);
    }

    /** A copy with more notes. */
    public ModelFile with(List<String> more) {
        List<String> all = new ArrayList<>(notes);
        all.addAll(more);
        return new ModelFile(model, metadata, all, format, gateOrder);
    }

    public LstmModel model() {
        return model;
    }

    /** Key-value pairs that the file contains, unchanged; may be empty. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Sentences for the log and the report: how tensors were used, and which were not. */
    public List<String> notes() {
        return notes;
    }

    /** Name of the file format, such as {@code safetensors}. */
    public String format() {
        return format;
    }

    /** Order of the gates in the file. In the model the order is canonical. */
    public GateOrder gateOrder() {
        return gateOrder;
    }
}
