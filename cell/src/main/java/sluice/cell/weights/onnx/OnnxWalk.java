package sluice.cell.weights.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongBinaryOperator;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxContent.Answer;

/**
 * Goes through a graph from its inputs to its outputs, node by node, and keeps for each value what it is: which axes
 * it has, and what of the model stands on them.
 *
 * <p>No pattern of an exporter is looked for: whatever nodes move axes about, the result is the same. A node that
 * changes what flows through the graph, and is no part of a model, ends the walk.
 */
final class OnnxWalk {
    private static final Set<String> OTHER_CELLS = Set.of("GRU", "RNN");

    /** Far more layers than any model has. */
    private static final int MAX_LSTMS = 1_000;

    private final OnnxGraph graph;
    private final OnnxArray.Source source;
    private final Map<String, OnnxValue> values = new HashMap<>();
    private int lstms; // nodes run

    OnnxWalk(OnnxGraph graph, OnnxArray.Source source) {
        this.graph = graph;
        this.source = source;
    }

    /**
     * Finds out what these values of the graph are.
     *
     * @throws ModelException where a node on the way to them can't be followed; the message begins with the node
     */
    Map<String, OnnxValue> valuesOf(List<String> outputs) {
        graph.inputs().forEach(input -> values.put(input.name(), OnnxSignal.of(input)));
        // An input of the same name has the tensor as its default, and takes no other here.
        graph.initializers()
                .forEach((name, tensor) -> values.put(name, new OnnxConstant(OnnxArray.of(source, tensor))));
        Set<Integer> needed = needed(outputs);
        for (OnnxNode node : graph.nodes()) {
            if (needed.contains(node.place())) {
                run(node);
            }
        }
        Map<String, OnnxValue> found = new LinkedHashMap<>();
        for (String output : outputs) {
            OnnxValue value = values.get(output);
            if (value == null) {
                throw new ModelException("output '%s' of the graph is given by nothing in it".formatted(output));
            }
            found.put(output, value);
        }
        return found;
    }

    /** The places of all nodes that these outputs depend on. */
    private Set<Integer> needed(List<String> outputs) {
        Map<String, OnnxNode> givers = new HashMap<>();
        graph.nodes().forEach(node -> node.outputs().forEach(output -> givers.put(output, node)));
        Set<Integer> needed = new HashSet<>();
        Deque<String> names = new ArrayDeque<>(outputs);
        while (!names.isEmpty()) {
            OnnxNode node = givers.get(names.pop());
            if (node == null || !needed.add(node.place())) {
                continue;
            }
            for (int at = 0; at < node.inputs().size(); at++) {
                if (node.hasInput(at) && matters(node, at)) {
                    names.push(node.input(at));
                }
            }
        }
        return needed;
    }

    /** Sequences have their own lengths here, and constants that fill a batch are never written out. */
    private static boolean matters(OnnxNode node, int input) {
        return switch (node.operator()) {
            case "LSTM" -> input != OnnxLstm.SEQUENCE_LENS;
            case "Expand", "Tile", "ReverseSequence", "Dropout" -> input == 0;
            case "ConstantOfShape" -> false;
            default -> true;
        };
    }

    private void run(OnnxNode node) {
        List<OnnxValue> inputs = new ArrayList<>();
        for (int at = 0; at < node.inputs().size(); at++) {
            inputs.add(node.hasInput(at) && matters(node, at) ? values.get(node.input(at)) : null);
        }
        try {
            if (node.operator().equals("LSTM") && ++lstms > MAX_LSTMS) {
                throw new ModelException("more than %d LSTMs, expected fewer".formatted(MAX_LSTMS));
            }
            OnnxOperands operands = new OnnxOperands(node, inputs, source);
            List<OnnxValue> results = node.isStandard() ? results(operands) : List.of(other(operands));
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
            case "LSTM" -> OnnxLayers.lstm(operands);
            case "Split" -> OnnxMoves.split(operands);
            default -> List.of(result(operands));
        };
    }

    private OnnxValue result(OnnxOperands operands) {
        return switch (operands.node().operator()) {
            case "Identity", "Dropout" -> operands.required(0);
            case "Cast" -> cast(operands);
            case "Constant" -> constant(operands.node());
            case "ConstantOfShape" -> fill(operands.node());
            case "Transpose" -> OnnxMoves.transpose(operands);
            case "Squeeze" -> OnnxMoves.squeeze(operands);
            case "Unsqueeze" -> OnnxMoves.unsqueeze(operands);
            case "Reshape" -> OnnxMoves.reshape(operands);
            case "Flatten" -> OnnxMoves.flatten(operands);
            case "Slice" -> OnnxMoves.slice(operands);
            case "Concat" -> OnnxMoves.concat(operands);
            case "Gather" -> OnnxMoves.gather(operands);
            case "Shape" -> OnnxMoves.shape(operands);
            case "Expand", "Tile" -> OnnxMoves.expand(operands);
            case "ReverseSequence" -> OnnxLayers.reverse(operands);
            case "OneHot" -> OnnxLayers.oneHot(operands);
            case "MatMul" -> OnnxLayers.matMul(operands);
            case "Gemm" -> OnnxLayers.gemm(operands);
            case "Add", "Sum", "Mul", "Div", "Sub", "Mean" -> arithmetic(operands);
            case "Softmax" -> OnnxLayers.softmax(operands, Answer.Form.PROBABILITIES, flattens());
            case "LogSoftmax" -> OnnxLayers.softmax(operands, Answer.Form.LOG_PROBABILITIES, flattens());
            case "ArgMax" -> OnnxLayers.argMax(operands);
            default -> other(operands);
        };
    }

    /** Up to opset 12 a softmax runs over all axes from its own on. */
    private boolean flattens() {
        return graph.opset() < 13;
    }

    private static OnnxValue cast(OnnxOperands operands) {
        long to = operands.node().number("to", 0);
        OnnxType type = OnnxType.numbered(to)
                .filter(known -> known.isReal() || known.isWhole())
                .orElseThrow(() -> new ModelException("to type %d, expected a real or whole one".formatted(to)));
        return type == OnnxType.BOOL ? other(operands) : operands.required(0).cast(type.isWhole());
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
                    return new OnnxConstant(OnnxArray.scalarReal(source, name, attribute.real()));
                }
                case "value_floats" -> {
                    return new OnnxConstant(OnnxArray.ofReals(source, name, attribute.reals()));
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

    /** A ConstantOfShape: zeros where it says nothing. */
    private OnnxValue fill(OnnxNode node) {
        OnnxAttribute value = node.attributes().get("value");
        return value == null || value.tensor() == null
                ? new OnnxFill(0)
                : new OnnxFill(
                        OnnxArray.of(source, value.tensor().named("value")).only());
    }

    private static OnnxValue arithmetic(OnnxOperands operands) {
        String operator = operands.node().operator();
        if (operands.signals().isEmpty()) {
            return sizes(operands, operator);
        }
        if (operands.all().size() != 2) {
            throw OnnxLayers.onTheWay(operands.signals().get(0));
        }
        return switch (operator) {
            case "Add", "Sum" -> OnnxLayers.add(operands);
            case "Mean" -> OnnxLayers.merged(operands, Merge.AVERAGE);
            case "Mul" -> OnnxLayers.scaled(operands, 0.5f);
            case "Div" -> OnnxLayers.scaled(operands, 2);
            default -> throw OnnxLayers.onTheWay(operands.signals().get(0));
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

    /** An operator that isn't followed: harmless as long as nothing of the input goes into it. */
    private static OnnxValue other(OnnxOperands operands) {
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
            if (!signal.isPart() && !(signal.content() instanceof OnnxContent.Raw)) {
                throw OnnxLayers.onTheWay(signal);
            }
        }
        OnnxSignal first = signals.get(0);
        return first.content() instanceof OnnxContent.Raw raw
                ? new OnnxSignal(null, new OnnxContent.PartOfInput(raw.input(), node.describe() + " changes it"), null)
                : first;
    }
}
