/**
 * A writer of Parquet files that gives the bytes of Spark's writer. Lists of numbers, most of a scored table, are written directly to their
 * columns; Spark and Parquet pass every number through about five calls. The face is {@link sluice.job.parquet.NumberListFormat}.
 *
 * <p>May use the room fingerprint, and no other package of the job or of the cell.
 */
package sluice.job.parquet;
