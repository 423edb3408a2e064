package sluice.cell;

/** Which hidden state of a sequence is its {@link OutputKind#HIDDEN} at the last step. */
public enum Pooling {
    /** That of the last step. */
    LAST,
    /** The mean of the hidden states of all steps, unit by unit: added up in float64 in the order of the steps. */
    MEAN,
    /** The largest value of all steps, unit by unit. */
    MAX
}
