package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/** Concat of outputs of LSTMs, directions of one layer, or layers; or of inputs, see {@link OnnxSideBySide}. */
final class OnnxConcat {
    /** Limit of concatenated outputs, far more than any model has. */
    private static final int MAX_PARTS = 1_000;

    private OnnxConcat() {}

    /** Concatenates outputs of directions or layers, or inputs, along an axis. */
    static OnnxSignal of(List<OnnxSignal> signals, long axis) {
        OnnxSignal first = signals.get(0);
        if (signals.size() == 1) {
            return first;
        }
        if (signals.stream().allMatch(OnnxSideBySide::isInput)) {
            return OnnxSideBySide.of(signals, axis);
        }
        for (OnnxSignal signal : signals) {
            if (!(signal.content() instanceof Hidden || signal.content() instanceof Cell)) {
                throw new ModelException(
                        "concatenates %s with another value, expected only outputs of LSTMs, or only inputs: embeddings of tokens, and numbers"
                                .formatted(signal.describe()));
            }
        }
        int at = OnnxValue.axis(axis, first.rank());
        List<DirectionOutput> parts = new ArrayList<>();
        List<List<OnnxAxis>> joined = new ArrayList<>();
        for (OnnxSignal signal : signals) {
            if (parts.size() + OnnxDirections.parts(signal).size() > MAX_PARTS) {
                throw new ModelException(
                        String.format(Locale.ROOT, "concatenates more than %d outputs, expected fewer", MAX_PARTS));
            }
            parts.addAll(OnnxDirections.parts(signal));
            if (OnnxDirections.layers(signal) > 1) {
                throw new ModelException(
                        "concatenates %s, which has several layers: select one layer first, as in h[-1]"
                                .formatted(signal.describe()));
            }
            joined.add(signal.rank() == first.rank() ? signal.dimensions().get(at) : List.of());
            requireFits(first, signal, at);
        }
        List<List<OnnxAxis>> dimensions = new ArrayList<>(first.dimensions());
        dimensions.set(at, merged(joined, parts.size()));
        return new OnnxSignal(dimensions, OnnxDirections.withParts(first.content(), parts), first.flipped());
    }

    private static void requireFits(OnnxSignal one, OnnxSignal other, int at) {
        boolean equal = one.rank() == other.rank()
                && one.flipped() == other.flipped()
                && one.content().getClass() == other.content().getClass()
                && !(one.content() instanceof Hidden hidden
                        && other.content() instanceof Hidden beside
                        && (hidden.merge() != Merge.CONCAT || beside.merge() != Merge.CONCAT));
        for (int axis = 0; equal && axis < one.rank(); axis++) {
            List<OnnxAxis> axes = one.dimensions().get(axis);
            boolean directions = axes.stream().anyMatch(part -> part.role() == Role.DIRECTIONS);
            equal = axis == at
                    || (!directions
                            && OnnxSignal.matches(axes, other.dimensions().get(axis)));
        }
        if (!equal) {
            throw new ModelException("concatenates %s and %s, expected outputs of directions with the same axes"
                    .formatted(one.describe(), other.describe()));
        }
    }

    /** The axes of concatenated dimensions. */
    private static List<OnnxAxis> merged(List<List<OnnxAxis>> dimensions, int directions) {
        List<OnnxAxis> inner = withoutDirections(dimensions.get(0));
        boolean even = true;
        long blocks = 0;
        long units = 0;
        for (List<OnnxAxis> axes : dimensions) {
            List<OnnxAxis> other = withoutDirections(axes);
            if (other.size() != inner.size()
                    || other.size() > 1
                    || (other.size() == 1 && other.get(0).role() != Role.UNITS)) {
                throw new ModelException(
                        "concatenates along %s, expected directions or hidden units".formatted(OnnxAxis.list(axes)));
            }
            long count = axes.size() > other.size() ? axes.get(0).size() : 1;
            even &= OnnxSignal.matches(inner, other);
            blocks += count;
            units += other.isEmpty()
                    ? count
                    : Math.multiplyExact(count, other.get(0).size());
        }
        if (!even || blocks != directions) { // of different widths: can't be split again
            return List.of(OnnxAxis.of(Role.UNITS, units));
        }
        List<OnnxAxis> all = new ArrayList<>(OnnxSignal.directionAxes(directions));
        all.addAll(inner);
        return all;
    }

    private static List<OnnxAxis> withoutDirections(List<OnnxAxis> axes) {
        return axes.stream().filter(axis -> axis.role() != Role.DIRECTIONS).toList();
    }
}
