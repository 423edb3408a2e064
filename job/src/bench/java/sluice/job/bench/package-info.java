/**
 * Benchmarks of the whole job on this machine, run by {@code job/bench}.
 *
 * <p>{@link sluice.job.bench.WholeJob} scores the same Parquet files with Sluice and with ONNX Runtime in {@code mapPartitions}, after
 * it has checked that they agree row by row. {@link sluice.job.bench.ScaleCurves} measures how the cost grows, and {@link
 * sluice.job.bench.Soak} checks that repeated runs leak nothing.
 */
package sluice.job.bench;
