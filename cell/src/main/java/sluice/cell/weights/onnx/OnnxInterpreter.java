package sluice.cell.weights.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import sluice.cell.model.ModelException;

/**
 * Evaluates a graph symbolically, node by node, and records for each value its axes and its content.
 *
 * <p>It does not match patterns of exporters: any sequence of operators that only move axes is understood. An operator
 * that changes values and is not part of a supported model is an error.
 */
final class OnnxInterpreter {
    /** Limit, far more LSTM nodes than any model has. */
    private static final int MAX_LSTMS = 1_000;

    private final OnnxGraph graph;
    private final OnnxOperators operators;
    private final OnnxArray.Source source;
    private final Deque<Map<String, OnnxValue>> scopes = new ArrayDeque<>(); // innermost graph first
    private final Set<String> notes = new LinkedHashSet<>();
    private int lstms; // LSTM nodes evaluated

    OnnxInterpreter(OnnxGraph graph, OnnxArray.Source source) {
        this.graph = graph;
        this.source = source;
        this.operators = new OnnxOperators(graph.opset(), source);
    }

    /**
     * Evaluates the nodes that these outputs depend on.
     *
     * @throws ModelException if a node is not supported; the message begins with the node
     */
    Map<String, OnnxValue> valuesOf(List<String> outputs) {
        Map<String, OnnxValue> inputs = new HashMap<>();
        graph.inputs().forEach(input -> inputs.put(input.name(), OnnxSignal.of(input)));
        scopes.push(inputs);
        // An initializer with the name of an input is its default, and here its only value.
        evaluate(graph.nodes(), graph.initializers(), outputs);
        Map<String, OnnxValue> found = new LinkedHashMap<>();
        for (String output : outputs) {
            OnnxValue value = value(output);
            if (value == null) {
                throw new ModelException(
                        "output '%s' of the graph is not produced by any node, expected one".formatted(output));
            }
            found.put(output, value);
        }
        return found;
    }

    /** Notes on nodes that work differently here. */
    Set<String> notes() {
        return notes;
    }

    private OnnxValue value(String name) {
        for (Map<String, OnnxValue> scope : scopes) {
            OnnxValue value = scope.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    private void evaluate(List<OnnxNode> nodes, Map<String, OnnxTensor> initializers, List<String> outputs) {
        initializers.forEach((name, tensor) -> scopes.peek().put(name, new OnnxConstant(OnnxArray.of(source, tensor))));
        Set<OnnxNode> needed = needed(nodes, outputs, false);
        Set<OnnxNode> helpful = needed(nodes, outputs, true);
        for (OnnxNode node : nodes) {
            if (needed.contains(node)) {
                evaluate(node);
            } else if (helpful.contains(node)) {
                evaluateIfPossible(node);
            }
        }
    }

    /**
     * The nodes that these outputs depend on.
     *
     * @param withDetails whether to include nodes that only give {@linkplain #isDetail details}
     */
    private static Set<OnnxNode> needed(List<OnnxNode> nodes, List<String> outputs, boolean withDetails) {
        Map<String, OnnxNode> producers = new HashMap<>();
        nodes.forEach(node -> node.outputs().forEach(output -> producers.put(output, node)));
        Set<Integer> visited = new HashSet<>();
        Set<OnnxNode> needed = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<String> names = new ArrayDeque<>(outputs);
        while (!names.isEmpty()) {
            OnnxNode node = producers.get(names.pop());
            if (node == null || !visited.add(node.index())) {
                continue;
            }
            needed.add(node);
            for (int at = 0; at < node.inputs().size(); at++) {
                if (node.hasInput(at) && (withDetails || !isDetail(node, at))) {
                    names.push(node.input(at));
                }
            }
            names.addAll(node.captures());
        }
        return needed;
    }

    /**
     * Whether an input is used only as far as it is known: shapes of filled or repeated tensors, and lengths of sequences,
     * which are not those of the sequences that are scored.
     */
    private static boolean isDetail(OnnxNode node, int input) {
        return switch (node.operator()) {
            case "LSTM" -> input == OnnxLstm.SEQUENCE_LENS;
            case "Expand", "Tile", "ReverseSequence", "Dropout" -> input > 0;
            case "ConstantOfShape", "ConstantFill" -> true;
            default -> false;
        };
    }

    /** The value of a node that only gives a detail is unknown if it is not supported; what needs it, tells why. */
    private void evaluateIfPossible(OnnxNode node) {
        try {
            evaluate(node);
        } catch (ModelException e) {
            String prefix = node.describe() + ": ";
            String reason =
                    e.getMessage().startsWith(prefix) ? e.getMessage().substring(prefix.length()) : e.getMessage();
            node.outputs().forEach(output -> scopes.peek().put(output, new OnnxOpaque(node.describe(), reason)));
        }
    }

    private void evaluate(OnnxNode node) {
        List<OnnxValue> inputs = new ArrayList<>();
        for (int at = 0; at < node.inputs().size(); at++) {
            inputs.add(node.hasInput(at) ? value(node.input(at)) : null);
        }
        try {
            if (node.operator().equals("LSTM") && ++lstms > MAX_LSTMS) {
                throw new ModelException(
                        String.format(Locale.ROOT, "the graph has more than %d LSTM nodes, expected fewer", MAX_LSTMS));
            }
            OnnxOperands operands = new OnnxOperands(node, inputs, captured(node), source);
            List<OnnxValue> results = isBranch(node) ? branch(operands) : operators.results(operands);
            notes.addAll(OnnxDifferences.notes(operands));
            for (int at = 0; at < node.outputs().size(); at++) {
                OnnxValue result = at < results.size() ? results.get(at) : new OnnxOpaque(node.describe());
                scopes.peek().put(node.outputs().get(at), result);
            }
        } catch (ModelException e) {
            throw new ModelException(node.describe() + ": " + e.getMessage(), e);
        }
    }

    private List<OnnxValue> captured(OnnxNode node) {
        return node.captures().stream()
                .map(this::value)
                .filter(value -> value != null)
                .toList();
    }

    private static boolean isBranch(OnnxNode node) {
        return node.isStandard() && node.operator().equals("If");
    }

    /** If: the branch that its condition selects. PyTorch writes one for {@code squeeze(1)} of an axis of dynamic size. */
    private List<OnnxValue> branch(OnnxOperands operands) {
        Boolean condition = OnnxConditions.truth(operands.required(0)).orElse(null);
        if (condition == null) {
            throw new ModelException(
                    "chooses between two computations, and which one can't be told from the file: %s; in PyTorch, name the axis to remove (h[:, -1] or squeeze(1) instead of squeeze()) and export it again"
                            .formatted(operands.required(0).describe()));
        }
        OnnxAttribute branch = operands.node().attributes().get(condition ? "then_branch" : "else_branch");
        if (branch == null || branch.graphs().size() != 1) {
            throw new ModelException("has no %s, expected one; the file is damaged, export it again"
                    .formatted(condition ? "then_branch" : "else_branch"));
        }
        OnnxSubgraph subgraph = branch.graphs().get(0);
        scopes.push(new HashMap<>());
        try {
            evaluate(subgraph.nodes(), subgraph.initializers(), subgraph.outputs());
            List<OnnxValue> results = new ArrayList<>();
            for (String output : subgraph.outputs()) {
                OnnxValue value = value(output);
                if (value == null) {
                    throw new ModelException(
                            "its branch has the output '%s', which nothing produces".formatted(output));
                }
                results.add(value);
            }
            return results;
        } finally {
            scopes.pop();
        }
    }
}
