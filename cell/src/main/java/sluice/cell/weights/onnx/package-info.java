/**
 * ONNX models, which are graphs and no lists of tensors: {@code OnnxParser} knows the file, {@code OnnxWalk} follows the
 * axes of what flows through the graph, and {@code OnnxStack} makes layers of what was found.
 */
package sluice.cell.weights.onnx;
