/**
 * Reads and writes PyTorch state dicts: named tensors in safetensors files, single or sharded, and in checkpoints.
 *
 * <p>A {@code TensorSource} finds the bytes of each tensor and knows nothing about LSTMs. {@code StateDict} interprets
 * PyTorch's tensor names and knows nothing about files. {@link sluice.cell.weights.torch.StateDictWriter} writes any
 * model as such a file, with a {@code ModelDescription} for properties that PyTorch's names cannot express.
 *
 * <p>Uses {@code sluice.cell.model} and {@code sluice.cell.weights.file} only.
 */
package sluice.cell.weights.torch;
