package sluice.job.settings;

/** {@code scoring.cluster-prefixes}: whether rows are sorted by their sequences before they are scored. */
public enum ClusterPrefixes {
    /** Rows are not sorted. */
    NEVER,
    /** Rows are sorted if a sample shows that this saves more time than it costs. */
    AUTO,
    /** Rows are sorted. */
    ALWAYS
}
