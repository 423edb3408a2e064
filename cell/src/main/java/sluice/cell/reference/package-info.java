/**
 * The reference implementation: the LSTM's equations in float64 on Breeze matrices, one sequence at a time. Tests compare the engine
 * with it.
 *
 * <p>{@link sluice.cell.reference.LstmCell} is the class to read first. This package is not fast and shares no code with the kernels,
 * so that a bug in one shows against the other. May use {@code model} only; no other package may use Breeze.
 */
package sluice.cell.reference;
