/**
 * The arithmetic of the engine: packed weights, the fused step, linear maps, the softmax, and the one exponential they all use.
 *
 * <h2>Bits that do not move</h2>
 *
 * <p>Every {@link sluice.cell.kernel.Kernel} gives the same bits, because what a number is made of is fixed here and not by the
 * kernel:
 *
 * <ul>
 *   <li>A pre-activation is one chain of fused multiply-adds: it starts at the bias, runs over the input in order of its index,
 *       then over the hidden state. A logit starts at its bias and runs over the hidden state. Lanes of a vector run over
 *       <em>outputs</em>, never over the terms of a sum, so neither the width of a vector, nor a row's neighbours, nor its
 *       place in a tile can change an order of summation.
 *   <li>{@link sluice.cell.kernel.GateFunctions} is one polynomial with a fixed order of operations; no library function, which
 *       may differ from one virtual machine to the next.
 *   <li>Cells other than the plain one take the same pre-activations; what they make of them is written once, for all kernels, in
 *       {@link sluice.cell.kernel.VariantEquations}.
 *   <li>A softmax is taken in blocks of {@value sluice.cell.kernel.Softmax#BLOCK} columns. Each has its own maximum and a sum over
 *       {@value sluice.cell.kernel.Softmax#LANES} lanes that are added up in a fixed tree; blocks are combined in their order.
 * </ul>
 *
 * <p>Nothing here checks its arguments: {@link sluice.cell.engine.CompiledModel} has shown, before a kernel sees a model, that no chain
 * can overflow float32, and batches have shown that their numbers are finite and in range.
 */
package sluice.cell.kernel;
