package sluice.job;

/** What happens to an output that exists. */
enum OutputMode {
    /** It is left alone and the run is refused. */
    ERROR,
    /** It is replaced, once the new one is complete. */
    OVERWRITE
}
