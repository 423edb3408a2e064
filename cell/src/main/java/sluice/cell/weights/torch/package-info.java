/**
 * Finds the tensors in files of PyTorch: safetensors files, single or sharded, and checkpoints. It knows nothing about LSTMs: {@link
 * sluice.cell.weights.statedict.StateDict} interprets the names of the tensors.
 *
 * <p>Uses {@code sluice.cell.weights.statedict}, {@code sluice.cell.weights.file} and {@code sluice.cell.model} only.
 */
package sluice.cell.weights.torch;
