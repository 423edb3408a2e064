package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.ModelException;

/**
 * One node of a graph: an operator with names for what it reads and gives.
 *
 * @param place its index in the file
 * @param name may be empty
 * @param inputs an empty name stands for an input that is left out
 * @param outputs an empty name stands for an output that nobody reads
 * @param attributes by name
 */
record OnnxNode(
        int place,
        String name,
        String domain,
        String operator,
        List<String> inputs,
        List<String> outputs,
        Map<String, OnnxAttribute> attributes) {

    /** {@code node 'LSTM_3' (LSTM)}, as messages call it. */
    String describe() {
        return "node %s (%s)".formatted(name.isEmpty() ? Integer.toString(place) : "'" + name + "'", qualified());
    }

    /** The operator, with its domain where that is not ONNX's own. */
    String qualified() {
        return isStandard() ? operator : domain + "." + operator;
    }

    /** Whether the operator is one of ONNX itself. */
    boolean isStandard() {
        return domain.isEmpty() || domain.equals("ai.onnx");
    }

    /** The name of an input, empty where it is left out. */
    String input(int at) {
        return at < inputs.size() ? inputs.get(at) : "";
    }

    boolean hasInput(int at) {
        return !input(at).isEmpty();
    }

    boolean has(String attribute) {
        return attributes.containsKey(attribute);
    }

    long number(String attribute, long absent) {
        return has(attribute) ? attributes.get(attribute).number() : absent;
    }

    float real(String attribute, float absent) {
        return has(attribute) ? attributes.get(attribute).real() : absent;
    }

    String text(String attribute, String absent) {
        String text = has(attribute) ? attributes.get(attribute).text() : null;
        return text == null ? absent : text;
    }

    Optional<long[]> numbers(String attribute) {
        return Optional.ofNullable(attributes.get(attribute)).map(OnnxAttribute::numbers);
    }

    Optional<float[]> reals(String attribute) {
        return Optional.ofNullable(attributes.get(attribute)).map(OnnxAttribute::reals);
    }

    Optional<List<String>> texts(String attribute) {
        return Optional.ofNullable(attributes.get(attribute)).map(OnnxAttribute::texts);
    }

    /** @throws ModelException where it has an attribute that isn't among these: what it means is not known */
    void requireOnly(List<String> known) {
        for (String attribute : attributes.keySet()) {
            if (!known.contains(attribute)) {
                throw new ModelException("attribute '%s' is not known, expected one of %s"
                        .formatted(attribute, String.join(", ", known)));
            }
        }
    }
}
