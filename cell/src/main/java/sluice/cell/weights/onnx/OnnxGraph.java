package sluice.cell.weights.onnx;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import sluice.cell.model.ModelException;

/**
 * What an ONNX file says: a graph of nodes in the order in which they can run, and its tensors.
 *
 * @param opset the version of ONNX's own operators
 * @param metadata what the file says about itself
 * @param initializers by name, in the file's order
 */
record OnnxGraph(
        long opset,
        Map<String, String> metadata,
        List<OnnxNode> nodes,
        Map<String, OnnxTensor> initializers,
        List<OnnxPort> inputs,
        List<OnnxPort> outputs) {
    static final int MIN_OPSET = 7;
    static final int MAX_OPSET = 22;

    /**
     * Checks the names: each is given once, and before it is read, so that there is no cycle.
     *
     * @throws ModelException where that isn't so, or the version of the operators is none that we know
     */
    OnnxGraph {
        if (opset < MIN_OPSET || opset > MAX_OPSET) {
            throw new ModelException("the file uses opset %d, expected %d to %d; export it with opset_version=17"
                    .formatted(opset, MIN_OPSET, MAX_OPSET));
        }
        requireOrder(nodes, requireUnique(nodes, initializers, inputs));
    }

    /** Each name, to the place of the node that gives it, -1 for what the file holds or is given. */
    private static Map<String, Integer> requireUnique(
            List<OnnxNode> nodes, Map<String, OnnxTensor> initializers, List<OnnxPort> inputs) {
        Map<String, Integer> givers = new HashMap<>();
        Set<String> inputNames = new HashSet<>();
        for (OnnxPort input : inputs) {
            if (!inputNames.add(input.name())) {
                throw new ModelException(
                        "the graph has two inputs named '%s', expected different names".formatted(input.name()));
            }
            givers.put(input.name(), -1);
        }
        initializers.keySet().forEach(name -> givers.put(name, -1)); // the default of an input has its name
        for (OnnxNode node : nodes) {
            for (String output : node.outputs()) {
                if (!output.isEmpty() && givers.put(output, node.place()) != null) {
                    throw new ModelException("%s gives '%s', which something before it gives too: expected one giver"
                            .formatted(node.describe(), output));
                }
            }
        }
        return givers;
    }

    private static void requireOrder(List<OnnxNode> nodes, Map<String, Integer> givers) {
        for (OnnxNode node : nodes) {
            for (String input : node.inputs()) {
                if (input.isEmpty()) {
                    continue;
                }
                Integer giver = givers.get(input);
                if (giver == null) {
                    throw new ModelException("%s reads '%s', which nothing in the file gives; export it again"
                            .formatted(node.describe(), input));
                }
                if (giver >= node.place()) {
                    throw new ModelException(
                            "%s reads '%s', which only %s gives: expected nodes in the order in which they run, and no cycle"
                                    .formatted(
                                            node.describe(),
                                            input,
                                            nodes.get(giver).describe()));
                }
            }
        }
    }
}
