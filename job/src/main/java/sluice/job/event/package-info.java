/**
 * From events to sequences: a table of one row an event becomes a table of one sequence a key ({@code input.group-by}).
 *
 * <p>Face: {@link sluice.job.event.EventTable} groups the rows; {@link sluice.job.event.CachedSequences} keeps the sequences while a run
 * scans them, and counts the events. The events of a key are sorted by Spark and read as a stream, so a key of any length takes the memory
 * of the steps that are scored.
 *
 * <p>May use: message, settings, source, input.
 */
package sluice.job.event;
