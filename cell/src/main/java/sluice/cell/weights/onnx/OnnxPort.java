package sluice.cell.weights.onnx;

import java.util.List;

/**
 * An input or output of a graph.
 *
 * @param type null if the file gives no type, or an unknown one
 * @param axes null if the file has no shape
 */
record OnnxPort(String name, OnnxType type, List<Axis> axes) {
    /**
     * An axis of the shape in the file.
     *
     * @param name empty for an axis without a name; only axes of dynamic size have names
     * @param size -1 if dynamic
     */
    record Axis(String name, long size) {}

    /** Whether its numbers are integers. */
    boolean isWhole() {
        return type != null && type.isWhole();
    }
}
