package sluice.cell.model;

/** Which of the top layer's states a sequence's one answer is read from. */
public enum Readout {
    /**
     * Those at the last step: of a direction that reads backward, the state after that step alone. PyTorch's {@code output[:, -1]}.
     */
    LAST_STEP,
    /**
     * Of each direction the state after the last token that it reads: a backward one has read them all by the first step. PyTorch's
     * {@code h_n}, and Keras without {@code return_sequences}.
     */
    FINAL_STATES
}
