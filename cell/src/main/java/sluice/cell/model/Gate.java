package sluice.cell.model;

/** The four blocks of an LSTM's weights, in the canonical order of their rows: i, f, g, o. */
public enum Gate {
    /** {@code i}: what enters the memory. */
    INPUT,
    /** {@code f}: what stays in the memory (forget gate). */
    FORGET,
    /** {@code g}: the candidate state, a tanh where the others are sigmoids. */
    CANDIDATE,
    /** {@code o}: what the memory shows. */
    OUTPUT;

    /** How many blocks there are. */
    public static final int COUNT = 4;

    /** Index of this gate's block in weights of shape {@code (4H, ...)}. */
    public int block() {
        return ordinal();
    }
}
