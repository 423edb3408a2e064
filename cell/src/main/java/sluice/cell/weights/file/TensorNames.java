package sluice.cell.weights.file;

import java.io.Serializable;
import java.util.Optional;

/**
 * Settings that name the embedding, the output layer and the LSTM of a model file.
 *
 * <p>A layer that isn't named is found by its shape and name. If there are several candidates, the file is rejected and
 * the message lists them.
 */
public final class TensorNames implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Used instead of a tensor name: the model has no such layer. */
    public static final String NONE = "none";

    private final String embedding; // null: detect
    private final String output; // null: detect
    private final String lstm; // null: detect

    /**
     * @param embedding setting {@code model.embedding}: the name of a tensor of shape (tokens, I), or {@link #NONE}
     * @param output setting {@code model.output}: the name of a tensor of shape (classes, H), or {@link #NONE}
     * @param lstm setting {@code model.lstm}: prefix of the names of the LSTM's tensors, such as {@code encoder.lstm.}
     */
    public TensorNames(Optional<String> embedding, Optional<String> output, Optional<String> lstm) {
        this.embedding = embedding.orElse(null);
        this.output = output.orElse(null);
        this.lstm = lstm.orElse(null);
    }

    /** No names: all layers are detected. */
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
