package sluice.cell.weights.onnx;

/**
 * An input or output of a graph.
 *
 * @param dimensions sizes of the axes, -1 if dynamic; null if the file has no shape
 */
record OnnxPort(String name, long[] dimensions) {}
