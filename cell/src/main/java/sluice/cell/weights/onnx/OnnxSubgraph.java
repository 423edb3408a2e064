package sluice.cell.weights.onnx;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A graph inside a node, such as one of the two branches of an {@code If}. Its nodes may read values of the graph around it.
 *
 * @param inputs names of its inputs; a branch has none
 */
record OnnxSubgraph(
        List<OnnxNode> nodes, Map<String, OnnxTensor> initializers, List<String> inputs, List<String> outputs) {

    /** Names of the values that it reads from the graph around it. */
    Set<String> captures() {
        Set<String> own = new HashSet<>(initializers.keySet());
        own.addAll(inputs);
        Set<String> read = new LinkedHashSet<>();
        for (OnnxNode node : nodes) {
            read.addAll(node.reads());
            own.addAll(node.outputs());
        }
        read.addAll(outputs);
        read.removeAll(own);
        return read;
    }
}
