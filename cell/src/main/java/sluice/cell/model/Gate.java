package sluice.cell.model;

/** The four blocks of an LSTM's weights, in the canonical order of their rows: i, f, g, o. */
public enum Gate {
    /** {@code i}, the input gate: what enters the memory. */
    INPUT,
    /** {@code f}, the forget gate: what stays in the memory. */
    FORGET,
    /** {@code g}, the candidate state: a tanh, while the other three are sigmoids. */
    CANDIDATE,
    /** {@code o}, the output gate: what the memory shows. */
    OUTPUT;

    /** Number of blocks. */
    public static final int COUNT = 4;

    /** Index of this gate's block in weights of shape {@code (4H, ...)}. */
    public int block() {
        return ordinal();
    }
}
