package sluice.cell.model;

/**
 * An activation function with its parameters.
 *
 * <p>The kinds are those of the ONNX operator LSTM and two of Keras, and {@link #of} gives ONNX's default parameters. Keras'
 * {@code hard_sigmoid} is a {@link Kind#HARD_SIGMOID} with other parameters: 1/5 and 1/2 up to Keras 2, 1/6 and 1/2 since Keras 3.
 *
 * @param alpha 0 for a kind without it
 * @param beta 0 for a kind without it
 */
public record Activation(Kind kind, float alpha, float beta) {
    /** The functions. */
    public enum Kind {
        /** {@code 1 / (1 + exp(-z))}. */
        SIGMOID(0, 0, 0),
        /** {@code (1 - exp(-2z)) / (1 + exp(-2z))}. */
        TANH(0, 0, 0),
        /** {@code max(0, z)}. */
        RELU(0, 0, 0),
        /** {@code alpha z + beta}. */
        AFFINE(2, 1, 0),
        /** {@code z} for {@code z >= 0}, else {@code alpha z}. */
        LEAKY_RELU(1, 0.01f, 0),
        /** {@code z} for {@code z >= alpha}, else 0. */
        THRESHOLDED_RELU(1, 1, 0),
        /** {@code alpha tanh(beta z)}; ONNX has no default parameters for it; here they are 1. */
        SCALED_TANH(2, 1, 1),
        /** {@code alpha z + beta}, clamped to 0 and 1. */
        HARD_SIGMOID(2, 0.2f, 0.5f),
        /** {@code z} for {@code z >= 0}, else {@code alpha (exp(z) - 1)}. */
        ELU(1, 1, 0),
        /** {@code z / (1 + |z|)}. */
        SOFTSIGN(0, 0, 0),
        /** {@code log(1 + exp(z))}. */
        SOFTPLUS(0, 0, 0),
        /** {@code beta z} for {@code z >= 0}, else {@code beta alpha (exp(z) - 1)}. Not in ONNX. */
        SELU(2, 1.6732632f, 1.050701f),
        /** {@code exp(z)}, for {@code z} up to 88, where float32 ends. Not in ONNX. */
        EXPONENTIAL(0, 0, 0);

        private final int parameters;
        private final float alpha;
        private final float beta;

        Kind(int parameters, float alpha, float beta) {
            this.parameters = parameters;
            this.alpha = alpha;
            this.beta = beta;
        }

        /** Number of parameters: 0, 1 (alpha) or 2 (alpha and beta). */
        public int parameters() {
            return parameters;
        }
    }

    /** @throws ModelException if a parameter of this kind is NaN or infinite */
    public Activation {
        alpha = kind.parameters > 0 ? finite(kind, "alpha", alpha) : 0;
        beta = kind.parameters > 1 ? finite(kind, "beta", beta) : 0;
    }

    /** With ONNX's default parameters. */
    public static Activation of(Kind kind) {
        return new Activation(kind, kind.alpha, kind.beta);
    }

    private static float finite(Kind kind, String name, float value) {
        if (!Float.isFinite(value)) {
            throw new ModelException("the activation %s has %s %s: expected a finite number; export the model again"
                    .formatted(kind, name, value));
        }
        return value + 0f; // turns -0 into 0, so that equal functions compare equal
    }

    /** {@code TANH}, {@code HARD_SIGMOID(0.2, 0.5)} and so on, for messages. */
    @Override
    public String toString() {
        return switch (kind.parameters) {
            case 0 -> kind.name();
            case 1 -> "%s(%s)".formatted(kind, alpha);
            default -> "%s(%s, %s)".formatted(kind, alpha, beta);
        };
    }
}
