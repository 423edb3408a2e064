package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A tensor filled with one number. Exporters create initial states this way.
 *
 * @param sizes its shape; null if unknown
 */
record OnnxFill(float number, List<OnnxSize> sizes) implements OnnxShapeless {
    @Override
    public String describe() {
        return "a tensor filled with " + number + (sizes == null ? "" : " of shape " + OnnxSize.list(sizes));
    }

    private OnnxFill with(List<OnnxSize> other) {
        return new OnnxFill(number, other);
    }

    /** The sizes, if they can be changed at these indices of a tensor with {@code more} additional axes. */
    private Optional<List<OnnxSize>> changeable(int more, long... axes) {
        if (sizes == null) {
            return Optional.empty();
        }
        for (long axis : axes) {
            OnnxValue.axis(axis, sizes.size() + more);
        }
        return Optional.of(new ArrayList<>(sizes));
    }

    @Override
    public OnnxFill transpose(int[] order) {
        if (sizes == null || order.length != sizes.size()) {
            return with(null);
        }
        List<OnnxSize> moved = new ArrayList<>();
        for (int from : order) {
            moved.add(sizes.get(from));
        }
        return with(moved);
    }

    @Override
    public OnnxFill unsqueeze(long[] axes) {
        return with(changeable(axes.length, axes)
                .map(more -> {
                    Arrays.stream(axes)
                            .mapToInt(axis -> OnnxValue.axis(axis, sizes.size() + axes.length))
                            .sorted()
                            .forEach(at -> more.add(Math.min(at, more.size()), OnnxSize.of(1)));
                    return more;
                })
                .orElse(null));
    }

    @Override
    public OnnxFill squeeze(long[] axes) {
        if (axes == null) {
            return with(null);
        }
        return with(changeable(0, axes)
                .map(fewer -> {
                    Arrays.stream(axes)
                            .mapToInt(axis -> OnnxValue.axis(axis, sizes.size()))
                            .distinct()
                            .boxed()
                            .sorted(Comparator.reverseOrder())
                            .forEach(at -> fewer.remove(at.intValue()));
                    return fewer;
                })
                .orElse(null));
    }

    @Override
    public OnnxFill reshape(List<OnnxSize> target, boolean zeroIsZero) {
        boolean isKnown = target.stream().allMatch(size -> size.isNumber() ? size.number() > 0 : size.axes() != null);
        return with(isKnown ? target : null);
    }

    @Override
    public OnnxFill flatten(long axis) {
        return with(null);
    }

    @Override
    public OnnxFill slice(long axis, long start, long end, long step) {
        return with(changeable(0, axis)
                .map(cut -> {
                    int at = OnnxValue.axis(axis, cut.size());
                    OnnxSize size = cut.get(at);
                    cut.set(
                            at,
                            size.isNumber()
                                    ? OnnxSize.of(OnnxRange.of(start, end, step, size.number())
                                            .count())
                                    : OnnxSize.unknown());
                    return cut;
                })
                .orElse(null));
    }

    @Override
    public OnnxFill gather(long axis, OnnxArray indices) {
        return with(changeable(0, axis)
                .map(taken -> {
                    int at = OnnxValue.axis(axis, taken.size());
                    taken.remove(at);
                    if (indices.shape().rank() > 0) {
                        taken.add(at, OnnxSize.of(indices.shape().values()));
                    }
                    return taken;
                })
                .orElse(null));
    }

    /** Concatenates tensors that are filled with the same number. */
    static OnnxFill concatenated(List<OnnxFill> fills, long axis) {
        OnnxFill first = fills.get(0);
        if (fills.stream().anyMatch(fill -> fill.sizes == null || fill.sizes.size() != first.sizes.size())) {
            return first.with(null);
        }
        int at = OnnxValue.axis(axis, first.sizes.size());
        long sum = 0;
        boolean isKnown = true;
        for (OnnxFill fill : fills) {
            isKnown &= fill.sizes.get(at).isNumber();
            sum = Math.addExact(sum, fill.sizes.get(at).number());
        }
        List<OnnxSize> joined = new ArrayList<>(first.sizes);
        joined.set(at, isKnown ? OnnxSize.of(sum) : OnnxSize.unknown());
        return first.with(joined);
    }
}
