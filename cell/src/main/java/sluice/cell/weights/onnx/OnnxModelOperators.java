package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/** Operators that are part of a model: LSTM, embedding, output layer, softmax, and merging of directions. */
final class OnnxModelOperators {
    private OnnxModelOperators() {}

    /** The three outputs of an LSTM node: Y, Y_h, Y_c. */
    static List<OnnxValue> lstm(OnnxOperands operands) {
        OnnxNode node = operands.node();
        boolean batchFirst = node.number("layout", 0) != 0;
        OnnxLstm.Weights weights = new OnnxLstm.Weights(
                operands.constant(1, "W"),
                operands.constant(2, "R"),
                operands.optionalConstant(3, "B"),
                operands.optionalConstant(7, "P"));
        if (!(operands.required(0) instanceof OnnxSignal input)) {
            throw new ModelException("reads %s, expected a value that depends on an input of the graph"
                    .formatted(operands.required(0).describe()));
        }
        OnnxLstm lstm = new OnnxLstm(
                node,
                weights,
                initialState("initial_h", operands.value(5), batchFirst),
                initialState("initial_c", operands.value(6), batchFirst),
                input.content(),
                input.flipped() != null);
        OnnxLstmInput axes = OnnxLstmInput.of(input, batchFirst, lstm.inputWidth());
        lstm.setInputNotes(OnnxSteps.check(axes, lstm.startsFromInput()));
        lstm.setPadding(OnnxLengths.padding(operands.value(OnnxLstm.SEQUENCE_LENS), axes.steps(), input.content()));
        return outputs(lstm, axes, batchFirst, input.flipped());
    }

    private static List<OnnxValue> outputs(OnnxLstm lstm, OnnxLstmInput axes, boolean batchFirst, OnnxAxis flipped) {
        List<OnnxAxis> directions = OnnxSignal.directionAxes(lstm.directions());
        List<OnnxAxis> units = List.of(OnnxAxis.of(Role.UNITS, lstm.hiddenWidth()));
        List<DirectionOutput> each = new ArrayList<>();
        List<DirectionOutput> last = new ArrayList<>();
        for (int at = 0; at < lstm.directions(); at++) {
            each.add(new DirectionOutput(lstm, at, At.EACH));
            last.add(new DirectionOutput(lstm, at, lstm.reversed(at) ? At.FIRST : At.LAST));
        }
        List<List<OnnxAxis>> all = batchFirst
                ? List.of(axes.batch(), axes.steps(), directions, units)
                : List.of(axes.steps(), directions, axes.batch(), units);
        List<List<OnnxAxis>> states =
                batchFirst ? List.of(axes.batch(), directions, units) : List.of(directions, axes.batch(), units);
        return List.of(
                new OnnxSignal(all, new Hidden(each, Merge.CONCAT), flipped),
                new OnnxSignal(states, new Hidden(last, Merge.CONCAT), null),
                new OnnxSignal(states, new Cell(last), null));
    }

    static OnnxValue oneHot(OnnxOperands operands) {
        if (!(operands.required(0) instanceof OnnxSignal tokens) || !(tokens.content() instanceof Raw raw)) {
            throw new ModelException("one-hot encodes %s, expected the tokens of an input"
                    .formatted(operands.required(0).describe()));
        }
        long depth = (long) operands.constant(1, "the depth").single();
        float[] offAndOn = operands.constant(2, "the off and on values").floats();
        if (depth < 1 || offAndOn.length != 2 || offAndOn[0] != 0 || offAndOn[1] != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "depth is %d with %d off and on values, expected a depth above 0 and the values 0 and 1",
                    depth,
                    offAndOn.length));
        }
        long axis = operands.axis(-1);
        if (axis != -1 && axis != tokens.rank()) {
            throw new ModelException(
                    String.format(Locale.ROOT, "axis is %d of %d, expected the last one", axis, tokens.rank() + 1));
        }
        return tokens.unsqueeze(new long[] {tokens.rank()})
                .withLastAxis(OnnxAxis.of(Role.WIDTH, depth), new OneHot(depth, raw.input()));
    }

    static OnnxValue matMul(OnnxOperands operands) {
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(operands.node().describe());
        }
        if (!(operands.required(0) instanceof OnnxSignal signal)) {
            throw new ModelException(
                    "has the input-dependent operand on the right, expected it on the left: hidden states times weights");
        }
        return product(signal, operands.constant(1, "the matrix"), false);
    }

    static OnnxValue gemm(OnnxOperands operands) {
        OnnxNode node = operands.node();
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(node.describe());
        }
        float alpha = node.floatValue("alpha", 1);
        float beta = node.floatValue("beta", 1);
        boolean hasBias = operands.value(2) != null;
        if (alpha != 1 || (hasBias && beta != 1) || node.number("transA", 0) != 0) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "alpha %s, beta %s, transA %d: expected 1, 1 and 0",
                    alpha,
                    beta,
                    node.number("transA", 0)));
        }
        if (!(operands.required(0) instanceof OnnxSignal signal)) {
            throw new ModelException(
                    "has the input-dependent operand on the right, expected it on the left: hidden states times weights");
        }
        OnnxSignal logits = product(signal, operands.constant(1, "B"), node.number("transB", 0) != 0);
        if (!hasBias) {
            return logits;
        }
        if (!(logits.content() instanceof ClassScores scores)) {
            throw new ModelException("adds a bias to an embedding, which is not supported: expected no bias");
        }
        return logits.with(new ClassScores(scores.linear().plus(operands.constant(2, "C")), scores.form()));
    }

    private static OnnxSignal product(OnnxSignal signal, OnnxArray weights, boolean transposed) {
        if (!weights.shape().isMatrix()) {
            throw new ModelException("multiplies by %s, expected a matrix".formatted(weights.describe()));
        }
        if (signal.content() instanceof OneHot oneHot && !transposed) {
            return embedded(signal, oneHot, weights);
        }
        if (!(signal.content() instanceof Hidden hidden)) {
            throw OnnxUnsupported.operator(signal);
        }
        OnnxLinear linear = new OnnxLinear(hidden, weights, transposed, null);
        if (!signal.endsInAllUnits() || linear.width() != signal.axisSize(-1)) {
            throw new ModelException(
                    "multiplies %s by %s, expected its last axis to be all hidden units, the directions one after the other; in PyTorch, use the output of nn.LSTM as it is"
                            .formatted(signal.describe(), weights.describe()));
        }
        return signal.withLastAxis(
                OnnxAxis.of(Role.CLASSES, linear.classes()), new ClassScores(linear, ClassScores.Form.LOGITS));
    }

    /** One-hot vectors times a matrix select rows of the matrix: an embedding. */
    private static OnnxSignal embedded(OnnxSignal signal, OneHot oneHot, OnnxArray table) {
        if (table.shape().rows() != oneHot.depth() || signal.axisSize(-1) != oneHot.depth()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "multiplies one-hot tokens of depth %d by %s, expected one row per token",
                    oneHot.depth(),
                    table.describe()));
        }
        return signal.withLastAxis(
                OnnxAxis.of(Role.WIDTH, table.shape().columns()), new Embedded(table, oneHot.input()));
    }

    /** Add: the bias of the output layer, or the sum of two directions. */
    static OnnxValue add(OnnxOperands operands) {
        if (operands.signals().size() == 2) {
            return merged(operands, Merge.SUM);
        }
        int at = operands.onlySignal().orElseThrow();
        OnnxSignal signal = operands.signals().get(0);
        if (!(signal.content() instanceof ClassScores scores) || scores.form() != ClassScores.Form.LOGITS) {
            throw OnnxUnsupported.operator(signal);
        }
        boolean last =
                signal.dimensions().get(signal.rank() - 1).stream().anyMatch(axis -> axis.role() == Role.CLASSES);
        OnnxArray bias = operands.constant(1 - at, "the bias");
        if (!last || bias.shape().rank() > signal.rank()) {
            throw new ModelException("adds %s to %s, expected a bias of the classes, on the last axis"
                    .formatted(bias.describe(), signal.describe()));
        }
        return signal.with(new ClassScores(scores.linear().plus(bias), scores.form()));
    }

    /** Merges two directions of a layer element by element. */
    static OnnxValue merged(OnnxOperands operands, Merge merge) {
        List<OnnxSignal> signals = operands.signals();
        OnnxSignal one = signals.get(0);
        if (signals.size() == 2
                && one.content() instanceof Hidden first
                && signals.get(1).content() instanceof Hidden second
                && first.parts().size() == 1
                && second.parts().size() == 1
                && one.matches(signals.get(1))) {
            DirectionOutput part = first.parts().get(0);
            DirectionOutput other = second.parts().get(0);
            boolean reversedOrder = part.reversed() && !other.reversed();
            return one.with(new Hidden(reversedOrder ? List.of(other, part) : List.of(part, other), merge));
        }
        throw OnnxUnsupported.operator(one);
    }

    /** Mul or Div: the product of two directions, or their sum times a constant, which makes it the average. */
    static OnnxValue scaled(OnnxOperands operands, float half) {
        if (operands.signals().size() == 2 && half != 2) {
            return merged(operands, Merge.MUL);
        }
        int at = operands.onlySignal()
                .orElseThrow(() -> OnnxUnsupported.operator(operands.signals().get(0)));
        OnnxSignal signal = operands.signals().get(0);
        boolean isHalved = signal.content() instanceof Hidden hidden
                && hidden.merge() == Merge.SUM
                && (half != 2 || at == 0)
                && operands.value(1 - at) instanceof OnnxConstant constant
                && constant.array().shape().values() == 1
                && constant.array().single() == half;
        if (!isHalved) {
            throw OnnxUnsupported.operator(signal);
        }
        return signal.with(new Hidden(((Hidden) signal.content()).parts(), Merge.AVERAGE));
    }

    /** @param flattens whether the softmax covers all axes from its axis on, as up to opset 12 */
    static OnnxValue softmax(OnnxOperands operands, ClassScores.Form form, boolean flattens) {
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(operands.node().describe());
        }
        OnnxSignal signal = operands.signals().get(0);
        if (!(signal.content() instanceof ClassScores scores) || scores.form() != ClassScores.Form.LOGITS) {
            throw OnnxUnsupported.operator(signal);
        }
        int axis = OnnxValue.axis(operands.axis(flattens ? 1 : -1), signal.rank());
        requireClasses(signal, axis);
        boolean isLast =
                signal.dimensions().subList(axis + 1, signal.rank()).stream().allMatch(List::isEmpty);
        if (flattens && !isLast) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "axis is %d of %d, expected the last one: up to opset 12 the softmax covers all axes from there on",
                    axis,
                    signal.rank()));
        }
        return signal.with(new ClassScores(scores.linear(), form));
    }

    /** A sigmoid of the output layer; empty for any other sigmoid. */
    static Optional<OnnxValue> sigmoid(OnnxOperands operands) {
        return operands.signals().stream()
                .filter(signal ->
                        signal.content() instanceof ClassScores scores && scores.form() == ClassScores.Form.LOGITS)
                .map(signal -> (OnnxValue) signal.with(
                        new ClassScores(((ClassScores) signal.content()).linear(), ClassScores.Form.SIGMOIDS)))
                .findFirst();
    }

    /** The most probable class, of logits, probabilities or log-probabilities. */
    static OnnxValue argMax(OnnxOperands operands) {
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(operands.node().describe());
        }
        OnnxSignal signal = operands.signals().get(0);
        if (!(signal.content() instanceof ClassScores scores) || scores.form() == ClassScores.Form.ARGMAX) {
            throw OnnxUnsupported.operator(signal);
        }
        int axis = OnnxValue.axis(operands.axis(0), signal.rank());
        requireClasses(signal, axis);
        List<List<OnnxAxis>> remaining = new ArrayList<>(signal.dimensions());
        remaining.set(axis, List.of());
        OnnxSignal kept =
                new OnnxSignal(remaining, new ClassScores(scores.linear(), ClassScores.Form.ARGMAX), signal.flipped());
        return operands.node().number("keepdims", 1) != 0 ? kept : kept.squeeze(new long[] {axis});
    }

    private static void requireClasses(OnnxSignal signal, int axis) {
        List<OnnxAxis> axes = signal.nontrivialAxes(axis);
        if (axes.size() != 1 || axes.get(0).role() != Role.CLASSES) {
            throw new ModelException(
                    "runs over %s, expected only the classes; check its axis".formatted(OnnxAxis.list(axes)));
        }
    }

    /** ReverseSequence: reverses the steps of each sequence by its own length. */
    static OnnxValue reverse(OnnxOperands operands) {
        if (!(operands.required(0) instanceof OnnxSignal signal) || signal.isDerivedInput()) {
            return operands.required(0);
        }
        int time = OnnxValue.axis(operands.node().number("time_axis", 0), signal.rank());
        List<OnnxAxis> axes = signal.dimensions().get(time);
        if (axes.size() != 1 || !axes.get(0).isInput()) {
            throw new ModelException("reverses %s, expected the steps".formatted(OnnxAxis.list(axes)));
        }
        OnnxLengths.padding(operands.value(1), axes, signal.content());
        return signal.flip(axes.get(0));
    }

    /**
     * @param value null if the input is omitted
     * @param batchFirst whether the node has layout 1
     * @throws ModelException if the value is neither constant nor a graph input
     */
    private static OnnxInitialState initialState(String what, OnnxValue value, boolean batchFirst) {
        if (value == null) {
            return OnnxInitialState.filled(new OnnxFill(0, null), batchFirst);
        }
        if (value instanceof OnnxFill fill) {
            return OnnxInitialState.filled(fill, batchFirst);
        }
        if (value instanceof OnnxConstant constant) {
            return OnnxInitialState.constant(constant.array(), batchFirst);
        }
        if (value instanceof OnnxExpanded rows) {
            return OnnxInitialState.constant(rows.constant().array(), batchFirst);
        }
        if (value instanceof OnnxSignal signal && signal.content() instanceof OnnxContent.Raw raw) {
            return OnnxInitialState.input(raw.input());
        }
        if (value instanceof OnnxSignal signal
                && signal.content() instanceof OnnxContent.DerivedInput part
                && part.kind() == OnnxContent.DerivedInput.Kind.SAME) {
            return OnnxInitialState.input(part.input());
        }
        throw new ModelException(
                "%s is %s, expected zeros, constants, or an input of the graph: other initial states are not supported"
                        .formatted(what, value.describe()));
    }
}
