/**
 * {@code --audit}: {@link sluice.job.audit.AuditJob} reads a scored table back, compares the fingerprints of its rows with those that its
 * runs wrote, and scores a sample again.
 *
 * <p>{@code AuditedTable} reads the table, {@code RowTotals} sums its rows by file, {@code FingerprintCheck} compares the sums, and
 * {@code RescoredRows} compares the answers.
 *
 * <p>May use the rooms task, report, model, input, source, settings, storage, message and fingerprint.
 */
package sluice.job.audit;
