/**
 * How fast the cell is, on this machine: run by {@code cell/bench}.
 *
 * <p>{@link sluice.cell.bench.Comparison} scores the same sequences with Sluice and with ONNX Runtime, in turns, after it has
 * shown that they agree. {@link sluice.cell.bench.StepTable} measures the kernel alone against what the processor could do.
 */
package sluice.cell.bench;
