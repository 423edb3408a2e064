/**
 * Publishes a scored table: {@link sluice.job.output.ScoredOutput} stages the rows, and commits them with the report and the bad rows.
 *
 * <p>{@link sluice.job.output.DirectoryOutput} writes files: Spark writes them into the staging directory of a
 * {@link sluice.job.output.StagedOutput}, and a journal moves them to the output. {@code TableOutput} writes a table of a catalog.
 * {@link sluice.job.output.PublishedTogether} is anything else that the same journal publishes.
 *
 * <p>May use the rooms report, column, input, source, settings, storage, message and fingerprint.
 */
package sluice.job.output;
