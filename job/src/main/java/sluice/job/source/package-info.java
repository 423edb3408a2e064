/**
 * Where the table's rows come from: files of a format that Spark reads, or a table of a catalog, with the columns that they have.
 *
 * <p>Face: {@link sluice.job.source.TableSource} reads the table so that columns that only pass through keep their values: it takes one
 * type for files of several, and leaves the text of partition values as it is. {@link sluice.job.source.ColumnPath} and
 * {@link sluice.job.source.ColumnNames} find columns by the names that users write.
 *
 * <p>May use: message, storage, settings.
 */
package sluice.job.source;
