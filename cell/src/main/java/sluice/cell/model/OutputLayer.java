package sluice.cell.model;

import java.io.Serializable;

/** The output layer, from hidden state to logits: {@code V h + d}. */
public final class OutputLayer implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Matrix weights; // V: (K, H)
    private final float[] bias; // d: (K)

    /**
     * @param weights {@code V}, one row per class, one column per hidden unit
     * @param bias {@code d}, one value per class; zeros for a model without it
     */
    public OutputLayer(Matrix weights, float[] bias) {
        Vectors.requireLength("the bias of an output layer of shape " + weights, bias, weights.rows());
        Vectors.requireFinite("the bias of an output layer", bias);
        this.weights = weights;
        this.bias = bias;
    }

    /** An output layer without a bias. */
    public OutputLayer(Matrix weights) {
        this(weights, new float[weights.rows()]);
    }

    /** K. */
    public int classes() {
        return weights.rows();
    }

    /** Number of hidden units that it reads. */
    public int width() {
        return weights.columns();
    }

    public Matrix weights() {
        return weights;
    }

    public float[] bias() {
        return bias;
    }
}
