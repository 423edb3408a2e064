package sluice.cell;

/** At which steps a sequence is answered. */
public enum Steps {
    /** Once, after the last token; an empty sequence is answered from the initial state. */
    LAST,
    /** After each token; an empty sequence has no answers. */
    EACH
}
