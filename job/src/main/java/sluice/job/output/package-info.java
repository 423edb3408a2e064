/**
 * Writes answers: {@link sluice.job.output.OutputColumns} turns an answer into the added columns of a row, and
 * {@link sluice.job.output.ScoredOutput} stages the scored table and publishes it, with its report and its bad rows.
 *
 * <p>{@code ColumnRegistry} maps each output kind to its column. {@link sluice.job.output.DirectoryOutput} writes files: Spark writes them
 * into the hidden directory of a {@link sluice.job.output.StagedOutput}, and a journal moves them to their place. {@code TableOutput}
 * writes a table of a catalog. {@link sluice.job.output.PublishedTogether} is anything else that the same journal publishes.
 *
 * <p>May use the rooms report, input, model, settings, storage and message.
 */
package sluice.job.output;
