package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A size that a graph computes: a number, the product of the sizes of axes plus a number, or unknown.
 *
 * @param isNumber whether the size is {@code number}
 * @param number the number, or what is added to the sizes of the axes: {@code h[:, h.size(1) - 1]} has -1
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
                return ofAxes(axes);
            }
            product = Math.multiplyExact(product, axis.size());
        }
        return of(product);
    }

    static OnnxSize ofAxes(List<OnnxAxis> axes) {
        return new OnnxSize(false, 0, axes);
    }

    static OnnxSize unknown() {
        return new OnnxSize(false, 0, null);
    }

    /** Whether it is exactly the size of these axes. */
    boolean isOf(List<OnnxAxis> other) {
        return axes != null && number == 0 && axes.equals(other);
    }

    /** The number, where a size of the batch counts as 1: the file then scores one sequence at a time. */
    Optional<Long> forOneSequence() {
        if (isNumber) {
            return Optional.of(number);
        }
        boolean isBatch = axes != null && axes.stream().allMatch(axis -> axis.role() == OnnxAxis.Role.BATCH);
        return isBatch ? Optional.of(1 + number) : Optional.empty();
    }

    /** This size plus a number. */
    OnnxSize plus(long addend) {
        return isNumber || axes != null ? new OnnxSize(isNumber, Math.addExact(number, addend), axes) : this;
    }

    @Override
    public String toString() {
        if (isNumber || axes == null) {
            return isNumber ? Long.toString(number) : "?";
        }
        String product = "the size of " + OnnxAxis.list(axes);
        return number == 0 ? product : String.format(Locale.ROOT, "%s %+d", product, number);
    }

    /** Sizes in messages: {@code (2, the size of the batch, 12)}. */
    static String list(List<OnnxSize> sizes) {
        return sizes.stream().map(OnnxSize::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}
