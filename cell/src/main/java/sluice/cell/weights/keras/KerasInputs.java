package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The inputs of a layer, from {@code inbound_nodes} in its config. Up to Keras 2 they are {@code [[["embedding", 0, 0,
 * {}]]]}, since Keras 3 calls whose arguments contain tensors with a {@code keras_history}.
 */
final class KerasInputs {
    private static final String MASK = "mask";
    private static final String INDEX = "slice_spec"; // of tf.keras

    /** The inputs of a layer that reads no other. */
    static final KerasInputs NONE = new KerasInputs(MissingNode.getInstance());

    private final List<Source> data = new ArrayList<>();
    private final List<Source> masks = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private final List<JsonNode> constants = new ArrayList<>(); // constants that it is called with
    private final int calls;

    /**
     * An output of a layer.
     *
     * @param tensor index of the output, from 0
     */
    record Source(String layer, int tensor) {}

    KerasInputs(JsonNode inboundNodes) {
        this.calls = inboundNodes.size();
        inboundNodes.forEach(call -> collect(call, data));
        inboundNodes.forEach(call -> {
            for (int at = 1; at < call.path("args").size(); at++) {
                collectConstants(call.path("args").get(at));
            }
        });
    }

    private KerasInputs(KerasInputs other, UnaryOperator<Source> change) {
        this.calls = other.calls;
        other.data.forEach(source -> data.add(change.apply(source)));
        other.masks.forEach(source -> masks.add(change.apply(source)));
        arguments.addAll(other.arguments);
        constants.addAll(other.constants);
    }

    /** The inputs of a layer that is called once, on the output of another. */
    static KerasInputs of(String layer) {
        ArrayNode calls = JsonNodeFactory.instance.arrayNode();
        calls.addArray().addArray().add(layer).add(0).add(0);
        return new KerasInputs(calls);
    }

    /** The same inputs under other names. */
    KerasInputs resolved(UnaryOperator<Source> change) {
        return new KerasInputs(this, change);
    }

    /** Constants among its arguments: numbers, and slices of an index. */
    List<JsonNode> constants() {
        return constants;
    }

    private void collectConstants(JsonNode node) {
        if (node.isArray()) {
            node.forEach(this::collectConstants);
        } else if (!node.path("class_name").asText("").equals("__keras_tensor__")) {
            constants.add(node);
        }
    }

    /** Number of times the layer is called. */
    int calls() {
        return calls;
    }

    /** Inputs that it is called on. */
    List<Source> data() {
        return data;
    }

    /** Inputs that mask the steps to skip. */
    List<Source> masks() {
        return masks;
    }

    /** Names of its other arguments, such as initial states or a mode. */
    List<String> arguments() {
        return arguments;
    }

    private void collect(JsonNode node, List<Source> into) {
        if (node.isObject()) {
            collectObject(node, into);
        } else if (isReference(node)) {
            into.add(new Source(node.get(0).asText(), node.get(2).intValue()));
            for (int at = 3; at < node.size(); at++) {
                collect(node.get(at), into);
            }
        } else if (node.isArray()) {
            node.forEach(element -> collect(element, into));
        }
    }

    private void collectObject(JsonNode node, List<Source> into) {
        if (node.path("class_name").asText().equals("__keras_tensor__")) {
            collect(node.path("config").path("keras_history"), into);
        } else if (Set.of("__slice__", "__ellipsis__")
                .contains(node.path("class_name").asText(""))) {
            return; // a part of an index, see constants()
        } else if (node.has("args") && node.has("kwargs")) {
            collect(node.get("args"), into);
            collectArguments(node.get("kwargs"));
        } else {
            collectArguments(node);
        }
    }

    private void collectArguments(JsonNode named) {
        for (Map.Entry<String, JsonNode> argument : named.properties()) {
            boolean off = argument.getValue().isNull()
                    || (argument.getValue().isBoolean() && !argument.getValue().asBoolean());
            if (argument.getKey().equals(MASK)) {
                collect(argument.getValue(), masks);
            } else if (argument.getKey().equals(INDEX)) {
                argument.getValue().forEach(constants::add);
            } else if (!off) {
                arguments.add(argument.getKey());
            }
        }
    }

    static boolean isReference(JsonNode node) {
        return node.isArray()
                && node.size() >= 3
                && node.get(0).isTextual()
                && node.get(1).isInt()
                && node.get(2).isInt();
    }
}
