package sluice.job.settings;

/** {@code bad-rows.rule}: what happens to a bad row, a row that can't be scored. */
public enum BadRowRule {
    /** The first bad row fails the run. */
    FAIL,
    /** Bad rows are written to the quarantine with all their columns and the reason, not to the scored table. */
    QUARANTINE,
    /** Bad rows stay in the scored table, with nulls in the new columns and the reason. */
    NULL
}
