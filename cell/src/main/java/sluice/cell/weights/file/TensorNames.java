package sluice.cell.weights.file;

import java.io.Serializable;
import java.util.Optional;

/**
 * The user's word on what a file leaves open: which tensor is the embedding, which is the output layer, which LSTM is
 * meant.
 *
 * <p>What isn't named is found by shape and name, and where that finds more than one answer the file is refused with
 * the choices.
 */
public final class TensorNames implements Serializable {
    private static final long serialVersionUID = 1L;

    /** In place of a tensor's name: the model has no such layer. */
    public static final String NONE = "none";

    private final String embedding; // or null: find it
    private final String output; // or null: find it
    private final String lstm; // or null: find it

    /**
     * @param embedding setting {@code model.embedding}: the name of a tensor of shape (tokens, I), or {@link #NONE}
     * @param output setting {@code model.output}: the name of a tensor of shape (classes, H), or {@link #NONE}
     * @param lstm setting {@code model.lstm}: what the names of the LSTM's tensors begin with, such as {@code
     *     encoder.lstm.}
     */
    public TensorNames(Optional<String> embedding, Optional<String> output, Optional<String> lstm) {
        this.embedding = embedding.orElse(null);
        this.output = output.orElse(null);
        this.lstm = lstm.orElse(null);
    }

    /** Nothing is named, everything is found. */
    public static TensorNames automatic() {
        return new TensorNames(Optional.empty(), Optional.empty(), Optional.empty());
    }

    public TensorNames withEmbedding(String name) {
        return new TensorNames(Optional.of(name), output(), lstm());
    }

    public TensorNames withOutput(String name) {
        return new TensorNames(embedding(), Optional.of(name), lstm());
    }

    public TensorNames withLstm(String prefix) {
        return new TensorNames(embedding(), output(), Optional.of(prefix));
    }

    public Optional<String> embedding() {
        return Optional.ofNullable(embedding);
    }

    public Optional<String> output() {
        return Optional.ofNullable(output);
    }

    public Optional<String> lstm() {
        return Optional.ofNullable(lstm);
    }
}
