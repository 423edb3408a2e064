package sluice.cell.weights.onnx;

import java.util.List;

/**
 * A size that a graph computes: a number, the product of the sizes of axes, or unknown.
 *
 * @param isNumber whether the size is {@code number}
 * @param axes null if the size is a number or unknown
 */
record OnnxSize(boolean isNumber, long number, List<OnnxAxis> axes) {
    static OnnxSize of(long number) {
        return new OnnxSize(true, number, null);
    }

    static OnnxSize of(List<OnnxAxis> axes) {
        long product = 1;
        for (OnnxAxis axis : axes) {
            if (axis.isInput() || axis.size() < 0) {
                return new OnnxSize(false, -1, axes);
            }
            product = Math.multiplyExact(product, axis.size());
        }
        return of(product);
    }

    static OnnxSize unknown() {
        return new OnnxSize(false, -1, null);
    }

    @Override
    public String toString() {
        return isNumber ? Long.toString(number) : axes == null ? "?" : axes.toString();
    }
}
