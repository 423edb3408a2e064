package sluice.job.settings;

/** What happens to an output that exists. */
public enum OutputMode {
    /** It is left alone and the run is refused. */
    ERROR,
    /** It is replaced, once the new one is complete. */
    OVERWRITE,
    /** The new rows are put beside those that are there. */
    APPEND,
    /** Of its partitions those are replaced that the new rows fall into; all others stay. */
    PARTITIONS;

    /** Whether an output holds the rows of several runs, and so their reports and bad rows. */
    public boolean keepsOthers() {
        return this == APPEND || this == PARTITIONS;
    }
}
