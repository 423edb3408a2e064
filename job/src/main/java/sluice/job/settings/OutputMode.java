package sluice.job.settings;

/** {@code output.mode}: what happens to an existing output. */
public enum OutputMode {
    /** Keep it and refuse the run. */
    ERROR,
    /** Replace it when the new one is complete. */
    OVERWRITE,
    /** Add the new rows. */
    APPEND,
    /** Replace the partitions that the new rows belong to, and keep all others. */
    PARTITIONS;

    /** Whether an output keeps rows, reports and bad rows of several runs. */
    public boolean keepsOthers() {
        return this == APPEND || this == PARTITIONS;
    }
}
