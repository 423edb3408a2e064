package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/** Operators on the axis of directions, or of layers, in the output of LSTMs. */
final class OnnxDirections {
    private OnnxDirections() {}

    static OnnxSignal selected(OnnxSignal signal, int at, OnnxRange range) {
        List<OnnxAxis> axes = signal.dimensions().get(at);
        boolean flat =
                axes.size() == 2 && axes.get(0).isSelection() && axes.get(1).role() == Role.UNITS;
        long block = flat ? axes.get(1).size() : 1;
        boolean complete = (axes.size() == 1 && axes.get(0).isSelection())
                || (flat && range.step() == 1 && range.first() % block == 0 && range.count() % block == 0);
        if (!complete || range.count() == 0) {
            throw new ModelException("selects only some of %s, expected all".formatted(OnnxAxis.list(axes)));
        }
        long[] indices = new long[(int) (range.count() / block)];
        Arrays.setAll(indices, index -> range.first() / block + index * range.step());
        return selected(signal, at, indices);
    }

    /** Selects layers, or directions of each layer. */
    static OnnxSignal selected(OnnxSignal signal, int at, long[] indices) {
        List<DirectionOutput> parts = parts(signal);
        OnnxAxis axis = signal.dimensions().get(at).get(0);
        int size = (int) axis.size();
        if (indices.length > size) {
            throw new ModelException(
                    String.format(Locale.ROOT, "selects %d of %s, expected each once", indices.length, axis));
        }
        boolean byLayer = axis.role() == Role.LAYERS;
        int layers = byLayer ? 1 : layers(signal);
        int block = parts.size() / (layers * size); // outputs that each index stands for
        List<DirectionOutput> taken = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            for (long index : indices) {
                int from = (layer * size + OnnxValue.axis(index, size)) * block;
                taken.addAll(parts.subList(from, from + block));
            }
        }
        List<List<OnnxAxis>> remaining = new ArrayList<>(signal.dimensions());
        List<OnnxAxis> axes = new ArrayList<>(signal.dimensions().get(at));
        axes.remove(0);
        if (indices.length > 1) {
            axes.add(0, OnnxAxis.of(axis.role(), indices.length));
        }
        remaining.set(at, axes);
        return new OnnxSignal(remaining, withParts(signal.content(), taken), signal.flipped());
    }

    /** The number of layers that are side by side. */
    static int layers(OnnxSignal signal) {
        return (int) signal.dimensions().stream()
                .flatMap(List::stream)
                .filter(axis -> axis.role() == Role.LAYERS)
                .mapToLong(OnnxAxis::size)
                .reduce(1, Math::multiplyExact);
    }

    static List<DirectionOutput> parts(OnnxSignal signal) {
        if (signal.content() instanceof Hidden hidden) {
            return hidden.parts();
        }
        if (signal.content() instanceof Cell cell) {
            return cell.parts();
        }
        throw new ModelException("selects directions of %s, which has none"
                .formatted(signal.content().describe()));
    }

    static OnnxContent withParts(OnnxContent content, List<DirectionOutput> parts) {
        return content instanceof Hidden hidden ? new Hidden(parts, hidden.merge()) : new Cell(parts);
    }

    /** ReduceSum or ReduceMean over the axis of two directions. */
    static Optional<OnnxValue> reduced(OnnxOperands operands, Merge merge) {
        Optional<long[]> reduced = operands.numbers("axes", 1);
        boolean isOne = operands.required(0) instanceof OnnxSignal
                && reduced.filter(axes -> axes.length == 1).isPresent();
        if (!isOne
                || !(operands.required(0) instanceof OnnxSignal signal)
                || !(signal.content() instanceof Hidden hidden)
                || hidden.parts().size() != 2
                || hidden.merge() != Merge.CONCAT) {
            return Optional.empty();
        }
        int at = OnnxValue.axis(reduced.get()[0], signal.rank());
        List<OnnxAxis> axes = signal.dimensions().get(at);
        if (axes.size() != 1 || axes.get(0).role() != Role.DIRECTIONS) {
            return Optional.empty();
        }
        List<List<OnnxAxis>> remaining = new ArrayList<>(signal.dimensions());
        remaining.set(at, List.of());
        OnnxSignal kept = new OnnxSignal(remaining, new Hidden(hidden.parts(), merge), signal.flipped());
        boolean keeps = operands.node().number("keepdims", 1) != 0;
        return Optional.of(keeps ? kept : kept.squeeze(new long[] {at}));
    }
}
