package sluice.cell.weights.onnx;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import sluice.cell.model.ModelException;

/**
 * The graph of an ONNX file: nodes in topological order, and tensors.
 *
 * @param opset version of the standard operators
 * @param metadata key-value pairs of the file
 * @param initializers tensors by name, in file order
 */
record OnnxGraph(
        long opset,
        Map<String, String> metadata,
        List<OnnxNode> nodes,
        Map<String, OnnxTensor> initializers,
        List<OnnxPort> inputs,
        List<OnnxPort> outputs) {
    static final int MIN_OPSET = 7;
    static final int MAX_OPSET = 25;

    /**
     * Checks the opset, and that each name is produced once and before it is read: the graph has no cycle.
     *
     * @throws ModelException if a check fails
     */
    OnnxGraph {
        if (opset < MIN_OPSET || opset > MAX_OPSET) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the file uses opset %d, expected %d to %d; export it with opset_version=17",
                    opset,
                    MIN_OPSET,
                    MAX_OPSET));
        }
        requireOrder(nodes, requireUnique(nodes, initializers, inputs));
    }

    /** Maps each name to the index of the node that produces it, or to -1 for tensors and graph inputs. */
    private static Map<String, Integer> requireUnique(
            List<OnnxNode> nodes, Map<String, OnnxTensor> initializers, List<OnnxPort> inputs) {
        Map<String, Integer> producers = new HashMap<>();
        Set<String> inputNames = new HashSet<>();
        for (OnnxPort input : inputs) {
            if (!inputNames.add(input.name())) {
                throw new ModelException(
                        "the graph has two inputs named '%s', expected different names".formatted(input.name()));
            }
            producers.put(input.name(), -1);
        }
        initializers
                .keySet()
                .forEach(name -> producers.put(name, -1)); // an initializer with the name of an input is its default
        for (OnnxNode node : nodes) {
            for (String output : node.outputs()) {
                if (!output.isEmpty() && producers.put(output, node.index()) != null) {
                    throw new ModelException(
                            "%s produces '%s', which is already defined: expected each name to be produced once"
                                    .formatted(node.describe(), output));
                }
            }
        }
        return producers;
    }

    private static void requireOrder(List<OnnxNode> nodes, Map<String, Integer> producers) {
        for (OnnxNode node : nodes) {
            for (String input : node.reads()) {
                Integer producer = producers.get(input);
                if (producer == null) {
                    throw new ModelException("%s reads '%s', which nothing in the file produces; export it again"
                            .formatted(node.describe(), input));
                }
                if (producer >= node.index()) {
                    throw new ModelException(
                            "%s reads '%s', which only %s produces: expected nodes in topological order, without a cycle"
                                    .formatted(
                                            node.describe(),
                                            input,
                                            nodes.get(producer).describe()));
                }
            }
        }
    }
}
