package sluice.cell.model;

import java.io.Serializable;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * How a cell differs from the plain one: other activations, a clip, coupled gates, peepholes. Immutable.
 *
 * <pre>
 *   i_t = f(clip(U_i x_t + W_i h_{t-1} + b_i + p_i * c_{t-1}))
 *   f_t = f(clip(U_f x_t + W_f h_{t-1} + b_f + p_f * c_{t-1}))      or, coupled, 1 - i_t
 *   g_t = g(clip(U_g x_t + W_g h_{t-1} + b_g))
 *   c_t = f_t * c_{t-1} + i_t * g_t
 *   o_t = f(clip(U_o x_t + W_o h_{t-1} + b_o + p_o * c_t))
 *   h_t = o_t * h(c_t)
 * </pre>
 *
 * <p>The equations, the names f, g and h of the activations, and the clip are those of the ONNX operator LSTM. As in ONNX Runtime, coupled
 * gates derive the forget gate, and {@code h}'s argument is not clipped. Peepholes: Gers and Schmidhuber,
 * "Recurrent nets that time and count", IJCNN 2000. Coupled gates: Greff et al., "LSTM: a search space odyssey", 2017 (CIFG).
 */
public final class CellVariant implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final Activation SIGMOID = Activation.of(Activation.Kind.SIGMOID);
    private static final Activation TANH = Activation.of(Activation.Kind.TANH);

    /** The plain cell: sigmoid gates, tanh for candidate and output. Hochreiter and Schmidhuber's cell with a forget gate. */
    public static final CellVariant PLAIN =
            new CellVariant(SIGMOID, TANH, TANH, Float.POSITIVE_INFINITY, false, null, null, null);

    // Activations and peepholes are stored as their parts: a broadcast class must not hold records (see the package
    // page).
    private final Activation.Kind gate;
    private final float gateAlpha;
    private final float gateBeta;
    private final Activation.Kind candidate;
    private final float candidateAlpha;
    private final float candidateBeta;
    private final Activation.Kind output;
    private final float outputAlpha;
    private final float outputBeta;
    private final float clip;
    private final boolean coupled;
    private final float[] inputPeephole; // p_i: (H), or null
    private final float[] forgetPeephole; // p_f: (H), or null
    private final float[] outputPeephole; // p_o: (H), or null

    private CellVariant(
            Activation gate,
            Activation candidate,
            Activation output,
            float clip,
            boolean coupled,
            float[] inputPeephole,
            float[] forgetPeephole,
            float[] outputPeephole) {
        this.gate = gate.kind();
        this.gateAlpha = gate.alpha();
        this.gateBeta = gate.beta();
        this.candidate = candidate.kind();
        this.candidateAlpha = candidate.alpha();
        this.candidateBeta = candidate.beta();
        this.output = output.kind();
        this.outputAlpha = output.alpha();
        this.outputBeta = output.beta();
        this.clip = clip;
        this.coupled = coupled;
        this.inputPeephole = inputPeephole;
        this.forgetPeephole = forgetPeephole;
        this.outputPeephole = outputPeephole;
    }

    /**
     * Peephole weights: the weight of the cell state in each gate, unit by unit.
     *
     * @param input {@code p_i}, of length H, applied to {@code c_{t-1}}
     * @param forget {@code p_f}, of length H, applied to {@code c_{t-1}}; not read if gates are coupled
     * @param output {@code p_o}, of length H, applied to {@code c_t}
     */
    public record Peepholes(float[] input, float[] forget, float[] output) {
        /** @throws ModelException if lengths differ, or if a weight is NaN or infinite */
        public Peepholes {
            Vectors.requireFinite("the input gate's peephole", input);
            Vectors.requireFinite("the forget gate's peephole", forget);
            Vectors.requireFinite("the output gate's peephole", output);
            Vectors.requireLength("the forget gate's peephole", forget, input.length);
            Vectors.requireLength("the output gate's peephole", output, input.length);
        }
    }

    /** A copy with these activations: {@code f} of the gates, {@code g} of the candidate, {@code h} of the cell state in the output. */
    public CellVariant withActivations(Activation f, Activation g, Activation h) {
        return new CellVariant(f, g, h, clip, coupled, inputPeephole, forgetPeephole, outputPeephole);
    }

    /**
     * A copy that clamps the arguments of {@code f} and {@code g} to plus or minus a threshold.
     *
     * @param threshold above 0; {@link Float#POSITIVE_INFINITY} for none
     * @throws ModelException if it is not above 0
     */
    public CellVariant withClip(float threshold) {
        if (!(threshold > 0)) {
            throw new ModelException("a clip of %s: expected a number above 0, or none".formatted(threshold));
        }
        return new CellVariant(
                gate(), candidate(), output(), threshold, coupled, inputPeephole, forgetPeephole, outputPeephole);
    }

    /** A copy with the forget gate {@code 1 - i_t}; the forget gate's own weights are not read. */
    public CellVariant withCoupledGates() {
        return new CellVariant(
                gate(), candidate(), output(), clip, true, inputPeephole, forgetPeephole, outputPeephole);
    }

    /** A copy with peepholes. */
    public CellVariant withPeepholes(Peepholes peepholes) {
        return new CellVariant(
                gate(),
                candidate(),
                output(),
                clip,
                coupled,
                peepholes.input(),
                peepholes.forget(),
                peepholes.output());
    }

    /** {@code f}, the activation of the input, forget and output gates. */
    public Activation gate() {
        return new Activation(gate, gateAlpha, gateBeta);
    }

    /** {@code g}, the activation of the candidate state. */
    public Activation candidate() {
        return new Activation(candidate, candidateAlpha, candidateBeta);
    }

    /** {@code h}, the activation of the cell state in the output. */
    public Activation output() {
        return new Activation(output, outputAlpha, outputBeta);
    }

    /** The threshold that pre-activations are clamped to; {@link Float#POSITIVE_INFINITY} for none. */
    public float clip() {
        return clip;
    }

    /** Whether the forget gate is {@code 1 - i_t}. */
    public boolean coupled() {
        return coupled;
    }

    /** The peepholes, if the cell has them; the arrays are not copies. */
    public Optional<Peepholes> peepholes() {
        return inputPeephole == null
                ? Optional.empty()
                : Optional.of(new Peepholes(inputPeephole, forgetPeephole, outputPeephole));
    }

    /** Whether it is the plain cell. */
    public boolean isPlain() {
        return hasPlainActivations() && clip == Float.POSITIVE_INFINITY && !coupled && inputPeephole == null;
    }

    private boolean hasPlainActivations() {
        return gate().equals(SIGMOID) && candidate().equals(TANH) && output().equals(TANH);
    }

    void requireFit(int hiddenWidth) {
        if (inputPeephole != null) {
            String where = " peephole of a layer with H = " + hiddenWidth;
            Vectors.requireLength("the input gate's" + where, inputPeephole, hiddenWidth);
        }
    }

    /** Number of weights that it adds to a direction. */
    int parameters() {
        return inputPeephole == null ? 0 : inputPeephole.length + forgetPeephole.length + outputPeephole.length;
    }

    /** {@code plain}, or the differences, such as {@code peepholes, clip 3.0}, for messages. */
    @Override
    public String toString() {
        StringJoiner differences = new StringJoiner(", ");
        differences.setEmptyValue("plain");
        if (inputPeephole != null) {
            differences.add("peepholes");
        }
        if (coupled) {
            differences.add("coupled gates");
        }
        if (clip != Float.POSITIVE_INFINITY) {
            differences.add("clip " + clip);
        }
        if (!hasPlainActivations()) {
            differences.add("%s %s %s".formatted(gate(), candidate(), output()));
        }
        return differences.toString();
    }
}
