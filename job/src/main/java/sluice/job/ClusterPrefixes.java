package sluice.job;

/** Whether rows are sorted by their sequences before they are scored. */
enum ClusterPrefixes {
    /** They are scored where they stand. */
    NEVER,
    /** They are sorted where a sample tells that this saves more than it costs. */
    AUTO,
    /** They are sorted. */
    ALWAYS
}
