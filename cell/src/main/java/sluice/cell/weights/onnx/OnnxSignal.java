package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.Answer;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.Part;
import sluice.cell.weights.onnx.OnnxContent.PartOfInput;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/**
 * What comes from the graph's input at some place, and how its axes lie.
 *
 * @param dimensions of each dimension, the axes that are laid together in it, outermost first; none where its size is
 *     1; null for a {@link PartOfInput}
 * @param flipped the axis along which it runs backward, or null
 */
record OnnxSignal(List<List<OnnxAxis>> dimensions, OnnxContent content, OnnxAxis flipped) implements OnnxValue {
    /** From here on, an end of a slice is taken for "to the end": exporters write the largest int or long. */
    private static final long FAR = Integer.MAX_VALUE - 1;

    /** Far more directions than any model has. */
    private static final int MAX_PARTS = 1_000;

    OnnxSignal {
        if (dimensions != null && dimensions.size() > OnnxArray.MAX_RANK) {
            throw new ModelException(
                    "%d dimensions, expected at most %d".formatted(dimensions.size(), OnnxArray.MAX_RANK));
        }
    }

    /** An input of the graph. */
    static OnnxSignal of(OnnxPort input) {
        if (input.dimensions() == null) {
            return new OnnxSignal(
                    null,
                    new PartOfInput(
                            input.name(), "the file doesn't say what shape it has; run ONNX's shape inference on it"),
                    null);
        }
        List<List<OnnxAxis>> axes = new ArrayList<>();
        for (int at = 0; at < input.dimensions().length; at++) {
            axes.add(List.of(OnnxAxis.ofInput(input.name(), at, input.dimensions()[at])));
        }
        return new OnnxSignal(axes, new Raw(input.name()), null);
    }

    @Override
    public String describe() {
        return isPart() ? content.place() : content.place() + " " + dimensions;
    }

    int rank() {
        return dimensions.size();
    }

    /** Whether it can only be an initial state any more, wherever it is moved. */
    boolean isPart() {
        return content instanceof PartOfInput;
    }

    /** The same axes, with something else on them. */
    OnnxSignal with(OnnxContent other) {
        return new OnnxSignal(dimensions, other, flipped);
    }

    private OnnxSignal with(List<List<OnnxAxis>> other) {
        return new OnnxSignal(other, content, flipped);
    }

    /** An input may be anything, an initial state too: what can't be followed is refused only where it is scored. */
    private OnnxSignal followed(String done, Supplier<OnnxSignal> step) {
        if (isPart()) {
            return this;
        }
        if (!(content instanceof Raw raw)) {
            return step.get();
        }
        try {
            return step.get();
        } catch (ModelException e) {
            return new OnnxSignal(null, new PartOfInput(raw.input(), "it is " + done + ", " + e.getMessage()), null);
        }
    }

    @Override
    public OnnxSignal transpose(int[] order) {
        return followed("transposed", () -> {
            List<List<OnnxAxis>> moved = new ArrayList<>();
            if (Arrays.stream(order).distinct().count() != rank() || order.length != rank()) {
                throw new ModelException(
                        "the order %s for %d dimensions, expected each once".formatted(Arrays.toString(order), rank()));
            }
            for (int from : order) {
                moved.add(dimensions.get(OnnxValue.axis(from, rank())));
            }
            return with(moved);
        });
    }

    @Override
    public OnnxSignal unsqueeze(long[] axes) {
        return followed("unsqueezed", () -> {
            List<List<OnnxAxis>> more = new ArrayList<>(dimensions);
            long[] places = Arrays.stream(axes)
                    .map(axis -> OnnxValue.axis(axis, rank() + axes.length))
                    .sorted()
                    .toArray();
            for (long place : places) {
                if (place > more.size()) {
                    throw new ModelException("the axes %s, expected different ones".formatted(Arrays.toString(axes)));
                }
                more.add((int) place, List.of());
            }
            return with(more);
        });
    }

    @Override
    public OnnxSignal squeeze(long[] axes) {
        return followed("squeezed", () -> {
            boolean[] isGone = new boolean[rank()];
            if (axes == null) {
                for (int at = 0; at < rank(); at++) {
                    isGone[at] = size(at) == 1;
                }
            } else {
                Arrays.stream(axes).forEach(axis -> isGone[OnnxValue.axis(axis, rank())] = true);
            }
            List<List<OnnxAxis>> left = new ArrayList<>();
            for (int at = 0; at < rank(); at++) {
                if (!isGone[at]) {
                    left.add(dimensions.get(at));
                } else if (!canGo(at)) {
                    throw new ModelException(
                            "axis %d holds %s: expected one of size 1".formatted(at, dimensions.get(at)));
                }
            }
            return with(left);
        });
    }

    /** A batch of whatever size is squeezed by a file that means to score one sequence at a time. */
    private boolean canGo(int at) {
        return size(at) == 1 || dimensions.get(at).stream().allMatch(axis -> axis.role() == Role.BATCH);
    }

    /** -1 where it is open. */
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
        return followed("reshaped", () -> with(new OnnxRegrouping(dimensions).to(target, zeroIsZero)));
    }

    @Override
    public OnnxSignal flatten(long axis) {
        return followed("flattened", () -> {
            int split = axis == rank() ? rank() : OnnxValue.axis(axis, rank());
            return with(List.of(
                    OnnxRegrouping.together(dimensions.subList(0, split)),
                    OnnxRegrouping.together(dimensions.subList(split, rank()))));
        });
    }

    @Override
    public OnnxSignal slice(long axis, long start, long end, long step) {
        return followed("sliced", () -> {
            int at = OnnxValue.axis(axis, rank());
            long size = size(at);
            OnnxRange range = size < 0 ? openRange(start, end, step) : OnnxRange.of(start, end, step, size);
            long length = size < 0 ? FAR : size;
            if (range.isAll(length)) {
                return this;
            }
            List<OnnxAxis> axes = dimensions.get(at);
            if (axes.size() == 1 && axes.get(0).isInput()) {
                if (range.isReversal(length)) {
                    return flip(axes.get(0));
                }
                if (range.count() == 1) {
                    return step(at, range.first() == length - 1 || range.first() == -1 ? -1 : range.first(), true);
                }
                throw new ModelException("only a part of %s, expected all or the last".formatted(axes.get(0)));
            }
            return directions(at, range);
        });
    }

    /** What can be told of a slice of an axis whose size is open: all, all backward, or one place. */
    private static OnnxRange openRange(long start, long end, long step) {
        boolean toEnd = step == 1 && end >= FAR;
        boolean backward = step == -1 && (start == -1 || start >= FAR) && end <= -FAR;
        if (start == 0 && toEnd) {
            return new OnnxRange(0, FAR, 1);
        }
        if (backward) {
            return new OnnxRange(FAR - 1, FAR, -1);
        }
        if (start == -1 && toEnd) {
            return new OnnxRange(-1, 1, 1);
        }
        if (step == 1 && start >= 0 && end == start + 1) {
            return new OnnxRange(start, 1, 1);
        }
        return new OnnxRange(start, 2, step); // some part of it, however long
    }

    @Override
    public OnnxSignal gather(long axis, OnnxArray places) {
        return followed("gathered from", () -> {
            int at = OnnxValue.axis(axis, rank());
            List<OnnxAxis> axes = dimensions.get(at);
            boolean keep = places.shape().rank() == 1;
            if (places.shape().rank() > 1 || places.shape().values() < 1) {
                throw new ModelException("by %s, expected a place or a vector of places".formatted(places.describe()));
            }
            if (axes.size() == 1 && axes.get(0).role() == Role.DIRECTIONS) {
                OnnxSignal taken = directions(at, places.wholes());
                return keep ? taken : taken.squeeze(new long[] {at});
            }
            long place = places.onlyWhole();
            if (axes.isEmpty() && (place == 0 || place == -1)) {
                return keep ? this : squeeze(new long[] {at});
            }
            if (axes.size() == 1 && axes.get(0).isInput()) {
                boolean isLast = place >= 0 && place == axes.get(0).size() - 1;
                return step(at, isLast ? -1 : place, keep);
            }
            throw new ModelException("place %d of %s, expected all".formatted(place, axes));
        });
    }

    /** The same, read from the end along this axis. */
    OnnxSignal flip(OnnxAxis axis) {
        if (flipped != null && flipped != axis) {
            throw new ModelException("backward along %s and along %s, expected one of them".formatted(flipped, axis));
        }
        return new OnnxSignal(dimensions, content, flipped == axis ? null : axis);
    }

    /** @param place counted from the front, or -1 for the last */
    private OnnxSignal step(int at, long place, boolean keep) {
        OnnxAxis axis = dimensions.get(at).get(0);
        List<List<OnnxAxis>> left = new ArrayList<>(dimensions);
        left.remove(at);
        if (keep) {
            left.add(at, List.of());
        }
        if (axis.role() == Role.BATCH && (place == 0 || place == -1)) {
            return with(left);
        }
        if (axis.role() != Role.STEPS || (place != 0 && place != -1)) {
            throw new ModelException("place %d of %s, expected the last or all of the steps".formatted(place, axis));
        }
        boolean last = (place == -1) != (flipped == axis);
        return new OnnxSignal(left, at(last ? At.LAST : At.FIRST), flipped == axis ? null : flipped);
    }

    private OnnxContent at(At at) {
        if (content instanceof Hidden hidden) {
            return hidden.at(at);
        }
        if (content instanceof Answer answer) {
            return new Answer(answer.linear().above(answer.linear().below().at(at)), answer.form());
        }
        throw new ModelException("one step of %s, expected all steps".formatted(content.place()));
    }

    private OnnxSignal directions(int at, OnnxRange range) {
        List<OnnxAxis> axes = dimensions.get(at);
        boolean flat = axes.size() == 2
                && axes.get(0).role() == Role.DIRECTIONS
                && axes.get(1).role() == Role.UNITS;
        long block = flat ? axes.get(1).size() : 1;
        boolean whole = (axes.size() == 1 && axes.get(0).role() == Role.DIRECTIONS)
                || (flat && range.step() == 1 && range.first() % block == 0 && range.count() % block == 0);
        if (!whole || range.count() == 0) {
            throw new ModelException("only a part of %s, expected all".formatted(axes));
        }
        long[] places = new long[(int) (range.count() / block)];
        Arrays.setAll(places, index -> range.first() / block + index * range.step());
        return directions(at, places);
    }

    /** Of the directions, these. */
    private OnnxSignal directions(int at, long[] places) {
        List<Part> parts = parts();
        List<Part> taken = new ArrayList<>();
        if (places.length > parts.size()) {
            throw new ModelException("%d directions of %d, expected each once".formatted(places.length, parts.size()));
        }
        for (long place : places) {
            taken.add(parts.get(OnnxValue.axis(place, parts.size())));
        }
        List<List<OnnxAxis>> left = new ArrayList<>(dimensions);
        List<OnnxAxis> axes = new ArrayList<>(dimensions.get(at));
        axes.remove(0);
        axes.addAll(0, axesOf(taken.size()));
        left.set(at, axes);
        return new OnnxSignal(left, withParts(taken), flipped);
    }

    /** The axis of so many directions: none for one. */
    static List<OnnxAxis> axesOf(int directions) {
        return directions == 1 ? List.of() : List.of(OnnxAxis.of(Role.DIRECTIONS, directions));
    }

    private List<Part> parts() {
        if (content instanceof Hidden hidden) {
            return hidden.parts();
        }
        if (content instanceof Cell cell) {
            return cell.parts();
        }
        throw new ModelException("directions of %s, which has none".formatted(content.place()));
    }

    private OnnxContent withParts(List<Part> parts) {
        return content instanceof Hidden hidden ? new Hidden(parts, hidden.merge()) : new Cell(parts);
    }

    @Override
    public OnnxSizes shape() {
        if (isPart()) {
            throw cant("asked for its shape");
        }
        return new OnnxSizes(dimensions.stream().map(OnnxSize::of).toList(), false);
    }

    @Override
    public long axisSize(long axis) {
        return isPart() ? -1 : size(OnnxValue.axis(axis, rank()));
    }

    /** These side by side along an axis: outputs of directions, or of layers. */
    static OnnxSignal joined(List<OnnxSignal> signals, long axis) {
        OnnxSignal first = signals.get(0);
        if (signals.size() == 1) {
            return first;
        }
        for (OnnxSignal signal : signals) {
            if (signal.isPart() || signal.content instanceof Raw) {
                throw new ModelException("%s beside something else".formatted(signal.describe()));
            }
        }
        int at = OnnxValue.axis(axis, first.rank());
        List<Part> parts = new ArrayList<>();
        List<List<OnnxAxis>> joined = new ArrayList<>();
        for (OnnxSignal signal : signals) {
            if (parts.size() + signal.parts().size() > MAX_PARTS) {
                throw new ModelException("more than %d outputs side by side".formatted(MAX_PARTS));
            }
            parts.addAll(signal.parts());
            joined.add(signal.rank() == first.rank() ? signal.dimensions.get(at) : List.of());
            first.requireBeside(signal, at);
        }
        List<List<OnnxAxis>> dimensions = new ArrayList<>(first.dimensions);
        dimensions.set(at, together(joined, parts.size()));
        return new OnnxSignal(dimensions, first.withParts(parts), first.flipped);
    }

    private void requireBeside(OnnxSignal other, int at) {
        boolean alike = rank() == other.rank()
                && flipped == other.flipped
                && content.getClass() == other.content.getClass()
                && !(content instanceof Hidden hidden
                        && other.content instanceof Hidden beside
                        && (hidden.merge() != Merge.CONCAT || beside.merge() != Merge.CONCAT));
        for (int axis = 0; alike && axis < rank(); axis++) {
            List<OnnxAxis> axes = dimensions.get(axis);
            boolean directions = axes.stream().anyMatch(part -> part.role() == Role.DIRECTIONS);
            alike = axis == at || (!directions && matches(axes, other.dimensions.get(axis)));
        }
        if (!alike) {
            throw new ModelException(
                    "%s beside %s, expected outputs of directions alike".formatted(describe(), other.describe()));
        }
    }

    /** Whether two can be added up, unit by unit. */
    boolean matches(OnnxSignal other) {
        boolean alike = !isPart() && !other.isPart() && rank() == other.rank() && flipped == other.flipped;
        for (int axis = 0; alike && axis < rank(); axis++) {
            alike = matches(dimensions.get(axis), other.dimensions.get(axis));
        }
        return alike;
    }

    private static boolean matches(List<OnnxAxis> one, List<OnnxAxis> other) {
        boolean alike = one.size() == other.size();
        for (int at = 0; alike && at < one.size(); at++) {
            alike = one.get(at).matches(other.get(at));
        }
        return alike;
    }

    /** The axes of dimensions that are laid end to end. */
    private static List<OnnxAxis> together(List<List<OnnxAxis>> dimensions, int directions) {
        List<OnnxAxis> inner = withoutDirections(dimensions.get(0));
        boolean even = true;
        long blocks = 0;
        long units = 0;
        for (List<OnnxAxis> axes : dimensions) {
            List<OnnxAxis> other = withoutDirections(axes);
            if (other.size() != inner.size()
                    || other.size() > 1
                    || (other.size() == 1 && other.get(0).role() != Role.UNITS)) {
                throw new ModelException("longer by %s, expected directions or hidden units".formatted(axes));
            }
            long count = axes.size() > other.size() ? axes.get(0).size() : 1;
            even &= matches(inner, other);
            blocks += count;
            units += other.isEmpty()
                    ? count
                    : Math.multiplyExact(count, other.get(0).size());
        }
        if (!even || blocks != directions) { // of different widths: they can't be taken apart again
            return List.of(OnnxAxis.of(Role.UNITS, units));
        }
        List<OnnxAxis> all = new ArrayList<>(axesOf(directions));
        all.addAll(inner);
        return all;
    }

    private static List<OnnxAxis> withoutDirections(List<OnnxAxis> axes) {
        return axes.stream().filter(axis -> axis.role() != Role.DIRECTIONS).toList();
    }

    /** Of a dimension, the axes that have more than one place. */
    List<OnnxAxis> wide(int at) {
        return dimensions.get(at).stream()
                .filter(axis -> axis.size() != 1 || !axis.isInput())
                .toList();
    }

    /** Whether the last dimension holds all hidden units of all directions, and nothing else does. */
    boolean endsInAllUnits() {
        long elsewhere = dimensions.subList(0, rank() - 1).stream()
                .flatMap(List::stream)
                .filter(axis -> !axis.isInput())
                .count();
        List<OnnxAxis> last = wide(rank() - 1);
        boolean units = last.size() == 1
                ? last.get(0).role() == Role.UNITS
                : last.size() == 2
                        && last.get(0).role() == Role.DIRECTIONS
                        && last.get(1).role() == Role.UNITS;
        return elsewhere == 0 && units;
    }

    /** The same, with this in place of the last dimension. */
    OnnxSignal endingIn(OnnxAxis axis, OnnxContent other) {
        List<List<OnnxAxis>> changed = new ArrayList<>(dimensions);
        changed.set(rank() - 1, List.of(axis));
        return new OnnxSignal(changed, other, flipped);
    }
}
