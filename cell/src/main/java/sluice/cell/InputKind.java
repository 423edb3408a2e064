package sluice.cell;

import sluice.cell.model.LstmModel;

/** What {@code x_t} is: {@code model.input}. */
public enum InputKind {
    /** A token's row of the model's embedding. */
    EMBEDDING,
    /** A token's column of the unit matrix: the input width is the number of tokens. */
    ONE_HOT,
    /** A row of real numbers. */
    FEATURES;

    /** Whether sequences of this kind are made of tokens alone. */
    public boolean takesTokens() {
        return this != FEATURES;
    }

    /**
     * Checks that a model can be fed so.
     *
     * @throws IllegalArgumentException where it can't
     */
    public void requireFit(LstmModel model) {
        if (model.embedding().isPresent() != (this == EMBEDDING)) {
            throw new IllegalArgumentException(
                    model.embedding().isPresent()
                            ? "the model has an embedding, so its input is tokens: model.input must be embedding"
                            : "the model has no embedding: model.input must be one-hot (tokens in [0, %d)) or features (%d a step)"
                                    .formatted(model.inputWidth(), model.inputWidth()));
        }
    }
}
