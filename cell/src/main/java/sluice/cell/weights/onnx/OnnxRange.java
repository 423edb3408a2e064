package sluice.cell.weights.onnx;

import sluice.cell.model.ModelException;

/**
 * The indices that a Slice selects of an axis: {@code count} indices, starting at {@code first}, {@code step} apart.
 */
record OnnxRange(long first, long count, long step) {
    /** Applies the rules of the operator Slice: negative indices count from the end; indices out of range are clamped. */
    static OnnxRange of(long start, long end, long step, long size) {
        if (step == 0) {
            throw new ModelException("the step is 0, expected another number");
        }
        long lowest = step > 0 ? 0 : -1;
        long highest = step > 0 ? size : size - 1;
        long first = Math.max(lowest, Math.min(highest, start < 0 ? start + size : start));
        long last = Math.max(lowest, Math.min(highest, end < 0 ? end + size : end));
        long distance = step > 0 ? last - first : first - last;
        long stride = step == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(step);
        return new OnnxRange(first, distance <= 0 ? 0 : (distance - 1) / stride + 1, step);
    }

    boolean isAll(long size) {
        return first == 0 && count == size && (step == 1 || size <= 1);
    }

    boolean isReversal(long size) {
        return step == -1 && count == size && size > 1;
    }
}
