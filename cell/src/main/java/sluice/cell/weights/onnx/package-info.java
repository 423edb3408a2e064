/**
 * Reads ONNX models, {@link sluice.cell.weights.onnx.OnnxReader} is the face. An ONNX file holds a graph of operators.
 * {@code OnnxParser} reads the file, {@code OnnxInterpreter} evaluates the graph symbolically (it tracks the axes of
 * every value), and {@code OnnxStack} builds the layers.
 *
 * <p>Uses {@code sluice.cell.weights.file} and {@code sluice.cell.model}.
 */
package sluice.cell.weights.onnx;
