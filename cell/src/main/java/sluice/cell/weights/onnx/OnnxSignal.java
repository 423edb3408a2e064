package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;
import sluice.cell.weights.onnx.OnnxContent.DerivedInput;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Raw;
import sluice.cell.weights.onnx.OnnxContent.RowOrder;

/**
 * A value that depends on a graph input: its content and its axes.
 *
 * @param dimensions for each dimension, the axes merged in it, outermost first; no axes if its size is 1; null for a
 *     {@link DerivedInput}
 * @param flipped the axis that is reversed, or null
 */
record OnnxSignal(List<List<OnnxAxis>> dimensions, OnnxContent content, OnnxAxis flipped) implements OnnxValue {
    OnnxSignal {
        if (dimensions != null && dimensions.size() > OnnxArray.MAX_RANK) {
            throw new ModelException(String.format(
                    Locale.ROOT, "%d dimensions, expected at most %d", dimensions.size(), OnnxArray.MAX_RANK));
        }
    }

    /** A graph input. */
    static OnnxSignal of(OnnxPort input) {
        if (input.axes() == null) {
            return new OnnxSignal(
                    null,
                    new DerivedInput(
                            input.name(), "the file has no shape for it; export it with the shapes of its inputs"),
                    null);
        }
        List<List<OnnxAxis>> axes = new ArrayList<>();
        for (int at = 0; at < input.axes().size(); at++) {
            axes.add(List.of(OnnxAxis.ofInput(input.name(), at, input.axes().get(at))));
        }
        return new OnnxSignal(
                axes, new Raw(input.name(), input.isWhole() ? Raw.Numbers.WHOLE : Raw.Numbers.REAL), null);
    }

    @Override
    public String describe() {
        return isDerivedInput() ? content.describe() : content.describe() + " (" + OnnxAxis.listAll(dimensions) + ")";
    }

    int rank() {
        return dimensions.size();
    }

    /** Whether it is a {@link DerivedInput}, which can only be an initial state. */
    boolean isDerivedInput() {
        return content instanceof DerivedInput;
    }

    /** The same axes with other content. */
    OnnxSignal with(OnnxContent other) {
        return new OnnxSignal(dimensions, other, flipped);
    }

    private OnnxSignal with(List<List<OnnxAxis>> other) {
        return new OnnxSignal(other, content, flipped);
    }

    /**
     * Applies an operator. For a raw input, a failure is not thrown but recorded as a {@link DerivedInput}: the input may be
     * an initial state, and is rejected only if it is scored.
     */
    private OnnxSignal apply(String operation, Supplier<OnnxSignal> result) {
        if (isDerivedInput()) {
            return this;
        }
        if (!(content instanceof Raw raw)) {
            return result.get();
        }
        try {
            return result.get();
        } catch (ModelException e) {
            return new OnnxSignal(
                    null, new DerivedInput(raw.input(), "it is " + operation + ": " + e.getMessage()), null);
        }
    }

    @Override
    public OnnxSignal transpose(int[] order) {
        return apply("transposed", () -> {
            List<List<OnnxAxis>> moved = new ArrayList<>();
            if (Arrays.stream(order).distinct().count() != rank() || order.length != rank()) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "the order is %s for %d dimensions, expected each dimension once",
                        Arrays.toString(order),
                        rank()));
            }
            for (int from : order) {
                moved.add(dimensions.get(OnnxValue.axis(from, rank())));
            }
            return with(moved);
        });
    }

    @Override
    public OnnxSignal unsqueeze(long[] axes) {
        return apply("unsqueezed", () -> {
            List<List<OnnxAxis>> more = new ArrayList<>(dimensions);
            long[] indices = Arrays.stream(axes)
                    .map(axis -> OnnxValue.axis(axis, rank() + axes.length))
                    .sorted()
                    .toArray();
            for (long index : indices) {
                if (index > more.size()) {
                    throw new ModelException(
                            "the axes are %s, expected different ones".formatted(Arrays.toString(axes)));
                }
                more.add((int) index, List.of());
            }
            return with(more);
        });
    }

    @Override
    public OnnxSignal squeeze(long[] axes) {
        return apply("squeezed", () -> {
            boolean[] isRemoved = new boolean[rank()];
            if (axes == null) {
                for (int at = 0; at < rank(); at++) {
                    isRemoved[at] = size(at) == 1;
                }
            } else {
                Arrays.stream(axes).forEach(axis -> isRemoved[OnnxValue.axis(axis, rank())] = true);
            }
            List<List<OnnxAxis>> remaining = new ArrayList<>();
            for (int at = 0; at < rank(); at++) {
                if (!isRemoved[at]) {
                    remaining.add(dimensions.get(at));
                } else if (!canSqueeze(at)) {
                    throw new ModelException(String.format(
                            Locale.ROOT,
                            "axis %d is %s, expected an axis of size 1",
                            at,
                            OnnxAxis.list(dimensions.get(at))));
                }
            }
            return with(remaining);
        });
    }

    /** Whether a dimension can be squeezed. A batch of any size can: the file then scores one sequence at a time. */
    private boolean canSqueeze(int at) {
        return size(at) == 1 || dimensions.get(at).stream().allMatch(axis -> axis.role() == Role.BATCH);
    }

    /** The size, or -1 if dynamic. */
    private long size(int at) {
        long size = 1;
        for (OnnxAxis axis : dimensions.get(at)) {
            if (axis.size() < 0) {
                return -1;
            }
            size = Math.multiplyExact(size, axis.size());
        }
        return size;
    }

    @Override
    public OnnxSignal reshape(List<OnnxSize> target, boolean zeroIsZero) {
        return apply("reshaped", () -> with(new OnnxReshape(dimensions).to(target, zeroIsZero)));
    }

    @Override
    public OnnxSignal flatten(long axis) {
        return apply("flattened", () -> {
            int split = axis == rank() ? rank() : OnnxValue.axis(axis, rank());
            return with(List.of(
                    OnnxReshape.merged(dimensions.subList(0, split)),
                    OnnxReshape.merged(dimensions.subList(split, rank()))));
        });
    }

    @Override
    public OnnxSignal slice(long axis, long start, long end, long step) {
        return apply("sliced", () -> {
            int at = OnnxValue.axis(axis, rank());
            long size = size(at);
            OnnxRange range = size < 0 ? OnnxRange.ofDynamic(start, end, step) : OnnxRange.of(start, end, step, size);
            long length = size < 0 ? OnnxRange.TO_END : size;
            if (range.isAll(length)) {
                return this;
            }
            List<OnnxAxis> axes = selectable(at);
            if (axes.size() == 1 && axes.get(0).isInput()) {
                if (range.isReversal(length)) {
                    return flip(axes.get(0));
                }
                if (range.count() == 1) {
                    return selectStep(
                            at, range.first() == length - 1 || range.first() == -1 ? -1 : range.first(), true);
                }
                throw new ModelException(
                        "selects only some of %s, expected all or the last one; in PyTorch, select the last step by h[:, -1]"
                                .formatted(axes.get(0)));
            }
            return OnnxDirections.selected(this, at, range);
        });
    }

    @Override
    public OnnxSignal gather(long axis, OnnxArray indices) {
        return apply("gathered from", () -> {
            int at = OnnxValue.axis(axis, rank());
            List<OnnxAxis> axes = selectable(at);
            boolean keep = indices.shape().rank() == 1;
            if (indices.shape().rank() > 1 || indices.shape().values() < 1) {
                throw new ModelException(
                        "selects by %s, expected an index or a vector of indices".formatted(indices.describe()));
            }
            if (axes.size() == 1 && axes.get(0).isSelection()) {
                OnnxSignal taken = OnnxDirections.selected(this, at, indices.longs());
                return keep ? taken : taken.squeeze(new long[] {at});
            }
            long index = indices.singleLong();
            if (axes.isEmpty() && (index == 0 || index == -1)) {
                return keep ? this : squeeze(new long[] {at});
            }
            if (axes.size() == 1 && axes.get(0).isInput()) {
                boolean isLast = index >= 0 && index == axes.get(0).size() - 1;
                return selectStep(at, isLast ? -1 : index, keep);
            }
            throw new ModelException(
                    String.format(Locale.ROOT, "selects index %d of %s, expected all", index, OnnxAxis.list(axes)));
        });
    }

    /** The axes of a dimension without a single class: {@code fc(out).view(batch, -1)} has one number a step. */
    private List<OnnxAxis> selectable(int at) {
        List<OnnxAxis> axes = dimensions.get(at);
        List<OnnxAxis> others = axes.stream()
                .filter(axis -> axis.role() != Role.CLASSES || axis.size() != 1)
                .toList();
        return others.isEmpty() ? axes : others;
    }

    /** The sequences of the batch in another order: nothing changes for each of them. */
    OnnxSignal reordered(long axis) {
        if (isDerivedInput()) {
            return this;
        }
        List<OnnxAxis> axes = dimensions.get(OnnxValue.axis(axis, rank()));
        if (axes.size() != 1 || !axes.get(0).isInput()) {
            throw new ModelException("puts %s into another order, expected the batch".formatted(OnnxAxis.list(axes)));
        }
        axes.get(0).assign(Role.BATCH);
        return this;
    }

    /** Reverses an axis. */
    OnnxSignal flip(OnnxAxis axis) {
        if (flipped != null && flipped != axis) {
            throw new ModelException("reversed along %s and along %s, expected one of them".formatted(flipped, axis));
        }
        return new OnnxSignal(dimensions, content, flipped == axis ? null : axis);
    }

    /** @param index counted from the front, or -1 for the last */
    private OnnxSignal selectStep(int at, long index, boolean keep) {
        OnnxAxis axis = dimensions.get(at).get(0);
        List<List<OnnxAxis>> remaining = new ArrayList<>(dimensions);
        remaining.remove(at);
        if (keep) {
            remaining.add(at, List.of());
        }
        if (axis.role() == Role.BATCH && (index == 0 || index == -1)) {
            return with(remaining);
        }
        if (axis.role() != Role.STEPS || (index != 0 && index != -1)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "selects index %d of %s, expected all steps or the last one; in PyTorch, select the last step by h[:, -1]",
                    index,
                    axis));
        }
        boolean last = (index == -1) != (flipped == axis);
        return new OnnxSignal(remaining, atStep(last ? At.LAST : At.FIRST), flipped == axis ? null : flipped);
    }

    private OnnxContent atStep(At at) {
        if (content instanceof Hidden hidden) {
            return hidden.at(at);
        }
        if (content instanceof ClassScores scores) {
            return new ClassScores(scores.linear().above(scores.linear().below().at(at)), scores.form());
        }
        throw new ModelException("selects one step of %s, expected all steps".formatted(content.describe()));
    }

    /** The axis of directions; none for a single direction. */
    static List<OnnxAxis> directionAxes(int directions) {
        return directions == 1 ? List.of() : List.of(OnnxAxis.of(Role.DIRECTIONS, directions));
    }

    /**
     * Casts to integers or floats.
     *
     * @throws ModelException if that leaves out fractions of a value that is not one of an input
     */
    @Override
    public OnnxSignal cast(boolean toInteger) {
        boolean isWhole = isDerivedInput()
                || content instanceof OneHot
                || content instanceof RowOrder
                || (content instanceof ClassScores scores && scores.form() == ClassScores.Form.ARGMAX);
        if (!toInteger || isWhole) {
            return this;
        }
        if (content instanceof Raw raw) {
            return with(raw.toWhole());
        }
        throw new ModelException(
                "casts %s to integers, which leaves out the fractions, expected floats; export the model without this cast"
                        .formatted(content.describe()));
    }

    @Override
    public OnnxSizes shape() {
        if (isDerivedInput()) {
            throw unsupported("asked for its shape");
        }
        return new OnnxSizes(dimensions.stream().map(OnnxSize::of).toList(), false);
    }

    @Override
    public long axisSize(long axis) {
        return isDerivedInput() ? -1 : size(OnnxValue.axis(axis, rank()));
    }

    /** Whether two signals have the same axes and can be combined element by element. */
    boolean matches(OnnxSignal other) {
        boolean equal =
                !isDerivedInput() && !other.isDerivedInput() && rank() == other.rank() && flipped == other.flipped;
        for (int axis = 0; equal && axis < rank(); axis++) {
            equal = matches(dimensions.get(axis), other.dimensions.get(axis));
        }
        return equal;
    }

    static boolean matches(List<OnnxAxis> one, List<OnnxAxis> other) {
        boolean equal = one.size() == other.size();
        for (int at = 0; equal && at < one.size(); at++) {
            equal = one.get(at).matches(other.get(at));
        }
        return equal;
    }

    /** The axes of a dimension without steps or batch of size 1. */
    List<OnnxAxis> nontrivialAxes(int at) {
        return dimensions.get(at).stream()
                .filter(axis -> axis.size() != 1 || !axis.isInput())
                .toList();
    }

    /** Whether the last dimension, and no other, holds the hidden units of all directions. */
    boolean endsInAllUnits() {
        long elsewhere = dimensions.subList(0, rank() - 1).stream()
                .flatMap(List::stream)
                .filter(axis -> !axis.isInput())
                .count();
        List<OnnxAxis> last = nontrivialAxes(rank() - 1);
        boolean units = last.size() == 1
                ? last.get(0).role() == Role.UNITS
                : last.size() == 2
                        && last.get(0).role() == Role.DIRECTIONS
                        && last.get(1).role() == Role.UNITS;
        return elsewhere == 0 && units;
    }

    /** Replaces the last dimension by this axis, and the content. */
    OnnxSignal withLastAxis(OnnxAxis axis, OnnxContent other) {
        List<List<OnnxAxis>> changed = new ArrayList<>(dimensions);
        changed.set(rank() - 1, List.of(axis));
        return new OnnxSignal(changed, other, flipped);
    }
}
