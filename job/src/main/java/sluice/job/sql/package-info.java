/**
 * SQL functions and procedures: {@link sluice.job.sql.SluiceCatalog}, a catalog that any client of Spark SQL can call. It is one of the two
 * entry points; the other is the command line.
 *
 * <p>May use every other room. No room uses it.
 */
package sluice.job.sql;
