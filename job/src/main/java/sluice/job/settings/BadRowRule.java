package sluice.job.settings;

/** What becomes of a row that can't be scored. */
public enum BadRowRule {
    /** The first one stops the run. */
    FAIL,
    /** It is left out of the scored table and written beside it, with all its columns and the reason. */
    QUARANTINE,
    /** It stays in the scored table, with nulls in the new columns and the reason. */
    NULL
}
