/**
 * The Spark job's command line: {@link sluice.job.Main} and {@link sluice.job.ScoreCommand}. It may use all rooms but {@code sql}, the other
 * entry point.
 *
 * <p>A run: {@code settings} checks what was asked; {@code model} reads the model on the driver; {@code task} checks the table's schema
 * against it (by {@code input}) and broadcasts both; each task turns rows into sequences, scores them in batches and returns the rows with
 * new columns (by {@code output}), which are written to a staging directory and published (by {@code storage}) with a {@code report}.
 * {@code state} carries LSTM states by key to the next run. {@code run} and {@code incremental} assemble these.
 */
package sluice.job;
