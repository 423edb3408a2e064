/**
 * The fingerprint of a table: {@link sluice.job.fingerprint.Fingerprint} is a sum over rows, {@link sluice.job.fingerprint.RowSum} computes
 * it, and {@link sluice.job.fingerprint.FileSums} counts it while the tasks of a run write files.
 *
 * <p>{@link sluice.job.fingerprint.HashedColumns} says which columns are covered, {@link sluice.job.fingerprint.FileFooter} what a Parquet
 * file states about itself. Knows only Spark.
 */
package sluice.job.fingerprint;
