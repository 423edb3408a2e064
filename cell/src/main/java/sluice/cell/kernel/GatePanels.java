package sluice.cell.kernel;

import sluice.cell.model.Embedding;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;

/**
 * The weights of one direction, packed for the fused step.
 *
 * <p>A panel has {@value #COLUMNS} columns: the four gates of {@value #UNITS} hidden units, side by side. So the sums of one panel are all
 * that the gate functions of its units need. Each gate of a panel is a {@linkplain Strips strip}:
 *
 * <pre>
 *   weights[panel][ i, f, g, o ][k][16 units]               k = 0 .. I-1 input, then 0 .. P-1 hidden state
 *   start[row][panel][ i x 16 | f x 16 | g x 16 | o x 16 ]  the first term of a pre-activation's chain
 * </pre>
 *
 * <p>If the input is multiplied, {@code start} has one row, the bias. If the input is looked up, {@code start} has one row for each token:
 * the bias plus the token's column of {@code U}, or plus {@code U} times its embedding; the input width of the panels is then 0. If
 * only the first elements of the input are looked up, the others are multiplied. The last panel is padded with zeros.
 */
public final class GatePanels {
    /** Hidden units in a panel. */
    public static final int UNITS = Strips.COLUMNS;

    /** Columns of a panel: {@value #UNITS} units of four gates. */
    public static final int COLUMNS = Gate.COUNT * UNITS;

    private final int inputWidth; // number of terms from the input
    private final int outputWidth; // P, number of terms from the hidden state
    private final int hiddenWidth; // H
    private final float[] start; // (rows, panels, 64)
    private final Strips weights; // with inputWidth + outputWidth terms per column

    private GatePanels(LstmDirection direction, int inputWidth, float[] start) {
        this.inputWidth = inputWidth;
        this.outputWidth = direction.outputWidth();
        this.hiddenWidth = direction.hiddenWidth();
        this.start = start;
        this.weights = new Strips("weights", (long) panels(hiddenWidth) * COLUMNS, (long) inputWidth + outputWidth);
        for (int k = 0; k < inputWidth; k++) {
            spread(direction.inputWeights(), direction.inputWidth() - inputWidth + k, k);
        }
        for (int k = 0; k < outputWidth; k++) {
            spread(direction.hiddenWeights(), k, inputWidth + k);
        }
    }

    private GatePanels(GatePanels other, int inputWidth, float[] start) {
        this.inputWidth = inputWidth;
        this.outputWidth = other.outputWidth;
        this.hiddenWidth = other.hiddenWidth;
        this.start = start;
        this.weights = other.weights.from(other.inputWidth - inputWidth);
    }

    /** Panels for inputs that are multiplied: rows of an embedding, features, or a lower layer's output. */
    public static GatePanels of(LstmDirection direction) {
        float[] start = Strips.array("bias", panels(direction.hiddenWidth()), COLUMNS);
        spreadBias(direction, start, 0);
        return new GatePanels(direction, direction.inputWidth(), start);
    }

    /** Panels for one-hot inputs: the input term of token k is column k of {@code U}. */
    public static GatePanels oneHot(LstmDirection direction) {
        int hidden = direction.hiddenWidth();
        int stride = panels(hidden) * COLUMNS;
        float[] start = Strips.array("one-hot input", direction.inputWidth(), stride);
        for (int token = 0; token < direction.inputWidth(); token++) {
            spreadBias(direction, start, token * stride);
            for (int row = 0; row < Gate.COUNT * hidden; row++) {
                start[token * stride + column(row, hidden)] +=
                        direction.inputWeights().at(row, token);
            }
        }
        return new GatePanels(direction, 0, start);
    }

    /**
     * Panels for inputs that are, or begin with, rows of an embedding, with a lookup table: row k is {@code b + U e_k}, the same chain of
     * operations that {@link #of} starts with. The elements of the input after the embedding's are multiplied.
     */
    public static GatePanels lookUp(LstmDirection direction, Embedding embedding, Kernel kernel) {
        LinearPanels inputs = inputs(direction, embedding.width());
        float[] start = Strips.array("input table", embedding.tokens(), inputs.outputs());
        int[] from = new int[embedding.tokens()];
        int[] to = new int[embedding.tokens()];
        for (int token = 0; token < from.length; token++) {
            from[token] = token * inputs.inputs();
            to[token] = token * inputs.outputs();
        }
        kernel.multiply(inputs, 0, inputs.outputs(), embedding.table().values(), from, from.length, start, to);
        return new GatePanels(direction, direction.inputWidth() - embedding.width(), start);
    }

    /** Panels without a start, for {@link #startingFrom}. */
    public static GatePanels hiddenOnly(LstmDirection direction) {
        return new GatePanels(direction, 0, new float[0]);
    }

    /** The same weights with another start: rows that {@link #inputs} has computed. */
    public GatePanels startingFrom(float[] rows) {
        return new GatePanels(this, inputWidth, rows);
    }

    /**
     * The linear map {@code b + U x} of panels whose input is multiplied, over the same weights: the beginning of the chains that
     * {@link #afterInputs} continues. So the input's terms of many steps are computed by one read of the weights.
     */
    public LinearPanels inputMap() {
        return new LinearPanels(panels() * COLUMNS, inputWidth, start, weights);
    }

    /**
     * The same weights without the input's.
     *
     * @param rows results of {@link #inputMap}, one a step
     */
    public GatePanels afterInputs(float[] rows) {
        return new GatePanels(this, 0, rows);
    }

    /** The linear map {@code b + U x}, with its outputs in the order of a row of {@code start}. */
    public static LinearPanels inputs(LstmDirection direction) {
        return inputs(direction, direction.inputWidth());
    }

    /** The same of the first {@code width} elements of the input. */
    private static LinearPanels inputs(LstmDirection direction, int width) {
        int hidden = direction.hiddenWidth();
        int outputs = panels(hidden) * COLUMNS;
        float[] weights = new float[Math.multiplyExact(outputs, width)];
        float[] bias = new float[outputs];
        for (int row = 0; row < Gate.COUNT * hidden; row++) {
            int column = column(row, hidden);
            bias[column] = direction.bias()[row];
            System.arraycopy(
                    direction.inputWeights().values(), row * direction.inputWidth(), weights, column * width, width);
        }
        return LinearPanels.of(Matrix.of(outputs, width, weights), bias);
    }

    /** Size of a start of this many rows, in bytes. */
    public long startBytes(int rows) {
        return startBytes(rows, hiddenWidth);
    }

    /** Size of a start with a row for each token, in bytes. */
    public static long startBytes(int tokens, LstmDirection direction) {
        return startBytes(tokens, direction.hiddenWidth());
    }

    private static long startBytes(int rows, int hidden) {
        return (long) Float.BYTES * rows * panels(hidden) * COLUMNS;
    }

    private static void spreadBias(LstmDirection direction, float[] start, int offset) {
        int hidden = direction.hiddenWidth();
        for (int row = 0; row < Gate.COUNT * hidden; row++) {
            start[offset + column(row, hidden)] = direction.bias()[row];
        }
    }

    /** Sets term {@code k} of each column from column {@code from} of a matrix of shape {@code (4H, ...)}. */
    private void spread(Matrix matrix, int from, int k) {
        for (int row = 0; row < Gate.COUNT * hiddenWidth; row++) {
            weights.set(column(row, hiddenWidth), k, matrix.at(row, from));
        }
    }

    /** The column of the panels for row {@code gate * H + unit} of the canonical order. */
    private static int column(int row, int hidden) {
        int gate = row / hidden;
        int unit = row % hidden;
        return unit / UNITS * COLUMNS + gate * UNITS + unit % UNITS;
    }

    private static int panels(int hidden) {
        return (hidden + UNITS - 1) / UNITS;
    }

    /** Width of an input row: I, or 0 if the input is looked up. */
    int inputWidth() {
        return inputWidth;
    }

    /** P. */
    int outputWidth() {
        return outputWidth;
    }

    /** H. */
    int hiddenWidth() {
        return hiddenWidth;
    }

    int panels() {
        return panels(hiddenWidth);
    }

    /** Number of units in this panel, without padding. */
    int units(int panel) {
        return Math.min(UNITS, hiddenWidth - panel * UNITS);
    }

    float[] start() {
        return start;
    }

    int startOffset(int row, int panel) {
        return (row * panels() + panel) * COLUMNS;
    }

    Strips weights() {
        return weights;
    }

    /** Size in bytes. */
    public long bytes() {
        return (long) Float.BYTES * start.length + weights.bytes();
    }
}
