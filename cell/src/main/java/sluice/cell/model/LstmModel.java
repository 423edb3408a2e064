package sluice.cell.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A trained LSTM: an optional embedding or several {@linkplain InputPart inputs} side by side, one or more layers, an optional output
 * layer.
 *
 * <p>Immutable and serializable. For every source format, gates are in the order i, f, g, o, and the two biases of some
 * frameworks are added up. The {@link #fingerprint()} is computed when the model is created; {@link #verify()} checks it after the model
 * was sent to another machine.
 */
public final class LstmModel implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Embedding embedding; // or null: one-hot tokens, real-valued features, or several parts
    private final InputPart[] parts; // of each step's input; empty for a model with one input
    private final LstmLayer[] layers;
    private final OutputLayer output; // or null: hidden states only
    private final Readout readout;
    private final Float mask; // or null
    private final String fingerprint;

    /**
     * @param embedding the table that turns tokens into inputs, if the model has one
     * @param layers from the input upwards, at least one
     * @param output the layer that turns the top hidden state into logits, if the model has one
     * @throws ModelException if the width of one part differs from what the next part reads
     */
    public LstmModel(Optional<Embedding> embedding, List<LstmLayer> layers, Optional<OutputLayer> output) {
        this(embedding, layers, output, Readout.LAST_STEP);
    }

    /**
     * @param embedding the table that turns tokens into inputs, if the model has one
     * @param layers from the input upwards, at least one
     * @param output the layer that turns the top hidden state into logits, if the model has one
     * @param readout the states that a sequence's single answer is read from; it makes no difference if the top layer reads forward only
     * @throws ModelException if the width of one part differs from what the next part reads
     */
    public LstmModel(
            Optional<Embedding> embedding, List<LstmLayer> layers, Optional<OutputLayer> output, Readout readout) {
        this(embedding, List.of(), layers, output, readout, Optional.empty());
    }

    /**
     * A model that reads several inputs a step, side by side.
     *
     * @param parts the inputs in the order in which they fill {@code x_t}, at least two
     * @param layers from the input upwards, at least one
     * @param output the layer that turns the top hidden state into logits, if the model has one
     * @param readout as in {@link #LstmModel(Optional, List, Optional, Readout)}
     * @throws ModelException if there are fewer than two parts, or if the width of one part differs from what the next part reads
     */
    public static LstmModel ofParts(
            List<InputPart> parts, List<LstmLayer> layers, Optional<OutputLayer> output, Readout readout) {
        if (parts.size() < 2) {
            throw new ModelException("a model with several inputs has %s: expected at least two".formatted(parts));
        }
        return new LstmModel(Optional.empty(), parts, layers, output, readout, Optional.empty());
    }

    private LstmModel(
            Optional<Embedding> embedding,
            List<InputPart> parts,
            List<LstmLayer> layers,
            Optional<OutputLayer> output,
            Readout readout,
            Optional<Float> mask) {
        this.embedding = embedding.orElse(null);
        this.parts = parts.toArray(InputPart[]::new);
        this.layers = layers.toArray(LstmLayer[]::new);
        this.output = output.orElse(null);
        requireFit();
        this.readout = this.layers[this.layers.length - 1].looksAhead() ? readout : Readout.LAST_STEP;
        this.mask = mask.orElse(null);
        this.fingerprint =
                Fingerprint.of(this.embedding, this.parts, this.layers, this.output, this.readout, this.mask);
    }

    private void requireFit() {
        if (layers.length == 0) {
            throw new ModelException("a model without LSTM layers: expected at least one");
        }
        if (embedding != null && embedding.width() != inputWidth()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "embedding rows of width %d under a first layer that reads width %d",
                    embedding.width(),
                    inputWidth()));
        }
        int together = parts().stream().mapToInt(InputPart::width).sum();
        if (parts.length > 0 && together != inputWidth()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "inputs of width %d together (%s) under a first layer that reads width %d",
                    together,
                    partsText(),
                    inputWidth()));
        }
        for (int depth = 1; depth < layers.length; depth++) {
            if (layers[depth].inputWidth() != layers[depth - 1].outputWidth()) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "layer %d reads inputs of width %d, but layer %d has outputs of width %d",
                        depth,
                        layers[depth].inputWidth(),
                        depth - 1,
                        layers[depth - 1].outputWidth()));
            }
        }
        if (output != null && output.width() != outputWidth()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "an output layer that reads width %d over a top layer of width %d",
                    output.width(),
                    outputWidth()));
        }
    }

    /** The table that turns tokens into inputs; empty for a model with several inputs, whose tables are in its {@link #parts()}. */
    public Optional<Embedding> embedding() {
        return Optional.ofNullable(embedding);
    }

    /** The inputs of a step in the order in which they fill {@code x_t}; empty for a model with one input. */
    public List<InputPart> parts() {
        return List.of(parts);
    }

    /** A copy whose parts have other names, in their order. */
    public LstmModel withPartNames(List<String> names) {
        List<InputPart> named = IntStream.range(0, parts.length)
                .mapToObj(at -> parts[at].named(names.get(at)))
                .toList();
        return new LstmModel(embedding(), named, layers(), output(), readout, mask());
    }

    /** The layers, from the input upwards. */
    public List<LstmLayer> layers() {
        return List.of(layers);
    }

    public Optional<OutputLayer> output() {
        return Optional.ofNullable(output);
    }

    /** The states that a sequence's single answer is read from; {@link Readout#LAST_STEP} if the top layer reads forward only. */
    public Readout readout() {
        return readout;
    }

    /** A copy with another readout, unless the top layer reads forward only. */
    public LstmModel readFrom(Readout other) {
        return new LstmModel(embedding(), parts(), layers(), output(), other, mask());
    }

    /** A step whose features all have this value is masked: the model was trained to skip it, so no sequence may contain it. */
    public Optional<Float> mask() {
        return Optional.ofNullable(mask);
    }

    /**
     * A copy with a mask.
     *
     * @throws ModelException if the model has an embedding or several inputs, so that it reads no features alone
     */
    public LstmModel withMask(float value) {
        if (embedding != null || parts.length > 0) {
            throw new ModelException("a mask of features in a model with an embedding: expected a padding token");
        }
        return new LstmModel(embedding(), parts(), layers(), output(), readout, Optional.of(value));
    }

    /** I of the first layer. */
    public int inputWidth() {
        return layers[0].inputWidth();
    }

    /** Width of the top layer's output, which the output layer reads. */
    public int outputWidth() {
        return layers[layers.length - 1].outputWidth();
    }

    /** Number of tokens: rows of the embedding, or the input width for one-hot tokens. Meaningless for a model with several inputs. */
    public int tokens() {
        return embedding == null ? inputWidth() : embedding.tokens();
    }

    /** Whether a layer has a backward direction: then the output of the first step depends on the last token. */
    public boolean looksAhead() {
        return layers().stream().anyMatch(LstmLayer::looksAhead);
    }

    /** All directions of all layers: layer 0 forward, layer 0 backward, layer 1 forward and so on. */
    public List<LstmDirection> directions() {
        return layers().stream().flatMap(layer -> layer.directions().stream()).collect(Collectors.toList());
    }

    /** Number of weights. */
    public long parameters() {
        long parameters = embedding == null ? 0 : size(embedding.table());
        for (InputPart part : parts) {
            parameters +=
                    part.embedding().map(Embedding::table).map(LstmModel::size).orElse(0L);
        }
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
     * Checks that the weights still match the fingerprint, after the model was sent to another machine.
     *
     * @throws ModelException if they do not
     */
    public void verify() {
        String found = Fingerprint.of(embedding, parts, layers, output, readout, mask);
        if (!found.equals(fingerprint)) {
            throw new ModelException(
                    "the model arrived damaged: its weights have SHA-256 %s, expected %s; check the serializer"
                                    .formatted(found, fingerprint)
                            + " settings (spark.serializer, spark.kryo.*) and the memory of this machine");
        }
    }

    /** The parts and their widths, for logs. */
    @Override
    public String toString() {
        String input = parts.length > 0 ? partsText() : "input of width " + inputWidth();
        if (embedding != null) {
            input = String.format(Locale.ROOT, "%d tokens of width %d", embedding.tokens(), embedding.width());
        }
        String states = readout == Readout.FINAL_STATES ? ", final states" : "";
        String top = (output == null ? "no output layer" : output.classes() + " classes") + states;
        return Stream.of(
                        input,
                        "LSTM " + layers().stream().map(LstmLayer::toString).collect(Collectors.joining(", ")),
                        top)
                .collect(Collectors.joining("; "));
    }

    private String partsText() {
        return Arrays.stream(parts).map(InputPart::toString).collect(Collectors.joining(", "));
    }
}
