package sluice.job.settings;

/** Whether rows are sorted by their sequences before they are scored. */
public enum ClusterPrefixes {
    /** They are scored where they stand. */
    NEVER,
    /** They are sorted where a sample tells that this saves more than it costs. */
    AUTO,
    /** They are sorted. */
    ALWAYS
}
