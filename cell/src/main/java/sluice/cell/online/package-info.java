/**
 * The scorer in a service: one sequence at a time, without Spark.
 *
 * <p>{@link sluice.cell.online.Scorer} is a face over the engine that also scores tables, so an answer has the bits that the job writes
 * for the same sequence. May use all other packages; none uses it.
 */
package sluice.cell.online;
