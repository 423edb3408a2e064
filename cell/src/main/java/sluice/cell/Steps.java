package sluice.cell;

/** The steps of a sequence that are answered. */
public enum Steps {
    /** The last one: one answer after the last token; an empty sequence is answered from the initial state. */
    LAST,
    /** Each one: one answer after each token; an empty sequence gets no answer. */
    EACH
}
