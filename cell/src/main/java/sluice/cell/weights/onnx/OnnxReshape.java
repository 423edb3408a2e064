package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.model.ModelException;

/** Reshapes dimensions: the axes keep their order and are divided into other dimensions. */
final class OnnxReshape {
    private final List<List<OnnxAxis>> before;
    private final List<OnnxAxis> axes;
    private int front; // number of axes assigned from the left
    private boolean fixed; // whether a number of the target is the number of steps
    private int back; // index of the first axis assigned from the right

    OnnxReshape(List<List<OnnxAxis>> before) {
        this.before = before;
        this.axes = new ArrayList<>(before.stream().flatMap(List::stream).toList());
        this.back = axes.size();
    }

    /**
     * Divides the axes into the dimensions of a target shape. From the left and from the right, each dimension takes the
     * axes whose product is its size. The inferred dimension (-1, or an unknown size) takes the rest.
     *
     * @param zeroIsZero whether 0 is a size of 0; otherwise it copies the dimension at the same index
     * @throws ModelException if the sizes of the axes don't match
     */
    List<List<OnnxAxis>> to(List<OnnxSize> target, boolean zeroIsZero) {
        List<List<OnnxAxis>> after = new ArrayList<>();
        target.forEach(size -> after.add(List.of()));
        int inferred = inferred(target);
        for (int at = 0; at < (inferred < 0 ? target.size() : inferred); at++) {
            after.set(at, fromFront(wanted(target, at, zeroIsZero), target));
        }
        for (int at = target.size() - 1; inferred >= 0 && at > inferred; at--) {
            after.set(at, fromBack(wanted(target, at, zeroIsZero), target));
        }
        List<OnnxAxis> rest = axes.subList(front, back);
        if (inferred >= 0) {
            // Steps are that number only if the inferred size is that of other axes, and of all of them.
            boolean isKnown = !rest.isEmpty() && rest.stream().allMatch(axis -> axis.size() > 0 && !axis.isInput());
            if (fixed && !isKnown) {
                throw unsupported(target);
            }
            after.set(inferred, withoutUnitAxes(rest));
        } else if (rest.stream().anyMatch(axis -> axis.size() != 1)) {
            throw unsupported(target);
        } else if (!after.isEmpty()) {
            after.set(target.size() - 1, merged(List.of(after.get(target.size() - 1), rest)));
        }
        return after;
    }

    /** Merges dimensions into one. */
    static List<OnnxAxis> merged(List<List<OnnxAxis>> dimensions) {
        return withoutUnitAxes(dimensions.stream().flatMap(List::stream).toList());
    }

    /** Removes steps or a batch of size 1, if there are other axes. */
    private static List<OnnxAxis> withoutUnitAxes(List<OnnxAxis> axes) {
        return axes.size() < 2
                ? List.copyOf(axes)
                : axes.stream()
                        .filter(axis -> axis.size() != 1 || !axis.isInput())
                        .toList();
    }

    private int inferred(List<OnnxSize> target) {
        int inferred = -1;
        for (int at = 0; at < target.size(); at++) {
            OnnxSize size = target.get(at);
            boolean isInferred = size.isNumber() ? size.number() == -1 : size.axes() == null;
            if (isInferred && inferred >= 0) {
                throw unsupported(target);
            }
            inferred = isInferred ? at : inferred;
        }
        return inferred;
    }

    private OnnxSize wanted(List<OnnxSize> target, int at, boolean zeroIsZero) {
        OnnxSize size = target.get(at);
        if (size.isNumber() && size.number() == 0 && !zeroIsZero && at < before.size()) {
            return OnnxSize.ofAxes(before.get(at));
        }
        return size;
    }

    private List<OnnxAxis> fromFront(OnnxSize size, List<OnnxSize> target) {
        int to = front;
        if (size.isNumber() && size.number() > 1 && isFixedByShape()) {
            to++;
            fixed = true;
        } else if (size.isNumber()) {
            splitLayers(front, size.number(), true);
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
        List<OnnxAxis> taken = withoutUnitAxes(axes.subList(front, to));
        front = to;
        return taken;
    }

    /**
     * Whether the first axis is the steps, of dynamic size, which a number in the target shape fixes: the graph then runs with
     * that number of steps only. PyTorch writes {@code view(len(x), 1, -1)} so.
     */
    private boolean isFixedByShape() {
        return front == 0
                && back > 0
                && axes.get(0).size() < 0
                && (axes.get(0).role() == OnnxAxis.Role.UNASSIGNED
                        || axes.get(0).role() == OnnxAxis.Role.STEPS)
                && before.get(0).size() == 1;
    }

    private List<OnnxAxis> fromBack(OnnxSize size, List<OnnxSize> target) {
        int from = back;
        if (size.isNumber()) {
            if (back > front && splitLayers(back - 1, size.number(), false)) {
                from = ++back;
            }
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
        List<OnnxAxis> taken = withoutUnitAxes(axes.subList(from, back));
        back = from;
        return taken;
    }

    /**
     * Divides the directions of several layers, as PyTorch gives them in {@code h_n}, into layers and directions.
     *
     * @param at index of the axis
     * @param wanted the size of the outer axis, or of the inner one
     */
    private boolean splitLayers(int at, long wanted, boolean isOuter) {
        if (at >= back || axes.get(at).role() != OnnxAxis.Role.DIRECTIONS) {
            return false;
        }
        long size = axes.get(at).size();
        if (wanted < 2 || wanted >= size || size % wanted != 0) {
            return false;
        }
        long layers = isOuter ? wanted : size / wanted;
        axes.set(at, OnnxAxis.of(OnnxAxis.Role.LAYERS, layers));
        axes.add(at + 1, OnnxAxis.of(OnnxAxis.Role.DIRECTIONS, size / layers));
        back += isOuter ? 1 : 0;
        return true;
    }

    private long requireKnown(OnnxAxis axis, List<OnnxSize> target) {
        if (axis.size() < 1) {
            throw unsupported(target);
        }
        return axis.size();
    }

    private void requireEqual(long product, OnnxSize size, List<OnnxSize> target) {
        if (product != size.number()) {
            throw unsupported(target);
        }
    }

    private void requireSame(List<OnnxAxis> found, OnnxSize size, List<OnnxSize> target) {
        if (!size.isOf(found)) {
            throw unsupported(target);
        }
    }

    private ModelException unsupported(List<OnnxSize> target) {
        return new ModelException(
                "reshapes (%s) to %s: expected a shape that keeps steps, batch and hidden units apart; in PyTorch, swap axes by transpose, reshape h_n only to (layers, directions, batch, H), and select the last step by h[:, -1]"
                        .formatted(OnnxAxis.listAll(before), OnnxSize.list(target)));
    }
}
