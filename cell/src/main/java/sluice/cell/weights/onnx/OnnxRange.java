package sluice.cell.weights.onnx;

import sluice.cell.model.ModelException;

/**
 * The indices that a Slice selects of an axis: {@code count} indices, starting at {@code first}, {@code step} apart.
 */
record OnnxRange(long first, long count, long step) {
    /** A slice end from this value on means the end of the axis: exporters write the largest int or long. */
    static final long TO_END = Integer.MAX_VALUE - 1;

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

    /** Classifies a slice of an axis of dynamic size: all, all in reverse, one index, or an unknown part. */
    static OnnxRange ofDynamic(long start, long end, long step) {
        boolean toEnd = step == 1 && end >= TO_END;
        boolean backward = step == -1 && (start == -1 || start >= TO_END) && end <= -TO_END;
        if (start == 0 && toEnd) {
            return new OnnxRange(0, TO_END, 1);
        }
        if (backward) {
            return new OnnxRange(TO_END - 1, TO_END, -1);
        }
        if (start == -1 && toEnd) {
            return new OnnxRange(-1, 1, 1);
        }
        if (step == 1 && start >= 0 && end == start + 1) {
            return new OnnxRange(start, 1, 1);
        }
        return new OnnxRange(start, 2, step); // an unknown part
    }

    boolean isAll(long size) {
        return first == 0 && count == size && (step == 1 || size <= 1);
    }

    boolean isReversal(long size) {
        return step == -1 && count == size && size > 1;
    }
}
