package sluice.cell.model;

import java.io.Serializable;
import java.util.Locale;
import java.util.Optional;

/**
 * One of several inputs of a step: a token with its own embedding, or numbers. A step's input {@code x_t} is its parts side by side, in
 * the order of {@link LstmModel#parts()}.
 */
public final class InputPart implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final Embedding embedding; // or null: numbers
    private final int width;

    private InputPart(String name, Embedding embedding, int width) {
        this.name = name;
        this.embedding = embedding;
        this.width = width;
    }

    /** A part whose value is a token: it becomes the token's row of this embedding. */
    public static InputPart tokens(String name, Embedding embedding) {
        return new InputPart(name, embedding, embedding.width());
    }

    /**
     * A part whose values are numbers.
     *
     * @param width how many numbers a step has, at least 1
     * @throws ModelException if that is less than 1
     */
    public static InputPart numbers(String name, int width) {
        if (width < 1) {
            throw new ModelException(
                    String.format(Locale.ROOT, "input %s has %d numbers a step: expected at least 1", name, width));
        }
        return new InputPart(name, null, width);
    }

    /** The name of the model's input, for messages, and by default the column that it is read from. Not part of the model's fingerprint. */
    public String name() {
        return name;
    }

    /** The same part with another name. */
    public InputPart named(String other) {
        return new InputPart(other, embedding, width);
    }

    /** The embedding of its tokens; empty for numbers. */
    public Optional<Embedding> embedding() {
        return Optional.ofNullable(embedding);
    }

    /** The table of its embedding; null for numbers. */
    public Matrix table() {
        return embedding == null ? null : embedding.table();
    }

    /** How many elements of {@code x_t} it fills. */
    public int width() {
        return width;
    }

    /** {@code item: 100 tokens of width 8}, or {@code amount: 1 number}. */
    @Override
    public String toString() {
        return embedding == null
                ? String.format(Locale.ROOT, "%s: %d number%s", name, width, width == 1 ? "" : "s")
                : String.format(Locale.ROOT, "%s: %d tokens of width %d", name, embedding.tokens(), width);
    }
}
