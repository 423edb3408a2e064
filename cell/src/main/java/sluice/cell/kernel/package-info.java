/**
 * The arithmetic of the engine: packed weights, the fused step, linear maps, the softmax, and the exponential that all of them use. May
 * use {@code model} only.
 *
 * <h2>Reproducible bits</h2>
 *
 * <p>Each {@link sluice.cell.kernel.Kernel} gives the same bits, because the order of operations behind a number is fixed for all
 * kernels:
 *
 * <ul>
 *   <li>A pre-activation is one chain of fused multiply-adds. It starts at the bias, runs over the input in order of its index,
 *       then over the hidden state. A logit starts at its bias and runs over the hidden state. Lanes of a vector run over
 *       <em>outputs</em>, never over the terms of a sum, so neither the vector width, nor the other rows, nor a row's
 *       place in a tile changes an order of summation.
 *   <li>{@link sluice.cell.kernel.GateFunctions} is a polynomial with a fixed order of operations. Library functions may differ between
 *       JVMs and are not used.
 *   <li>Variant cells use the same pre-activations; all kernels share the equations after them,
 *       {@link sluice.cell.kernel.VariantEquations}.
 *   <li>A softmax is computed in blocks of {@value sluice.cell.kernel.Softmax#BLOCK} columns. Each block has its own maximum and a
 *       sum over {@value sluice.cell.kernel.Softmax#LANES} lanes, added up in a fixed tree; blocks are combined in order.
 * </ul>
 *
 * <p>Nothing here checks its arguments. {@code sluice.cell.engine.CompiledModel} proves for each model that no chain can overflow
 * float32, and {@code sluice.cell.SequenceRules} check that the values of a batch are finite and in range.
 */
package sluice.cell.kernel;
