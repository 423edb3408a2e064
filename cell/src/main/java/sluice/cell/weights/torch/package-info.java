/**
 * PyTorch's state dicts: named tensors in safetensors files, whole or in shards, and in checkpoints.
 *
 * <p>A reader of tensors knows where each tensor's bytes are and nothing about LSTMs; {@code StateDict} knows PyTorch's
 * names and nothing about files.
 */
package sluice.cell.weights.torch;
