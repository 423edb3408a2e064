/**
 * Turns answers into the columns that are added to a table: {@link sluice.job.column.OutputColumns} has their schema and the values of a
 * row, {@link sluice.job.column.OutputSize} their size.
 *
 * <p>{@code ColumnRegistry} maps each output kind to its column, an {@code OutputColumn} that knows its type, metadata, value and size.
 * {@link sluice.job.column.ReasonColumn} is the column of a bad row's reason.
 *
 * <p>May use the rooms input, source, model, settings and message.
 */
package sluice.job.column;
