/**
 * {@code --incremental}: a run that scores only the files that have arrived since the last run.
 *
 * <p>Face: {@link sluice.job.incremental.IncrementalJob}. Spark's Structured Streaming decides which files are new and keeps them in a
 * {@link sluice.job.incremental.Checkpoint}; {@link sluice.job.incremental.MicroBatches} scores them batch by batch with
 * {@link sluice.job.run.ScoringJob}; {@link sluice.job.incremental.BatchOutput} publishes each batch as a partition of the output.
 *
 * <p>May use: every room except the root and sql.
 */
package sluice.job.incremental;
