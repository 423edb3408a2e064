package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.Answer;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Part;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/** Operators that are a part of the model: the LSTM itself, what stands in front of it, and the output layer. */
final class OnnxLayers {
    private OnnxLayers() {}

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
            throw new ModelException("reads %s, expected what comes from an input of the graph"
                    .formatted(operands.required(0).describe()));
        }
        OnnxLstm lstm = new OnnxLstm(
                node,
                weights,
                OnnxInitialState.of("initial_h", operands.value(5), batchFirst),
                OnnxInitialState.of("initial_c", operands.value(6), batchFirst),
                input.content(),
                input.flipped() != null);
        OnnxLstmInput axes = OnnxLstmInput.of(input, batchFirst, lstm.inputWidth());
        return outputs(lstm, axes, batchFirst, input.flipped());
    }

    private static List<OnnxValue> outputs(OnnxLstm lstm, OnnxLstmInput axes, boolean batchFirst, OnnxAxis flipped) {
        List<OnnxAxis> directions = OnnxSignal.axesOf(lstm.directions());
        List<OnnxAxis> units = List.of(OnnxAxis.of(Role.UNITS, lstm.hiddenWidth()));
        List<Part> each = new ArrayList<>();
        List<Part> last = new ArrayList<>();
        for (int at = 0; at < lstm.directions(); at++) {
            each.add(new Part(lstm, at, At.EACH));
            last.add(new Part(lstm, at, lstm.reversed(at) ? At.FIRST : At.LAST));
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
            throw new ModelException("makes %s one-hot, expected the tokens of an input"
                    .formatted(operands.required(0).describe()));
        }
        long depth = (long) operands.constant(1, "the depth").only();
        float[] offAndOn = operands.constant(2, "what stands for off and on").reals();
        if (depth < 1 || offAndOn.length != 2 || offAndOn[0] != 0 || offAndOn[1] != 1) {
            throw new ModelException(
                    "depth %d with %d values for off and on, expected 0 and 1".formatted(depth, offAndOn.length));
        }
        long axis = operands.axis(-1);
        if (axis != -1 && axis != tokens.rank()) {
            throw new ModelException("axis %d of %d, expected the last".formatted(axis, tokens.rank() + 1));
        }
        return tokens.unsqueeze(new long[] {tokens.rank()})
                .endingIn(OnnxAxis.of(Role.WIDTH, depth), new OneHot(depth, raw.input()));
    }

    static OnnxValue matMul(OnnxOperands operands) {
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(operands.node().describe());
        }
        if (!(operands.required(0) instanceof OnnxSignal signal)) {
            throw new ModelException("multiplies from the left, expected an output layer, which is on the right");
        }
        return product(signal, operands.constant(1, "the matrix"), false);
    }

    static OnnxValue gemm(OnnxOperands operands) {
        OnnxNode node = operands.node();
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(node.describe());
        }
        float alpha = node.real("alpha", 1);
        float beta = node.real("beta", 1);
        boolean hasBias = operands.value(2) != null;
        if (alpha != 1 || (hasBias && beta != 1) || node.number("transA", 0) != 0) {
            throw new ModelException("alpha %s, beta %s, transA %d: expected 1, 1 and 0, as output layers have them"
                    .formatted(alpha, beta, node.number("transA", 0)));
        }
        if (!(operands.required(0) instanceof OnnxSignal signal)) {
            throw new ModelException("multiplies from the left, expected an output layer, which is on the right");
        }
        OnnxSignal logits = product(signal, operands.constant(1, "B"), node.number("transB", 0) != 0);
        if (!hasBias) {
            return logits;
        }
        if (!(logits.content() instanceof Answer answer)) {
            throw new ModelException("adds a bias to an embedding, expected none");
        }
        return logits.with(new Answer(answer.linear().plus(operands.constant(2, "C")), answer.form()));
    }

    private static OnnxSignal product(OnnxSignal signal, OnnxArray weights, boolean transposed) {
        if (!weights.shape().isMatrix()) {
            throw new ModelException("multiplies by %s, expected a matrix".formatted(weights.describe()));
        }
        if (signal.content() instanceof OneHot oneHot && !transposed) {
            return embedded(signal, oneHot, weights);
        }
        if (!(signal.content() instanceof Hidden hidden)) {
            throw onTheWay(signal);
        }
        OnnxLinear linear = new OnnxLinear(hidden, weights, transposed, null);
        if (!signal.endsInAllUnits() || linear.width() != signal.axisSize(-1)) {
            throw new ModelException("multiplies %s by %s, expected a matrix that reads all of its hidden units"
                    .formatted(signal.describe(), weights.describe()));
        }
        return signal.endingIn(OnnxAxis.of(Role.CLASSES, linear.classes()), new Answer(linear, Answer.Form.LOGITS));
    }

    /** A one-hot row times a matrix is a row of that matrix. */
    private static OnnxSignal embedded(OnnxSignal signal, OneHot oneHot, OnnxArray table) {
        if (table.shape().rows() != oneHot.depth() || signal.axisSize(-1) != oneHot.depth()) {
            throw new ModelException("multiplies one-hot tokens of depth %d by %s, expected as many rows"
                    .formatted(oneHot.depth(), table.describe()));
        }
        return signal.endingIn(OnnxAxis.of(Role.WIDTH, table.shape().columns()), new Embedded(table, oneHot.input()));
    }

    /** The refusal of what stands where nothing may stand. */
    static ModelException onTheWay(OnnxSignal signal) {
        return new ModelException(("stands on the way from input to output, after %s: only an embedding, LSTMs, one "
                        + "output layer and a softmax can be scored")
                .formatted(signal.content().place()));
    }

    /** A bias of the output layer, or two directions that are merged. */
    static OnnxValue add(OnnxOperands operands) {
        if (operands.signals().size() == 2) {
            return merged(operands, Merge.SUM);
        }
        int at = operands.onlySignal().orElseThrow();
        OnnxSignal signal = operands.signals().get(0);
        if (!(signal.content() instanceof Answer answer) || answer.form() != Answer.Form.LOGITS) {
            throw onTheWay(signal);
        }
        boolean last =
                signal.dimensions().get(signal.rank() - 1).stream().anyMatch(axis -> axis.role() == Role.CLASSES);
        OnnxArray bias = operands.constant(1 - at, "the bias");
        if (!last || bias.shape().rank() > signal.rank()) {
            throw new ModelException("adds %s to %s, expected a bias of the classes, on the last axis"
                    .formatted(bias.describe(), signal.describe()));
        }
        return signal.with(new Answer(answer.linear().plus(bias), answer.form()));
    }

    /** Two directions of a layer, unit by unit. */
    static OnnxValue merged(OnnxOperands operands, Merge merge) {
        List<OnnxSignal> signals = operands.signals();
        OnnxSignal one = signals.get(0);
        if (signals.size() == 2
                && one.content() instanceof Hidden first
                && signals.get(1).content() instanceof Hidden second
                && first.parts().size() == 1
                && second.parts().size() == 1
                && one.matches(signals.get(1))) {
            Part part = first.parts().get(0);
            Part other = second.parts().get(0);
            boolean swapped = part.reversed() && !other.reversed();
            return one.with(new Hidden(swapped ? List.of(other, part) : List.of(part, other), merge));
        }
        throw onTheWay(one);
    }

    /** A product of two directions, or half the sum of them. */
    static OnnxValue scaled(OnnxOperands operands, float half) {
        if (operands.signals().size() == 2 && half != 2) {
            return merged(operands, Merge.MUL);
        }
        int at = operands.onlySignal()
                .orElseThrow(() -> onTheWay(operands.signals().get(0)));
        OnnxSignal signal = operands.signals().get(0);
        boolean isHalved = signal.content() instanceof Hidden hidden
                && hidden.merge() == Merge.SUM
                && (half != 2 || at == 0)
                && operands.value(1 - at) instanceof OnnxConstant constant
                && constant.array().shape().values() == 1
                && constant.array().only() == half;
        if (!isHalved) {
            throw onTheWay(signal);
        }
        return signal.with(new Hidden(((Hidden) signal.content()).parts(), Merge.AVERAGE));
    }

    /** @param flattens whether axes after this one are laid together first, as up to opset 12 */
    static OnnxValue softmax(OnnxOperands operands, Answer.Form form, boolean flattens) {
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(operands.node().describe());
        }
        OnnxSignal signal = operands.signals().get(0);
        if (!(signal.content() instanceof Answer answer) || answer.form() != Answer.Form.LOGITS) {
            throw onTheWay(signal);
        }
        int axis = OnnxValue.axis(operands.axis(flattens ? 1 : -1), signal.rank());
        requireClasses(signal, axis);
        boolean isLast =
                signal.dimensions().subList(axis + 1, signal.rank()).stream().allMatch(List::isEmpty);
        if (flattens && !isLast) {
            throw new ModelException("axis %d of %d, expected the last: up to opset 12 all axes from there on are one"
                    .formatted(axis, signal.rank()));
        }
        return signal.with(new Answer(answer.linear(), form));
    }

    /** The most probable class, of logits or of what grows with them. */
    static OnnxValue argMax(OnnxOperands operands) {
        if (operands.signals().isEmpty()) {
            return new OnnxOpaque(operands.node().describe());
        }
        OnnxSignal signal = operands.signals().get(0);
        if (!(signal.content() instanceof Answer answer) || answer.form() == Answer.Form.PREDICTION) {
            throw onTheWay(signal);
        }
        int axis = OnnxValue.axis(operands.axis(0), signal.rank());
        requireClasses(signal, axis);
        List<List<OnnxAxis>> left = new ArrayList<>(signal.dimensions());
        left.set(axis, List.of());
        OnnxSignal kept = new OnnxSignal(left, new Answer(answer.linear(), Answer.Form.PREDICTION), signal.flipped());
        return operands.node().number("keepdims", 1) != 0 ? kept : kept.squeeze(new long[] {axis});
    }

    private static void requireClasses(OnnxSignal signal, int axis) {
        List<OnnxAxis> axes = signal.wide(axis);
        if (axes.size() != 1 || axes.get(0).role() != Role.CLASSES) {
            throw new ModelException("runs over %s, expected the classes alone; check its axis".formatted(axes));
        }
    }

    /** The same from the last step to the first, each sequence in its own length. */
    static OnnxValue reverse(OnnxOperands operands) {
        if (!(operands.required(0) instanceof OnnxSignal signal) || signal.isPart()) {
            return operands.required(0);
        }
        int time = OnnxValue.axis(operands.node().number("time_axis", 0), signal.rank());
        List<OnnxAxis> axes = signal.dimensions().get(time);
        if (axes.size() != 1 || !axes.get(0).isInput()) {
            throw new ModelException("turns %s around, expected the steps".formatted(axes));
        }
        return signal.flip(axes.get(0));
    }
}
