package sluice.cell.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The weights of one direction of one layer, gates in the canonical order i, f, g, o.
 *
 * <p>The plain cell needs {@code U}, {@code W} and {@code b}; everything else is set by methods that return a changed
 * copy.
 */
public final class LstmDirection implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int hiddenWidth; // H, the width of the cell state
    private final Matrix inputWeights; // U: (4H, I)
    private final Matrix hiddenWeights; // W: (4H, P), P = H without a projection
    private final float[] bias; // b: (4H)
    private final Matrix projection; // (P, H), or null
    private final float[] initialHidden; // (P), or null for zeros
    private final float[] initialCell; // (H), or null for zeros
    private final boolean reversed;
    private final CellVariant variant; // or null for the plain cell

    private LstmDirection(
            Matrix inputWeights,
            Matrix hiddenWeights,
            float[] bias,
            Matrix projection,
            float[] initialHidden,
            float[] initialCell,
            boolean reversed,
            CellVariant variant) {
        this.hiddenWidth = inputWeights.rows() / Gate.COUNT;
        this.inputWeights = inputWeights;
        this.hiddenWeights = hiddenWeights;
        this.bias = bias;
        this.projection = projection;
        this.initialHidden = initialHidden;
        this.initialCell = initialCell;
        this.reversed = reversed;
        this.variant = variant;
        requireShapes();
    }

    /**
     * A plain cell that reads its sequence from the first token to the last, starting from zeros.
     *
     * @param inputWeights {@code U}, shape {@code (4H, I)}
     * @param hiddenWeights {@code W}, shape {@code (4H, H)}
     * @param bias {@code b}, length {@code 4H}; zeros for a model without it
     */
    public static LstmDirection plain(Matrix inputWeights, Matrix hiddenWeights, float[] bias) {
        return new LstmDirection(inputWeights, hiddenWeights, bias, null, null, null, false, null);
    }

    /**
     * A cell whose hidden state is {@code R (o * tanh(c))} (Sak, Senior and Beaufays 2014, section 2.1): the hidden
     * state is narrower than the cell state.
     *
     * @param hiddenWeights {@code W}, shape {@code (4H, P)}
     * @param projection {@code R}, shape {@code (P, H)}
     */
    public static LstmDirection projected(Matrix inputWeights, Matrix hiddenWeights, float[] bias, Matrix projection) {
        return new LstmDirection(inputWeights, hiddenWeights, bias, projection, null, null, false, null);
    }

    /** The same cell, starting every sequence from these states: {@code hidden} of length P, {@code cell} of length H. */
    public LstmDirection startingFrom(float[] hidden, float[] cell) {
        return new LstmDirection(inputWeights, hiddenWeights, bias, projection, hidden, cell, reversed, variant);
    }

    /** The same cell, reading its sequence from the last token to the first. */
    public LstmDirection backward() {
        return new LstmDirection(
                inputWeights, hiddenWeights, bias, projection, initialHidden, initialCell, true, variant);
    }

    /**
     * The same weights in a variant of the cell.
     *
     * @throws ModelException if its peepholes are not of length H
     */
    public LstmDirection with(CellVariant other) {
        return new LstmDirection(
                inputWeights,
                hiddenWeights,
                bias,
                projection,
                initialHidden,
                initialCell,
                reversed,
                other.isPlain() ? null : other);
    }

    private void requireShapes() {
        if (inputWeights.rows() % Gate.COUNT != 0) {
            throw new ModelException(
                    "input weights of shape %s: expected (4H, I), a multiple of 4 rows".formatted(inputWeights));
        }
        if (hiddenWeights.rows() != Gate.COUNT * hiddenWidth || hiddenWeights.columns() != outputWidth()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "hidden weights of shape %s: expected (4H, %s) = (%d, %d)",
                    hiddenWeights,
                    projection == null ? "H" : "P",
                    Gate.COUNT * hiddenWidth,
                    outputWidth()));
        }
        if (projection != null && projection.columns() != hiddenWidth) {
            throw new ModelException(String.format(
                    Locale.ROOT, "a projection of shape %s: expected (P, H) with H = %d", projection, hiddenWidth));
        }
        Vectors.requireLength("the bias of a layer with H = " + hiddenWidth, bias, Gate.COUNT * hiddenWidth);
        Vectors.requireFinite("the bias of a layer", bias);
        requireState("initial hidden state", initialHidden, outputWidth());
        requireState("initial cell state", initialCell, hiddenWidth);
        variant().requireFit(hiddenWidth);
    }

    private static void requireState(String what, float[] state, int width) {
        if (state != null) {
            Vectors.requireLength("an " + what, state, width);
            Vectors.requireFinite("an " + what, state);
        }
    }

    /** I. */
    public int inputWidth() {
        return inputWeights.columns();
    }

    /** H, the width of the cell state. */
    public int hiddenWidth() {
        return hiddenWidth;
    }

    /** P, the width of the hidden state: H without a projection. */
    public int outputWidth() {
        return projection == null ? hiddenWidth : projection.rows();
    }

    /** {@code U}: {@code (4H, I)}. */
    public Matrix inputWeights() {
        return inputWeights;
    }

    /** {@code U_*}: the {@code (H, I)} block of one gate. */
    public Matrix inputWeights(Gate gate) {
        return inputWeights.rowBlock(gate.block() * hiddenWidth, hiddenWidth);
    }

    /** {@code W}: {@code (4H, P)}. */
    public Matrix hiddenWeights() {
        return hiddenWeights;
    }

    /** {@code W_*}: the {@code (H, P)} block of one gate. */
    public Matrix hiddenWeights(Gate gate) {
        return hiddenWeights.rowBlock(gate.block() * hiddenWidth, hiddenWidth);
    }

    /** {@code b}: {@code (4H)}. */
    public float[] bias() {
        return bias;
    }

    /** {@code b_*}: the {@code (H)} block of one gate, a copy. */
    public float[] bias(Gate gate) {
        return Arrays.copyOfRange(bias, gate.block() * hiddenWidth, (gate.block() + 1) * hiddenWidth);
    }

    /** {@code R}: {@code (P, H)}, if the model has a projection. */
    public Optional<Matrix> projection() {
        return Optional.ofNullable(projection);
    }

    /** The hidden state that a sequence starts from, of length P; zeros by default. A copy. */
    public float[] initialHidden() {
        return initialHidden == null ? new float[outputWidth()] : initialHidden.clone();
    }

    /** The cell state that a sequence starts from, of length H; zeros by default. A copy. */
    public float[] initialCell() {
        return initialCell == null ? new float[hiddenWidth] : initialCell.clone();
    }

    /** Whether it is a backward direction, which reads from the last token to the first. */
    public boolean reversed() {
        return reversed;
    }

    /** How the cell differs from the plain one. */
    public CellVariant variant() {
        return variant == null ? CellVariant.PLAIN : variant;
    }
}
