package sluice.cell.model;

/** The top layer's states that a sequence's single answer is read from. */
public enum Readout {
    /**
     * The states at the last step. A backward direction has then read only the last token. PyTorch's {@code output[:, -1]}.
     */
    LAST_STEP,
    /**
     * The final state of each direction. A backward direction's final state is that at the first step. PyTorch's {@code h_n}, and Keras
     * without {@code return_sequences}.
     */
    FINAL_STATES
}
