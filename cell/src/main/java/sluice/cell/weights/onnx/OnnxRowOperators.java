package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Optional;
import sluice.cell.weights.onnx.OnnxContent.DerivedInput;
import sluice.cell.weights.onnx.OnnxContent.DerivedInput.Kind;
import sluice.cell.weights.onnx.OnnxContent.Raw;
import sluice.cell.weights.onnx.OnnxContent.RowOrder;

/**
 * Operators on lengths of sequences, and on the order of sequences in a batch. PyTorch's {@code pack_padded_sequence} sorts
 * by length, and {@code pad_packed_sequence} restores the order. Here each sequence is scored by itself, for which every
 * order is the same.
 */
final class OnnxRowOperators {
    private OnnxRowOperators() {}

    /** Numbers computed from an input. */
    static OnnxValue changed(OnnxSignal signal, String node, Kind kind, long padding) {
        if (signal.content() instanceof DerivedInput derived) {
            return new OnnxSignal(null, derived.then(node, kind), null);
        }
        String input = signal.content() instanceof Raw raw ? raw.input() : ((RowOrder) signal.content()).input();
        return new OnnxSignal(null, new DerivedInput(input, node + " changes it", kind, padding), null);
    }

    /** The input that a value is computed from, and what is known of its numbers. */
    static Optional<DerivedInput> derived(OnnxValue value) {
        if (!(value instanceof OnnxSignal signal)) {
            return Optional.empty();
        }
        if (signal.content() instanceof DerivedInput derived) {
            return Optional.of(derived);
        }
        return signal.content() instanceof Raw raw
                ? Optional.of(new DerivedInput(raw.input(), "", Kind.SAME, 0))
                : Optional.empty();
    }

    private static boolean isKind(OnnxSignal signal, Kind kind) {
        return signal.content() instanceof DerivedInput derived && derived.kind() == kind;
    }

    /** A comparison of each token with a number. */
    static Optional<OnnxValue> compared(OnnxOperands operands, OnnxSignal tokens, Kind kind, long number) {
        return tokens.content() instanceof Raw
                ? Optional.of(changed(tokens, operands.node().describe(), kind, number))
                : Optional.empty();
    }

    static Optional<OnnxValue> negated(OnnxSignal signal, String node) {
        if (isKind(signal, Kind.IS_PADDING)) {
            return Optional.of(changed(signal, node, Kind.IS_TOKEN, 0));
        }
        return isKind(signal, Kind.IS_TOKEN)
                ? Optional.of(changed(signal, node, Kind.IS_PADDING, 0))
                : Optional.empty();
    }

    /**
     * Greater than 0, or GreaterOrEqual to 1: tokens above 0.
     *
     * @param number the number that the tokens are compared with
     */
    static Optional<OnnxValue> aboveZero(OnnxOperands operands, long number) {
        boolean isAboveZero = operands.all().size() == 2
                && operands.value(0) instanceof OnnxSignal
                && operands.value(1) instanceof OnnxConstant constant
                && constant.array().shape().values() == 1
                && constant.array().single() == number;
        return isAboveZero ? compared(operands, (OnnxSignal) operands.value(0), Kind.IS_TOKEN, 0) : Optional.empty();
    }

    /** Sign, or a cast to booleans: 1 for tokens above 0. */
    static Optional<OnnxValue> isNotZero(OnnxOperands operands) {
        return operands.required(0) instanceof OnnxSignal tokens
                        && tokens.content() instanceof Raw raw
                        && raw.numbers() == Raw.Numbers.WHOLE
                ? compared(operands, tokens, Kind.IS_TOKEN, 0)
                : Optional.empty();
    }

    /** ReduceSum over the steps: the number of tokens that are no padding, or of ones in a mask. */
    static Optional<OnnxValue> count(OnnxOperands operands) {
        boolean isOneAxis = operands.signals().size() == 1
                && operands.required(0) instanceof OnnxSignal
                && operands.numbers("axes", 1).filter(axes -> axes.length == 1).isPresent();
        if (!isOneAxis) {
            return Optional.empty();
        }
        OnnxSignal signal = operands.signals().get(0);
        String node = operands.node().describe();
        if (isKind(signal, Kind.IS_TOKEN)) {
            return Optional.of(changed(signal, node, Kind.TOKEN_COUNT, 0));
        }
        boolean isMask = (signal.content() instanceof Raw && signal.rank() > 1)
                || (signal.content() instanceof DerivedInput derived
                        && derived.kind() == Kind.IS_PADDING
                        && derived.padding() == 1);
        return isMask ? Optional.of(changed(signal, node, Kind.MASK_COUNT, 0)) : Optional.empty();
    }

    /** Clip or Max: lengths of at least 1, {@code lengths.clamp(min=1)}. Sequences without steps are not scored by an LSTM. */
    static Optional<OnnxValue> atLeastOne(OnnxOperands operands) {
        OnnxNode node = operands.node();
        if (operands.onlySignal().isEmpty() || node.has("max") || node.hasInput(2)) {
            return Optional.empty();
        }
        OnnxSignal signal = operands.signals().get(0);
        boolean isLength =
                signal.content() instanceof Raw || isKind(signal, Kind.SAME) || isKind(signal, Kind.TOKEN_COUNT);
        OnnxValue other = operands.value(operands.onlySignal().getAsInt() == 0 ? 1 : 0);
        boolean isOne = other == null
                ? node.has("min") && node.floatValue("min", 2) <= 1
                : other instanceof OnnxConstant constant
                        && constant.array().shape().values() == 1
                        && constant.array().single() <= 1;
        return isLength && isOne ? Optional.of(unscored(signal)) : Optional.empty();
    }

    /** The same numbers, which can't be a sequence to score. */
    private static OnnxSignal unscored(OnnxSignal signal) {
        return signal.content() instanceof Raw raw
                ? new OnnxSignal(null, new DerivedInput(raw.input(), "it holds the lengths of sequences"), null)
                : signal;
    }

    /** TopK of one number for each sequence: the sorted numbers, and their order. */
    static Optional<List<OnnxValue>> topK(OnnxOperands operands) {
        if (!(operands.required(0) instanceof OnnxSignal signal)) {
            return Optional.empty();
        }
        if (signal.content() instanceof DerivedInput derived) {
            List<List<OnnxAxis>> rows =
                    List.of(List.of(OnnxAxis.ofInput(derived.input(), 0, new OnnxPort.Axis("", -1))));
            return Optional.of(List.of(signal, new OnnxSignal(rows, new RowOrder(derived.input()), null)));
        }
        boolean isRow = (signal.content() instanceof Raw || signal.content() instanceof RowOrder) && signal.rank() == 1;
        boolean isAll = operands.knownSizes(1)
                .filter(sizes ->
                        sizes.size() == 1 && sizes.equals(signal.shape().sizes()))
                .isPresent();
        if (!isRow || !isAll) {
            return Optional.empty();
        }
        String input = signal.content() instanceof Raw raw ? raw.input() : ((RowOrder) signal.content()).input();
        return Optional.of(List.of(unscored(signal), signal.with(new RowOrder(input))));
    }

    /** ScatterElements: the inverse of an order of sequences. */
    static Optional<OnnxValue> inverse(OnnxOperands operands) {
        boolean isOrder = operands.all().size() == 3
                && operands.value(1) instanceof OnnxSignal order
                && order.content() instanceof RowOrder
                && operands.signals().size() == 1
                && operands.value(0) instanceof OnnxFill fill
                && order.shape().sizes().equals(fill.sizes());
        return isOrder ? Optional.of(operands.value(1)) : Optional.empty();
    }
}
