/**
 * Readers of trained weights: each ends in an {@link sluice.cell.model.LstmModel} or in a sentence that says what is
 * wrong.
 *
 * <p>{@link sluice.cell.weights.ModelReader} looks at a file's first bytes and hands it to the reader of its format.
 * A reader of named tensors (safetensors, in one file or several, and PyTorch's checkpoints) knows where each tensor's
 * bytes are and nothing about LSTMs; {@code StateDict} knows PyTorch's names and nothing about files. ONNX is a graph and
 * no list of tensors: {@code OnnxParser} knows the file, {@code OnnxWalk} follows the axes of what flows through the graph,
 * and {@code OnnxStack} makes layers of what was found. A model file is not trusted: no length that it claims is believed
 * before it is compared with the file's own, nothing that it names is run, and whatever it holds, the failure is a {@link
 * sluice.cell.model.ModelException}.
 */
package sluice.cell.weights;
