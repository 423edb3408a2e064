package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.model.ModelException;

/** A Reshape of axes: the same axes in the same order, cut into dimensions elsewhere. */
final class OnnxRegrouping {
    private final List<List<OnnxAxis>> before;
    private final List<OnnxAxis> axes;
    private int front; // axes that stand in dimensions on the left already
    private int back; // the same on the right, counted from the front

    OnnxRegrouping(List<List<OnnxAxis>> before) {
        this.before = before;
        this.axes = before.stream().flatMap(List::stream).toList();
        this.back = axes.size();
    }

    /**
     * The dimensions of a target shape: from the left and from the right, each takes the axes whose sizes make it up;
     * the one that is open (-1, or not known) takes the rest.
     *
     * @param zeroIsZero otherwise 0 stands for the dimension that was there
     * @throws ModelException where the axes don't make up the sizes
     */
    List<List<OnnxAxis>> to(List<OnnxSize> target, boolean zeroIsZero) {
        List<List<OnnxAxis>> after = new ArrayList<>();
        target.forEach(size -> after.add(List.of()));
        int open = open(target);
        for (int at = 0; at < (open < 0 ? target.size() : open); at++) {
            after.set(at, fromFront(wanted(target, at, zeroIsZero), target));
        }
        for (int at = target.size() - 1; open >= 0 && at > open; at--) {
            after.set(at, fromBack(wanted(target, at, zeroIsZero), target));
        }
        List<OnnxAxis> rest = axes.subList(front, back);
        if (open >= 0) {
            after.set(open, narrow(rest));
        } else if (rest.stream().anyMatch(axis -> axis.size() != 1)) {
            throw cant(target);
        } else if (!after.isEmpty()) {
            after.set(target.size() - 1, together(List.of(after.get(target.size() - 1), rest)));
        }
        return after;
    }

    /** Axes laid together in one dimension. */
    static List<OnnxAxis> together(List<List<OnnxAxis>> dimensions) {
        return narrow(dimensions.stream().flatMap(List::stream).toList());
    }

    /** Where there are others, steps or a batch of size 1 say nothing. */
    private static List<OnnxAxis> narrow(List<OnnxAxis> axes) {
        return axes.size() < 2
                ? List.copyOf(axes)
                : axes.stream()
                        .filter(axis -> axis.size() != 1 || !axis.isInput())
                        .toList();
    }

    private int open(List<OnnxSize> target) {
        int open = -1;
        for (int at = 0; at < target.size(); at++) {
            OnnxSize size = target.get(at);
            boolean isOpen = size.isNumber() ? size.number() == -1 : size.axes() == null;
            if (isOpen && open >= 0) {
                throw cant(target);
            }
            open = isOpen ? at : open;
        }
        return open;
    }

    private OnnxSize wanted(List<OnnxSize> target, int at, boolean zeroIsZero) {
        OnnxSize size = target.get(at);
        if (size.isNumber() && size.number() == 0 && !zeroIsZero && at < before.size()) {
            return new OnnxSize(false, -1, before.get(at));
        }
        return size;
    }

    private List<OnnxAxis> fromFront(OnnxSize size, List<OnnxSize> target) {
        int to = front;
        if (size.isNumber()) {
            long product = 1;
            while (to < back
                    && (product < size.number() || (to == front && axes.get(to).size() == 1))) {
                product = Math.multiplyExact(product, requireKnown(axes.get(to++), target));
            }
            requireEqual(product, size, target);
        } else {
            to = Math.min(back, front + size.axes().size());
            requireSame(axes.subList(front, to), size, target);
        }
        List<OnnxAxis> taken = narrow(axes.subList(front, to));
        front = to;
        return taken;
    }

    private List<OnnxAxis> fromBack(OnnxSize size, List<OnnxSize> target) {
        int from = back;
        if (size.isNumber()) {
            long product = 1;
            while (from > front
                    && (product < size.number()
                            || (from == back && axes.get(from - 1).size() == 1))) {
                product = Math.multiplyExact(product, requireKnown(axes.get(--from), target));
            }
            requireEqual(product, size, target);
        } else {
            from = Math.max(front, back - size.axes().size());
            requireSame(axes.subList(from, back), size, target);
        }
        List<OnnxAxis> taken = narrow(axes.subList(from, back));
        back = from;
        return taken;
    }

    private long requireKnown(OnnxAxis axis, List<OnnxSize> target) {
        if (axis.size() < 1) {
            throw cant(target);
        }
        return axis.size();
    }

    private void requireEqual(long product, OnnxSize size, List<OnnxSize> target) {
        if (product != size.number()) {
            throw cant(target);
        }
    }

    private void requireSame(List<OnnxAxis> found, OnnxSize size, List<OnnxSize> target) {
        if (!found.equals(size.axes())) {
            throw cant(target);
        }
    }

    private ModelException cant(List<OnnxSize> target) {
        return new ModelException(
                "%s to %s: expected a shape that keeps steps and batch apart from the rest".formatted(before, target));
    }
}
