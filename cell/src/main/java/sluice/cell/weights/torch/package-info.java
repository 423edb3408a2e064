/**
 * PyTorch's state dicts: named tensors in safetensors files, whole or in shards, and in checkpoints.
 *
 * <p>A reader of tensors knows where each tensor's bytes are and nothing about LSTMs; {@code StateDict} knows PyTorch's
 * names and nothing about files. {@link sluice.cell.weights.torch.StateDictWriter} writes a model of any origin as such a file, with
 * a {@code ModelDescription} where PyTorch's names can't say what it is.
 */
package sluice.cell.weights.torch;
