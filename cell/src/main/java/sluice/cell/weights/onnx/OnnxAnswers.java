package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.onnx.OnnxContent.Answer;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.Part;

/** Which of a graph's outputs is the model's answer: an output layer's, or where there is none, hidden states. */
final class OnnxAnswers {
    private final Map<String, Answer> answers = new LinkedHashMap<>(); // by the name of an output
    private final Map<String, List<Part>> states = new LinkedHashMap<>();
    private final Map<String, Hidden> hidden = new LinkedHashMap<>();
    private final List<String> others = new ArrayList<>();

    /** @param outputs by name: what each of the graph's outputs is */
    OnnxAnswers(Map<String, OnnxValue> outputs) {
        outputs.forEach((name, value) -> {
            if (value instanceof OnnxSignal signal && signal.content() instanceof Answer answer) {
                answers.put(name, answer);
            } else if (value instanceof OnnxSignal signal && signal.content() instanceof Hidden found) {
                hidden.put(name, found);
                states.put(name, found.parts());
            } else if (value instanceof OnnxSignal signal && signal.content() instanceof Cell cell) {
                states.put(name, cell.parts());
            } else {
                others.add(name);
            }
        });
    }

    /** Whether anything that an LSTM gives comes out. */
    boolean isEmpty() {
        return answers.isEmpty() && states.isEmpty();
    }

    /**
     * The output layer that comes out, in the last form in which it does.
     *
     * @throws ModelException where there are more
     */
    Optional<Answer> answer() {
        Answer chosen = null;
        for (Answer answer : answers.values()) {
            if (chosen != null && !chosen.linear().sameLayer(answer.linear())) {
                throw new ModelException(
                        "%d outputs come from different output layers: %s; set model.output to one of them"
                                .formatted(answers.size(), NameList.of(answers.keySet(), name -> "'" + name + "'")));
            }
            chosen = chosen == null || answer.form() != Answer.Form.PREDICTION ? answer : chosen;
        }
        return Optional.ofNullable(chosen);
    }

    /**
     * The topmost layer where no output layer comes out: the one whose output no other layer that comes out reads.
     *
     * @throws ModelException where there are more
     */
    Hidden top() {
        Map<OnnxLstm, Hidden> tops = new LinkedHashMap<>();
        states.values().stream()
                .flatMap(List::stream)
                .forEach(part -> tops.putIfAbsent(part.lstm(), whole(part.lstm())));
        for (OnnxLstm lstm : List.copyOf(tops.keySet())) {
            OnnxContent below = lstm.below();
            while (below instanceof Hidden read) {
                read.parts().forEach(part -> tops.remove(part.lstm()));
                below = read.parts().get(0).lstm().below();
            }
        }
        // Two nodes may be the directions of one layer: an output that shows them side by side says so.
        for (Hidden shown : hidden.values()) {
            boolean isAll = shown.parts().stream().map(Part::lstm).distinct().count() == tops.size()
                    && shown.parts().stream().allMatch(part -> tops.containsKey(part.lstm()));
            if (isAll) {
                return shown;
            }
        }
        if (tops.size() != 1) {
            throw new ModelException(
                    "outputs come from %d LSTMs, none above the others: %s; set model.output to one output"
                            .formatted(
                                    tops.size(),
                                    NameList.of(
                                            tops.keySet().stream()
                                                    .map(OnnxLstm::describe)
                                                    .toList(),
                                            text -> text)));
        }
        return tops.values().iterator().next();
    }

    /** All directions of a node, in their order. */
    private static Hidden whole(OnnxLstm lstm) {
        List<Part> parts = new ArrayList<>();
        for (int at = 0; at < lstm.directions(); at++) {
            parts.add(new Part(lstm, at, At.EACH));
        }
        return new Hidden(parts, Merge.CONCAT);
    }

    /** Sentences about outputs that the model doesn't give. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (!answers.isEmpty() && !states.isEmpty()) {
            notes.add("outputs %s are states of LSTMs: ask for hidden, cell or state to see them"
                    .formatted(NameList.of(states.keySet(), name -> "'" + name + "'")));
        }
        others.forEach(name -> notes.add("output '%s' comes from no LSTM and is left out".formatted(name)));
        return notes;
    }
}
