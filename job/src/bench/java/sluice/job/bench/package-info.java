/**
 * How fast the whole job is, on this machine: run by {@code job/bench}.
 *
 * <p>{@link sluice.job.bench.WholeJob} scores the same Parquet files with Sluice and with ONNX Runtime in {@code mapPartitions}, after
 * it has shown that they agree, row by row. {@link sluice.job.bench.ScaleCurves} shows how the cost grows, and {@link
 * sluice.job.bench.Soak} that nothing grows that should not.
 */
package sluice.job.bench;
