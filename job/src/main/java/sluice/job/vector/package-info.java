/**
 * Vectors of Spark's ML library as lists of numbers.
 *
 * <p>Face: {@link sluice.job.vector.VectorType} says whether a column holds vectors, {@link sluice.job.vector.VectorNumbers} reads one. Only
 * {@code MlVectors} uses the library's classes, and it is loaded when there is a vector, so that the job also runs without the library.
 *
 * <p>Uses no other room.
 */
package sluice.job.vector;
