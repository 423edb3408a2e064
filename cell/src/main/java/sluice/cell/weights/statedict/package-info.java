/**
 * Interprets PyTorch's tensor names: which tensors are the embedding, the LSTMs and the output layer. Every other tensor is explained, or
 * the file is rejected.
 *
 * <p>{@link sluice.cell.weights.statedict.StateDict} reads a model from any {@link sluice.cell.weights.statedict.TensorSource} and knows
 * nothing about files. {@link sluice.cell.weights.statedict.StateDictWriter} writes any model as such tensors, with a {@code
 * ModelDescription} for properties that PyTorch's names cannot express.
 *
 * <p>Uses {@code sluice.cell.model} and {@code sluice.cell.weights.file} only.
 */
package sluice.cell.weights.statedict;
