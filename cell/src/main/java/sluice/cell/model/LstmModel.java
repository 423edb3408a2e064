package sluice.cell.model;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A trained LSTM: an optional embedding, one or more layers, an optional output layer.
 *
 * <p>Immutable and serializable. Wherever the weights came from, gates are in the order i, f, g, o and the two biases of
 * some frameworks are added up. The {@link #fingerprint()} is taken when the model is made and checked by {@link #verify()}
 * where it arrives.
 */
public final class LstmModel implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Embedding embedding; // or null: one-hot tokens or real-valued features
    private final LstmLayer[] layers;
    private final OutputLayer output; // or null: hidden states only
    private final Readout readout;
    private final String fingerprint;

    /**
     * @param embedding the table that turns tokens into inputs, if the model has one
     * @param layers from the input upwards, at least one
     * @param output the layer that turns the top hidden state into logits, if the model has one
     * @throws ModelException where the width of one part is not what the next part reads
     */
    public LstmModel(Optional<Embedding> embedding, List<LstmLayer> layers, Optional<OutputLayer> output) {
        this(embedding, layers, output, Readout.LAST_STEP);
    }

    /**
     * @param embedding the table that turns tokens into inputs, if the model has one
     * @param layers from the input upwards, at least one
     * @param output the layer that turns the top hidden state into logits, if the model has one
     * @param readout from which states a sequence's one answer is read; where the top layer reads forward alone, both are the same
     * @throws ModelException where the width of one part is not what the next part reads
     */
    public LstmModel(
            Optional<Embedding> embedding, List<LstmLayer> layers, Optional<OutputLayer> output, Readout readout) {
        this.embedding = embedding.orElse(null);
        this.layers = layers.toArray(LstmLayer[]::new);
        this.output = output.orElse(null);
        requireFit();
        this.readout = this.layers[this.layers.length - 1].looksAhead() ? readout : Readout.LAST_STEP;
        this.fingerprint = Fingerprint.of(this.embedding, this.layers, this.output, this.readout);
    }

    private void requireFit() {
        if (layers.length == 0) {
            throw new ModelException("a model without LSTM layers: expected at least one");
        }
        if (embedding != null && embedding.width() != inputWidth()) {
            throw new ModelException("embedding rows of width %d under a first layer that reads width %d"
                    .formatted(embedding.width(), inputWidth()));
        }
        for (int depth = 1; depth < layers.length; depth++) {
            if (layers[depth].inputWidth() != layers[depth - 1].outputWidth()) {
                throw new ModelException("layer %d reads inputs of width %d, but layer %d has outputs of width %d"
                        .formatted(depth, layers[depth].inputWidth(), depth - 1, layers[depth - 1].outputWidth()));
            }
        }
        if (output != null && output.width() != outputWidth()) {
            throw new ModelException("an output layer that reads width %d over a top layer of width %d"
                    .formatted(output.width(), outputWidth()));
        }
    }

    public Optional<Embedding> embedding() {
        return Optional.ofNullable(embedding);
    }

    /** From the input upwards. */
    public List<LstmLayer> layers() {
        return List.of(layers);
    }

    public Optional<OutputLayer> output() {
        return Optional.ofNullable(output);
    }

    /** From which states a sequence's one answer is read; {@link Readout#LAST_STEP} where the top layer reads forward alone. */
    public Readout readout() {
        return readout;
    }

    /** The same model, read from other states where it can be. */
    public LstmModel readFrom(Readout other) {
        return new LstmModel(embedding(), layers(), output(), other);
    }

    /** I of the first layer. */
    public int inputWidth() {
        return layers[0].inputWidth();
    }

    /** The width of the top layer's output: what an output layer reads. */
    public int outputWidth() {
        return layers[layers.length - 1].outputWidth();
    }

    /** How many token ids the model can be fed: the embedding's rows, or one for each one-hot column. */
    public int tokens() {
        return embedding == null ? inputWidth() : embedding.tokens();
    }

    /** Whether some layer reads from the last token to the first: then no step can be scored before the last is known. */
    public boolean looksAhead() {
        return layers().stream().anyMatch(LstmLayer::looksAhead);
    }

    /** All directions of all layers: layer 0 forward, layer 0 backward, layer 1 forward and so on. */
    public List<LstmDirection> directions() {
        return layers().stream().flatMap(layer -> layer.directions().stream()).collect(Collectors.toList());
    }

    /** How many weights it has. */
    public long parameters() {
        long parameters = embedding == null ? 0 : size(embedding.table());
        for (LstmDirection direction : directions()) {
            parameters += size(direction.inputWeights())
                    + size(direction.hiddenWeights())
                    + direction.bias().length
                    + direction.variant().parameters()
                    + direction.projection().map(LstmModel::size).orElse(0L);
        }
        return output == null ? parameters : parameters + size(output.weights()) + output.classes();
    }

    private static long size(Matrix matrix) {
        return (long) matrix.rows() * matrix.columns();
    }

    /** SHA-256 of the canonical weights, in hexadecimal: the model's identity in reports. */
    public String fingerprint() {
        return fingerprint;
    }

    /**
     * Checks that the weights are still those that were fingerprinted, as they must be after a journey over the wire.
     *
     * @throws ModelException where they are not
     */
    public void verify() {
        String found = Fingerprint.of(embedding, layers, output, readout);
        if (!found.equals(fingerprint)) {
            throw new ModelException(
                    "the model arrived damaged: its weights have SHA-256 %s, expected %s; check the serializer"
                                    .formatted(found, fingerprint)
                            + " settings (spark.serializer, spark.kryo.*) and the memory of this machine");
        }
    }

    /** For logs: the parts and their widths. */
    @Override
    public String toString() {
        String input = embedding == null
                ? "input of width " + inputWidth()
                : "%d tokens of width %d".formatted(embedding.tokens(), embedding.width());
        String states = readout == Readout.FINAL_STATES ? ", final states" : "";
        String top = (output == null ? "no output layer" : output.classes() + " classes") + states;
        return Stream.of(
                        input,
                        "LSTM " + layers().stream().map(LstmLayer::toString).collect(Collectors.joining(", ")),
                        top)
                .collect(Collectors.joining("; "));
    }
}
