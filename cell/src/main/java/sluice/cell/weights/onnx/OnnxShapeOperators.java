package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.Raw;
import sluice.cell.weights.onnx.OnnxContent.RowOrder;

/** Operators that select, move or repeat values without changing them. They apply to values of every kind. */
final class OnnxShapeOperators {
    private OnnxShapeOperators() {}

    static OnnxValue transpose(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        if (value instanceof OnnxConstant constant) {
            return constant.transpose(operands.order(constant.array().shape().rank()));
        }
        if (value instanceof OnnxSignal signal && !signal.isDerivedInput()) {
            return signal.transpose(operands.order(signal.rank()));
        }
        int rank = operands.node().numbers("perm").map(perm -> perm.length).orElse(0);
        return value.transpose(operands.order(rank));
    }

    static OnnxValue squeeze(OnnxOperands operands) {
        return operands.required(0).squeeze(operands.numbers("axes", 1).orElse(null));
    }

    static OnnxValue unsqueeze(OnnxOperands operands) {
        return operands.required(0)
                .unsqueeze(operands.numbers("axes", 1)
                        .orElseThrow(() -> new ModelException("has no axes, expected at least one")));
    }

    static OnnxValue reshape(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        if (value instanceof OnnxShapeless) {
            return value;
        }
        List<OnnxSize> target =
                operands.sizes(1).orElseThrow(() -> new ModelException("has no target shape, expected one"));
        return value.reshape(target, operands.node().number("allowzero", 0) != 0);
    }

    static OnnxValue flatten(OnnxOperands operands) {
        return operands.required(0).flatten(operands.axis(1));
    }

    static OnnxValue slice(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        boolean byAttributes = operands.node().has("starts");
        Optional<long[]> given = operands.numbers("axes", byAttributes ? Integer.MAX_VALUE : 3);
        long[] starts = ends(operands, "starts", 1, value, given);
        long[] ends = ends(operands, "ends", 2, value, given);
        long[] axes = given.orElseGet(() -> {
            long[] all = new long[starts.length];
            Arrays.setAll(all, at -> at);
            return all;
        });
        long[] steps = operands.numbers("steps", byAttributes ? Integer.MAX_VALUE : 4)
                .orElseGet(() -> {
                    long[] ones = new long[starts.length];
                    Arrays.fill(ones, 1);
                    return ones;
                });
        if (ends.length != starts.length || axes.length != starts.length || steps.length != starts.length) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d starts, %d ends, %d axes and %d steps, expected the same number of each",
                    starts.length,
                    ends.length,
                    axes.length,
                    steps.length));
        }
        for (int at = 0; at < starts.length; at++) {
            value = value.slice(axes[at], starts[at], ends[at], steps[at]);
        }
        return value;
    }

    /** Starts or ends. The dynamic size of the axis means its end, and the size minus 1 its last index. */
    private static long[] ends(OnnxOperands operands, String name, int input, OnnxValue sliced, Optional<long[]> axes) {
        if (operands.node().has(name)) {
            return operands.numbers(name, input).orElseThrow();
        }
        List<OnnxSize> sizes = operands.sizes(input)
                .orElseThrow(() -> new ModelException("has no %s, expected one per axis".formatted(name)));
        long[] numbers = new long[sizes.size()];
        for (int at = 0; at < numbers.length; at++) {
            OnnxSize size = sizes.get(at);
            long axis = axes.isPresent() && at < axes.get().length ? axes.get()[at] : at;
            numbers[at] = index(size, sliced, axis)
                    .orElseThrow(() -> new ModelException(
                            "%s are computed from %s, expected constants or the last step; in PyTorch, select the last step by h[:, -1]"
                                    .formatted(name, size)));
        }
        return numbers;
    }

    /** An index of an axis: a number, or relative to the end of the axis if it is computed from the size of that axis. */
    private static Optional<Long> index(OnnxSize size, OnnxValue of, long axis) {
        if (size.isNumber()) {
            return Optional.of(size.number());
        }
        boolean isAxisSize = of instanceof OnnxSignal signal
                && !signal.isDerivedInput()
                && size.axes() != null
                && size.number() <= 0
                && signal.dimensions().get(OnnxValue.axis(axis, signal.rank())).equals(size.axes());
        if (!isAxisSize) {
            return Optional.empty();
        }
        return Optional.of(size.number() == 0 ? Long.MAX_VALUE : size.number());
    }

    /** Splits a value along an axis. */
    static List<OnnxValue> split(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        long axis = operands.axis(0);
        int outputs = operands.node().outputs().size();
        long[] sizes = operands.numbers("split", 1).orElseGet(() -> equalParts(value.axisSize(axis), outputs));
        List<OnnxValue> parts = new ArrayList<>();
        long from = 0;
        for (long size : sizes) {
            parts.add(value.slice(axis, from, Math.addExact(from, size), 1));
            from += size;
        }
        return parts;
    }

    private static long[] equalParts(long size, int outputs) {
        if (size < 0 || outputs == 0) {
            throw new ModelException("splits an axis of dynamic size into equal parts, expected a known size");
        }
        long each = (size + outputs - 1) / outputs;
        long[] sizes = new long[outputs];
        for (int at = 0; at < outputs; at++) {
            sizes[at] = Math.max(0, Math.min(each, size - at * each));
        }
        return sizes;
    }

    static OnnxValue concat(OnnxOperands operands) {
        List<OnnxValue> values = operands.all();
        long axis = operands.axis(0);
        if (values.isEmpty()) {
            throw new ModelException("has no inputs, expected at least one");
        }
        if (values.stream().allMatch(OnnxSignal.class::isInstance)) {
            return OnnxConcat.of(operands.signals(), axis);
        }
        if (values.stream().anyMatch(OnnxOpaque.class::isInstance)
                && operands.signals().isEmpty()) {
            return new OnnxOpaque(operands.node().describe());
        }
        if (values.stream().allMatch(OnnxConstant.class::isInstance)) {
            List<OnnxArray> arrays =
                    values.stream().map(value -> ((OnnxConstant) value).array()).toList();
            int rank = arrays.get(0).shape().rank();
            return new OnnxConstant(OnnxArray.concatenated(arrays, OnnxValue.axis(axis, rank)));
        }
        if (values.get(0) instanceof OnnxFill first
                && values.stream()
                        .allMatch(value -> value instanceof OnnxFill fill && fill.number() == first.number())) {
            return OnnxFill.concatenated(
                    values.stream().map(OnnxFill.class::cast).toList(), axis);
        }
        List<OnnxSize> sizes = new ArrayList<>();
        for (OnnxValue value : values) {
            sizes.addAll(OnnxSizes.of(value)
                    .orElseThrow(() -> differentKinds(values))
                    .sizes());
            OnnxSizes.requireLimit(sizes.size());
        }
        return new OnnxSizes(sizes, false);
    }

    private static ModelException differentKinds(List<OnnxValue> values) {
        return new ModelException("concatenates %s, expected values of one kind"
                .formatted(NameList.of(values.stream().map(OnnxValue::describe).toList(), text -> text)));
    }

    /** Gather: an embedding lookup by tokens, or a selection of indices of an axis. */
    static OnnxValue gather(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        if (operands.required(1) instanceof OnnxSignal order && order.content() instanceof RowOrder) {
            return reordered(operands, value);
        }
        if (operands.required(1) instanceof OnnxSignal tokens) {
            return embedding(operands, tokens);
        }
        if (value instanceof OnnxOpaque) {
            return value;
        }
        if (operands.required(1) instanceof OnnxSizes sizes) {
            return value.gather(operands.axis(0), computedIndex(operands, sizes));
        }
        return value.gather(operands.axis(0), operands.constant(1, "the index"));
    }

    private static OnnxValue reordered(OnnxOperands operands, OnnxValue value) {
        if (value instanceof OnnxShapeless || value instanceof OnnxExpanded) {
            return value; // the same for every sequence
        }
        if (!(value instanceof OnnxSignal signal)) {
            throw new ModelException("puts %s into another order, expected the batch".formatted(value.describe()));
        }
        return signal.reordered(operands.axis(0));
    }

    /** An index that the graph computes: the size of the axis minus 1 is the last one. */
    private static OnnxArray computedIndex(OnnxOperands operands, OnnxSizes sizes) {
        OnnxSize size = sizes.sizes().size() == 1 ? sizes.sizes().get(0) : OnnxSize.unknown();
        long index = index(size, operands.required(0), operands.axis(0))
                .filter(found -> found != Long.MAX_VALUE)
                .orElseThrow(() -> new ModelException(
                        "the index is computed from %s, expected a constant or the last step; in PyTorch, select the last step by h[:, -1]"
                                .formatted(OnnxSize.list(sizes.sizes()))));
        String name = operands.node().input(1);
        return sizes.single()
                ? OnnxArray.scalar(operands.source(), name, index)
                : OnnxArray.of(operands.source(), name, index);
    }

    private static OnnxSignal embedding(OnnxOperands operands, OnnxSignal tokens) {
        if (operands.required(0) instanceof OnnxSignal selected && selected.content() instanceof OnnxContent.Hidden) {
            throw new ModelException(
                    "selects from %s by %s, expected all steps or the last one; in PyTorch, select the last step by h[:, -1]"
                            .formatted(selected.describe(), tokens.content().describe()));
        }
        OnnxArray table = operands.constant(0, "the embedding");
        if (!(tokens.content() instanceof Raw raw)) {
            throw new ModelException(
                    "looks up rows by %s, expected the tokens of an input".formatted(tokens.describe()));
        }
        if (!table.shape().isMatrix() || operands.axis(0) != 0) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "looks up %s on axis %d, expected an embedding of shape (tokens, I) on axis 0",
                    table.describe(),
                    operands.axis(0)));
        }
        return tokens.unsqueeze(new long[] {tokens.rank()})
                .withLastAxis(
                        OnnxAxis.of(OnnxAxis.Role.WIDTH, table.shape().columns()), new Embedded(table, raw.input()));
    }

    static OnnxValue shape(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        boolean isUnknown = value instanceof OnnxOpaque
                || value instanceof OnnxExpanded
                || (value instanceof OnnxFill fill && fill.sizes() == null)
                || (value instanceof OnnxSignal signal && signal.isDerivedInput());
        if (isUnknown) {
            return new OnnxOpaque(operands.node().describe());
        }
        OnnxSizes shape = value instanceof OnnxFill fill ? new OnnxSizes(fill.sizes(), false) : value.shape();
        OnnxNode node = operands.node();
        return node.has("start") || node.has("end")
                ? shape.slice(0, node.number("start", 0), node.number("end", Long.MAX_VALUE), 1)
                : shape;
    }

    /** Expand or Tile: a constant repeated to the batch size. */
    static OnnxValue expand(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        if (value instanceof OnnxConstant constant) {
            OnnxArray array = constant.array();
            boolean isExpand = operands.node().operator().equals("Expand");
            return array.shape().values() == 1
                    ? new OnnxFill(
                            array.single(),
                            isExpand && array.shape().rank() == 0
                                    ? operands.knownSizes(1).orElse(null)
                                    : null)
                    : new OnnxExpanded(constant);
        }
        if (value instanceof OnnxFill fill) {
            return new OnnxFill(fill.number(), null);
        }
        if (value instanceof OnnxSignal signal && signal.content() instanceof Raw raw) {
            return new OnnxSignal(
                    null,
                    new OnnxContent.DerivedInput(raw.input(), operands.node().describe() + " repeats it"),
                    null);
        }
        if (value instanceof OnnxSignal signal && !signal.isDerivedInput()) {
            throw new ModelException(
                    "repeats %s, expected it once: only constants may be repeated; in PyTorch, select the last step by h[:, -1]"
                            .formatted(signal.describe()));
        }
        return value;
    }
}
