/**
 * Benchmarks of the cell on this machine, run by {@code cell/bench}.
 *
 * <p>{@link sluice.cell.bench.Comparison} scores the same sequences with Sluice and with ONNX Runtime alternately, after it has
 * checked that they agree. {@link sluice.cell.bench.OnlineRace} does the same for one sequence at a time.
 * {@link sluice.cell.bench.StepTable} measures the kernel alone against the processor's peak.
 */
package sluice.cell.bench;
