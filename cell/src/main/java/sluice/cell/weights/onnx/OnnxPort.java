package sluice.cell.weights.onnx;

/**
 * An input or output of a graph.
 *
 * @param dimensions what it says of its axes, -1 for those whose size is open; null where it says nothing
 */
record OnnxPort(String name, long[] dimensions) {}
