package sluice.cell.weights.onnx;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;

/**
 * One node of a graph: an operator with the names of its inputs and outputs.
 *
 * @param index position in the file
 * @param name may be empty
 * @param inputs an empty name is an omitted input
 * @param outputs an empty name is an unused output
 * @param attributes by name
 */
record OnnxNode(
        int index,
        String name,
        String domain,
        String operator,
        List<String> inputs,
        List<String> outputs,
        Map<String, OnnxAttribute> attributes) {

    /** The node in messages: {@code node 'LSTM_3' (LSTM)}. */
    String describe() {
        return "node %s (%s)".formatted(name.isEmpty() ? Integer.toString(index) : "'" + name + "'", qualified());
    }

    /** The operator; with its domain unless it is standard. */
    String qualified() {
        return isStandard() ? operator : domain + "." + operator;
    }

    /** Whether the operator is in the standard ONNX domain. */
    boolean isStandard() {
        return domain.isEmpty() || domain.equals("ai.onnx");
    }

    /** Names of the values that graphs inside the node read from the graph around it. */
    Set<String> captures() {
        Set<String> captures = new LinkedHashSet<>();
        attributes
                .values()
                .forEach(attribute -> attribute.graphs().forEach(graph -> captures.addAll(graph.captures())));
        return captures;
    }

    /** Names of all values that the node reads. */
    Set<String> reads() {
        Set<String> reads = captures();
        inputs.stream().filter(input -> !input.isEmpty()).forEach(reads::add);
        return reads;
    }

    /** The name of an input; empty if omitted. */
    String input(int at) {
        return at < inputs.size() ? inputs.get(at) : "";
    }

    boolean hasInput(int at) {
        return !input(at).isEmpty();
    }

    boolean has(String attribute) {
        return attributes.containsKey(attribute);
    }

    long number(String attribute, long defaultValue) {
        return has(attribute) ? attributes.get(attribute).number() : defaultValue;
    }

    float floatValue(String attribute, float defaultValue) {
        return has(attribute) ? attributes.get(attribute).floatValue() : defaultValue;
    }

    String text(String attribute, String defaultValue) {
        String text = has(attribute) ? attributes.get(attribute).text() : null;
        return text == null ? defaultValue : text;
    }

    Optional<long[]> numbers(String attribute) {
        return Optional.ofNullable(attributes.get(attribute)).map(OnnxAttribute::numbers);
    }

    Optional<float[]> floats(String attribute) {
        return Optional.ofNullable(attributes.get(attribute)).map(OnnxAttribute::floats);
    }

    Optional<List<String>> texts(String attribute) {
        return Optional.ofNullable(attributes.get(attribute)).map(OnnxAttribute::texts);
    }

    /** @throws ModelException if the node has an attribute other than these: an unknown one may change the result */
    void requireOnly(List<String> known) {
        for (String attribute : attributes.keySet()) {
            if (!known.contains(attribute)) {
                throw new ModelException("attribute '%s' is not known, expected one of %s"
                        .formatted(attribute, String.join(", ", known)));
            }
        }
    }
}
