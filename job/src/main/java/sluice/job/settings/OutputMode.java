package sluice.job.settings;

/** {@code output.mode}: what happens to an existing output. */
public enum OutputMode {
    /** It stays, and the run is refused. */
    ERROR,
    /** It is replaced when the new one is complete. */
    OVERWRITE,
    /** The new rows are added. */
    APPEND,
    /** Partitions that the new rows belong to are replaced. All others stay. */
    PARTITIONS;

    /** Whether an output keeps rows, reports and bad rows of several runs. */
    public boolean keepsOthers() {
        return this == APPEND || this == PARTITIONS;
    }
}
