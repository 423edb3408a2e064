/**
 * The input table: turn each row into a sequence for the model or into a reason why the row cannot be scored.
 *
 * <p>Face: on the driver, {@link sluice.job.input.InputTable} is the table and {@link sluice.job.input.InputPlan} says how its columns
 * become what the model reads. In the tasks, {@link sluice.job.input.InputRow} reads a row, by means of
 * {@link sluice.job.input.SequenceReader}, and returns a sequence or a {@link sluice.job.row.RowDefect}.
 *
 * <p>May use: message, settings, model, source, row.
 */
package sluice.job.input;
