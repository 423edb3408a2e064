package sluice.cell.weights.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongBinaryOperator;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;

/**
 * Evaluates a graph symbolically, node by node, and records for each value its axes and its content.
 *
 * <p>It does not match patterns of exporters: any sequence of operators that only move axes is understood. An operator
 * that changes values and is not part of a supported model is an error.
 */
final class OnnxInterpreter {
    private static final Set<String> OTHER_CELLS = Set.of("GRU", "RNN");

    /** Limit, far more LSTM nodes than any model has. */
    private static final int MAX_LSTMS = 1_000;

    private final OnnxGraph graph;
    private final OnnxArray.Source source;
    private final Map<String, OnnxValue> values = new HashMap<>();
    private int lstms; // LSTM nodes evaluated

    OnnxInterpreter(OnnxGraph graph, OnnxArray.Source source) {
        this.graph = graph;
        this.source = source;
    }

    /**
     * Evaluates the nodes that these outputs depend on.
     *
     * @throws ModelException if a node is not supported; the message begins with the node
     */
    Map<String, OnnxValue> valuesOf(List<String> outputs) {
        graph.inputs().forEach(input -> values.put(input.name(), OnnxSignal.of(input)));
        // An initializer with the name of an input is its default, and here its only value.
        graph.initializers()
                .forEach((name, tensor) -> values.put(name, new OnnxConstant(OnnxArray.of(source, tensor))));
        Set<Integer> needed = needed(outputs);
        for (OnnxNode node : graph.nodes()) {
            if (needed.contains(node.index())) {
                evaluate(node);
            }
        }
        Map<String, OnnxValue> found = new LinkedHashMap<>();
        for (String output : outputs) {
            OnnxValue value = values.get(output);
            if (value == null) {
                throw new ModelException(
                        "output '%s' of the graph is not produced by any node, expected one".formatted(output));
            }
            found.put(output, value);
        }
        return found;
    }

    /** The indices of all nodes that these outputs depend on. */
    private Set<Integer> needed(List<String> outputs) {
        Map<String, OnnxNode> producers = new HashMap<>();
        graph.nodes().forEach(node -> node.outputs().forEach(output -> producers.put(output, node)));
        Set<Integer> needed = new HashSet<>();
        Deque<String> names = new ArrayDeque<>(outputs);
        while (!names.isEmpty()) {
            OnnxNode node = producers.get(names.pop());
            if (node == null || !needed.add(node.index())) {
                continue;
            }
            for (int at = 0; at < node.inputs().size(); at++) {
                if (node.hasInput(at) && isUsed(node, at)) {
                    names.push(node.input(at));
                }
            }
        }
        return needed;
    }

    /** Whether an input is evaluated. Sequence lengths and target shapes of repeated constants are not needed. */
    private static boolean isUsed(OnnxNode node, int input) {
        return switch (node.operator()) {
            case "LSTM" -> input != OnnxLstm.SEQUENCE_LENS;
            case "Expand", "Tile", "ReverseSequence", "Dropout" -> input == 0;
            case "ConstantOfShape" -> false;
            default -> true;
        };
    }

    private void evaluate(OnnxNode node) {
        List<OnnxValue> inputs = new ArrayList<>();
        for (int at = 0; at < node.inputs().size(); at++) {
            inputs.add(node.hasInput(at) && isUsed(node, at) ? values.get(node.input(at)) : null);
        }
        try {
            if (node.operator().equals("LSTM") && ++lstms > MAX_LSTMS) {
                throw new ModelException(
                        String.format(Locale.ROOT, "the graph has more than %d LSTM nodes, expected fewer", MAX_LSTMS));
            }
            OnnxOperands operands = new OnnxOperands(node, inputs, source);
            List<OnnxValue> results = node.isStandard() ? results(operands) : List.of(otherOperator(operands));
            for (int at = 0; at < node.outputs().size(); at++) {
                OnnxValue result = at < results.size() ? results.get(at) : new OnnxOpaque(node.describe());
                values.put(node.outputs().get(at), result);
            }
        } catch (ModelException e) {
            throw new ModelException(node.describe() + ": " + e.getMessage(), e);
        }
    }

    private List<OnnxValue> results(OnnxOperands operands) {
        return switch (operands.node().operator()) {
            case "LSTM" -> OnnxModelOperators.lstm(operands);
            case "Split" -> OnnxShapeOperators.split(operands);
            default -> List.of(result(operands));
        };
    }

    private OnnxValue result(OnnxOperands operands) {
        return switch (operands.node().operator()) {
            case "Identity", "Dropout" -> operands.required(0);
            case "Cast" -> cast(operands);
            case "Constant" -> constant(operands.node());
            case "ConstantOfShape" -> fill(operands.node());
            case "Transpose" -> OnnxShapeOperators.transpose(operands);
            case "Squeeze" -> OnnxShapeOperators.squeeze(operands);
            case "Unsqueeze" -> OnnxShapeOperators.unsqueeze(operands);
            case "Reshape" -> OnnxShapeOperators.reshape(operands);
            case "Flatten" -> OnnxShapeOperators.flatten(operands);
            case "Slice" -> OnnxShapeOperators.slice(operands);
            case "Concat" -> OnnxShapeOperators.concat(operands);
            case "Gather" -> OnnxShapeOperators.gather(operands);
            case "Shape" -> OnnxShapeOperators.shape(operands);
            case "Expand", "Tile" -> OnnxShapeOperators.expand(operands);
            case "ReverseSequence" -> OnnxModelOperators.reverse(operands);
            case "OneHot" -> OnnxModelOperators.oneHot(operands);
            case "MatMul" -> OnnxModelOperators.matMul(operands);
            case "Gemm" -> OnnxModelOperators.gemm(operands);
            case "Add", "Sum", "Mul", "Div", "Sub", "Mean" -> arithmetic(operands);
            case "Softmax" -> OnnxModelOperators.softmax(operands, ClassScores.Form.PROBABILITIES, flattens());
            case "LogSoftmax" -> OnnxModelOperators.softmax(operands, ClassScores.Form.LOG_PROBABILITIES, flattens());
            case "Sigmoid" -> OnnxModelOperators.sigmoid(operands).orElseGet(() -> otherOperator(operands));
            case "ArgMax" -> OnnxModelOperators.argMax(operands);
            default -> otherOperator(operands);
        };
    }

    /** Up to opset 12 a softmax covers all axes from its axis on. */
    private boolean flattens() {
        return graph.opset() < 13;
    }

    private static OnnxValue cast(OnnxOperands operands) {
        long to = operands.node().number("to", 0);
        OnnxType type = OnnxType.numbered(to)
                .filter(known -> known.isFloat() || known.isInteger())
                .orElseThrow(() -> new ModelException(
                        String.format(Locale.ROOT, "casts to type %d, expected a floating-point or integer type", to)));
        return type == OnnxType.BOOL
                ? otherOperator(operands)
                : operands.required(0).cast(type.isInteger());
    }

    private OnnxValue constant(OnnxNode node) {
        String name = node.outputs().isEmpty() ? "" : node.outputs().get(0);
        for (OnnxAttribute attribute : node.attributes().values()) {
            switch (attribute.name()) {
                case "value" -> {
                    if (attribute.tensor() != null) {
                        return new OnnxConstant(
                                OnnxArray.of(source, attribute.tensor().named(name)));
                    }
                }
                case "value_float" -> {
                    return new OnnxConstant(OnnxArray.scalarFloat(source, name, attribute.floatValue()));
                }
                case "value_floats" -> {
                    return new OnnxConstant(OnnxArray.ofFloats(source, name, attribute.floats()));
                }
                case "value_int" -> {
                    return new OnnxConstant(OnnxArray.scalar(source, name, attribute.number()));
                }
                case "value_ints" -> {
                    return new OnnxConstant(OnnxArray.of(source, name, attribute.numbers()));
                }
                default -> {}
            }
        }
        return new OnnxOpaque(node.describe());
    }

    /** ConstantOfShape: zeros by default. */
    private OnnxValue fill(OnnxNode node) {
        OnnxAttribute value = node.attributes().get("value");
        return value == null || value.tensor() == null
                ? new OnnxFill(0)
                : new OnnxFill(
                        OnnxArray.of(source, value.tensor().named("value")).single());
    }

    private static OnnxValue arithmetic(OnnxOperands operands) {
        String operator = operands.node().operator();
        if (operands.signals().isEmpty()) {
            return sizes(operands, operator);
        }
        if (operands.all().size() != 2) {
            throw OnnxModelOperators.unsupportedOperator(operands.signals().get(0));
        }
        return switch (operator) {
            case "Add", "Sum" -> OnnxModelOperators.add(operands);
            case "Mean" -> OnnxModelOperators.merged(operands, Merge.AVERAGE);
            case "Mul" -> OnnxModelOperators.scaled(operands, 0.5f);
            case "Div" -> OnnxModelOperators.scaled(operands, 2);
            default ->
                throw OnnxModelOperators.unsupportedOperator(operands.signals().get(0));
        };
    }

    private static OnnxValue sizes(OnnxOperands operands, String operator) {
        LongBinaryOperator function = switch (operator) {
            case "Add" -> Math::addExact;
            case "Sub" -> Math::subtractExact;
            case "Mul" -> Math::multiplyExact;
            case "Div" -> (one, two) -> two == 0 ? 0 : one / two;
            default -> null;
        };
        boolean areSizes = function != null
                && operands.all().size() == 2
                && operands.all().stream().allMatch(OnnxSizes::canBe);
        if (!areSizes) {
            return new OnnxOpaque(operands.node().describe());
        }
        return OnnxSizes.of(operands.value(0))
                .orElseThrow()
                .combined(OnnxSizes.of(operands.value(1)).orElseThrow(), function);
    }

    /** An operator that is not evaluated. It is an error only if it reads a value that depends on the sequence. */
    private static OnnxValue otherOperator(OnnxOperands operands) {
        OnnxNode node = operands.node();
        if (node.isStandard() && OTHER_CELLS.contains(node.operator())) {
            throw new ModelException("is a %s, expected an LSTM; only LSTMs can be scored"
                    .formatted(node.operator().equals("GRU") ? "GRU" : "plain RNN"));
        }
        List<OnnxSignal> signals = operands.signals();
        if (signals.isEmpty()) {
            return new OnnxOpaque(node.describe());
        }
        for (OnnxSignal signal : signals) {
            if (!signal.isDerivedInput() && !(signal.content() instanceof OnnxContent.Raw)) {
                throw OnnxModelOperators.unsupportedOperator(signal);
            }
        }
        OnnxSignal first = signals.get(0);
        return first.content() instanceof OnnxContent.Raw raw
                ? new OnnxSignal(null, new OnnxContent.DerivedInput(raw.input(), node.describe() + " changes it"), null)
                : first;
    }
}
