/**
 * What a row holds: the steps of a sequence in each form that a column may have, or a reason why the row can't be scored.
 *
 * <p>Face: {@link sluice.job.row.SequenceForm} says how a column holds its sequences, {@link sluice.job.row.SequenceBounds} which of the
 * steps are scored. {@link sluice.job.row.RowDefect} is the reason of a bad row, and {@link sluice.job.row.UnreadableRow} carries it out of
 * the reading.
 *
 * <p>May use: vector, memory, message, settings.
 */
package sluice.job.row;
