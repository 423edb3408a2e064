package sluice.cell;

import java.util.Locale;
import java.util.stream.Collectors;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/** The kind of input {@code x_t} that a model reads: the setting {@code model.input}. */
public enum InputKind {
    /** The row of the model's embedding for a token. */
    EMBEDDING,
    /** The one-hot vector of a token: the input width is the number of tokens. */
    ONE_HOT,
    /** A row of real numbers. */
    FEATURES,
    /** Several inputs side by side, each the row of an embedding for a token, or numbers: {@link LstmModel#parts()}. */
    PARTS;

    /**
     * The kind that a model reads if no setting says it: its parts, its embedding, one-hot tokens if it {@linkplain #mayReadOneHot may} read
     * them, else features.
     */
    public static InputKind of(LstmModel model) {
        if (!model.parts().isEmpty()) {
            return PARTS;
        }
        if (model.embedding().isPresent()) {
            return EMBEDDING;
        }
        return mayReadOneHot(model) ? ONE_HOT : FEATURES;
    }

    /** Whether a model without an embedding may read one-hot tokens: one input for each class. A single input is a number. */
    public static boolean mayReadOneHot(LstmModel model) {
        int classes = model.output().map(OutputLayer::classes).orElse(0);
        return model.inputWidth() == classes && classes > 1;
    }

    /** Whether sequences of this kind consist of the tokens of one input only. */
    public boolean takesTokens() {
        return this == EMBEDDING || this == ONE_HOT;
    }

    /** Whether equal prefixes of sequences of this kind are computed once. */
    public boolean sharesPrefixes() {
        return this != FEATURES;
    }

    /**
     * Checks that a model takes this kind of input.
     *
     * @throws IllegalArgumentException if it does not
     */
    public void requireFit(LstmModel model) {
        if (model.parts().isEmpty() == (this == PARTS)) {
            throw new IllegalArgumentException(
                    this == PARTS
                            ? "the model has one input"
                            : "the model has several inputs (%s): leave model.input = auto"
                                    .formatted(model.parts().stream()
                                            .map(InputPart::toString)
                                            .collect(Collectors.joining(", "))));
        }
        if (this == PARTS) {
            return;
        }
        if (model.embedding().isPresent() != (this == EMBEDDING)) {
            throw new IllegalArgumentException(
                    model.embedding().isPresent()
                            ? "the model has an embedding, so its input is tokens: model.input must be embedding"
                            : String.format(
                                    Locale.ROOT,
                                    "the model has no embedding: model.input must be one-hot (tokens in [0, %d)) or features (%d a step)",
                                    model.inputWidth(),
                                    model.inputWidth()));
        }
    }
}
