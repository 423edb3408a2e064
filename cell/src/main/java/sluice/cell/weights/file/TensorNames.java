package sluice.cell.weights.file;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sluice.cell.model.ModelException;

/**
 * Settings that name the parts of a model file.
 *
 * <p>A layer that isn't named is found by its shape and name. If there are several candidates, the file is rejected and
 * the message lists them.
 */
public final class TensorNames implements Serializable {
    private static final long serialVersionUID = 3L;

    /** Used instead of a tensor name: the model has no such layer. */
    public static final String NONE = "none";

    private final String embedding; // null: detect
    private final String output; // null: detect
    private final List<String> lstms; // empty: detect
    private final List<String> ignored;
    private final String entry; // null: detect
    private final List<NamedInput> inputs;

    private TensorNames(
            String embedding,
            String output,
            List<String> lstms,
            List<String> ignored,
            String entry,
            List<NamedInput> inputs) {
        this.embedding = embedding;
        this.output = output;
        this.lstms = List.copyOf(lstms);
        this.ignored = List.copyOf(ignored);
        this.entry = entry;
        this.inputs = List.copyOf(inputs);
    }

    /** No names: all layers are detected, and no tensor is ignored. */
    public static TensorNames automatic() {
        return new TensorNames(null, null, List.of(), List.of(), null, List.of());
    }

    /** @param name setting {@code model.embedding}: the name of a tensor of shape (tokens, I), or {@link #NONE} */
    public TensorNames withEmbedding(String name) {
        return new TensorNames(name, output, lstms, ignored, entry, inputs);
    }

    /** @param name setting {@code model.output}: the name of a tensor of shape (classes, H), or {@link #NONE} */
    public TensorNames withOutput(String name) {
        return new TensorNames(embedding, name, lstms, ignored, entry, inputs);
    }

    /**
     * @param prefixes setting {@code model.lstm}: prefixes of the names of the LSTM's tensors, such as {@code encoder.lstm.}; of several
     *     modules, each reads what the one before it returns
     */
    public TensorNames withLstms(List<String> prefixes) {
        return new TensorNames(embedding, output, prefixes, ignored, entry, inputs);
    }

    /** @param prefix of the only LSTM */
    public TensorNames withLstm(String prefix) {
        return withLstms(List.of(prefix));
    }

    /** @param prefixes setting {@code model.ignore}: prefixes of the names of tensors that are not part of the model */
    public TensorNames withIgnored(List<String> prefixes) {
        return new TensorNames(embedding, output, lstms, prefixes, entry, inputs);
    }

    /** @param name setting {@code model.entry}: the entry of a checkpoint that holds the model; dots separate the levels */
    public TensorNames withEntry(String name) {
        return new TensorNames(embedding, output, lstms, ignored, name, inputs);
    }

    /**
     * @param list setting {@code model.inputs}: the columns of a model with several inputs
     * @throws ModelException if two entries have the same column
     */
    public TensorNames withInputs(List<NamedInput> list) {
        List<String> columns = list.stream().map(NamedInput::column).toList();
        for (String column : columns) {
            if (columns.indexOf(column) != columns.lastIndexOf(column)) {
                throw new ModelException("model.inputs lists column '%s' twice, expected it once".formatted(column));
            }
        }
        return new TensorNames(embedding, output, lstms, ignored, entry, list);
    }

    public Optional<String> embedding() {
        return Optional.ofNullable(embedding);
    }

    public Optional<String> output() {
        return Optional.ofNullable(output);
    }

    /** The prefixes of all LSTMs, the lowest first; empty: detect. */
    public List<String> lstms() {
        return lstms;
    }

    /** The prefix of the only LSTM; empty: detect, or there are several. */
    public Optional<String> lstm() {
        return lstms.size() == 1 ? Optional.of(lstms.get(0)) : Optional.empty();
    }

    /** Prefixes of tensors that are not part of the model. */
    public List<String> ignored() {
        return ignored;
    }

    /** The columns of several inputs; empty for a model with one, or if the file names them. */
    public List<NamedInput> inputs() {
        return inputs;
    }

    public Optional<String> entry() {
        return Optional.ofNullable(entry);
    }

    private List<Object> values() {
        return Arrays.asList(embedding, output, lstms, ignored, entry, inputs);
    }

    /** Equal names read a file in the same way. */
    @Override
    public boolean equals(Object other) {
        return other instanceof TensorNames names && values().equals(names.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }
}
