package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/** Classifies the outputs of a graph: class scores of an output layer, states of LSTMs, or others. */
final class OnnxOutputs {
    private final Map<String, ClassScores> classScores = new LinkedHashMap<>(); // by output name
    private final OnnxHiddenOutputs states = new OnnxHiddenOutputs();
    private final List<String> others = new ArrayList<>();

    /** @param outputs values of the graph outputs, by name */
    OnnxOutputs(Map<String, OnnxValue> outputs) {
        outputs.forEach((name, value) -> {
            requireTokenOrder(name, value);
            if (value instanceof OnnxSignal signal && signal.content() instanceof ClassScores scores) {
                classScores.put(name, scores);
            } else if (value instanceof OnnxSignal signal
                    && (signal.content() instanceof Hidden || signal.content() instanceof Cell)) {
                states.add(name, signal);
            } else if (value instanceof OnnxOpaque opaque && !opaque.reason().isEmpty()) {
                throw opaque.needed();
            } else {
                others.add(name);
            }
        });
    }

    /** Answers for each step are in the order of the tokens here. */
    private static void requireTokenOrder(String name, OnnxValue value) {
        if (value instanceof OnnxSignal signal && signal.flipped() != null && !(signal.content() instanceof Raw)) {
            throw new ModelException(
                    "output '%s' of the graph goes from the last step to the first, expected the order of the tokens; in PyTorch, remove the flip and export again"
                            .formatted(name));
        }
    }

    /** Whether no output depends on an LSTM. */
    boolean isEmpty() {
        return classScores.isEmpty() && states.isEmpty();
    }

    /**
     * The output of the output layer; its form is that of the last output that is not an argmax.
     *
     * @throws ModelException if the graph has several output layers
     */
    Optional<ClassScores> classScores() {
        ClassScores chosen = null;
        for (ClassScores scores : classScores.values()) {
            if (chosen != null && !chosen.linear().sameLayer(scores.linear())) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "%d outputs have different output layers, or copies of one: %s; set model.output to one of them",
                        classScores.size(),
                        NameList.quoted(classScores.keySet())));
            }
            chosen = chosen == null || scores.form() != ClassScores.Form.ARGMAX ? scores : chosen;
        }
        return Optional.ofNullable(chosen);
    }

    /** The states of LSTMs that are outputs. */
    OnnxHiddenOutputs states() {
        return states;
    }

    /** Notes on outputs beside those of the output layer. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (!classScores.isEmpty() && !states.isEmpty()) {
            boolean one = states.names().size() == 1;
            notes.add("%s %s %s of LSTMs: request the output hidden, cell or state to get %s"
                    .formatted(
                            one ? "output" : "outputs",
                            NameList.quoted(states.names()),
                            one ? "has states" : "are states",
                            one ? "it" : "them"));
        }
        ClassScores chosen = classScores().orElse(null);
        classScores.forEach((name, scores) -> {
            if (scores.form() != chosen.form()) {
                notes.add("output '%s' %s"
                        .formatted(NameList.shortened(name), scores.form().end().sentence((int)
                                scores.linear().classes())));
            }
        });
        others.forEach(name -> notes.add("output '%s' does not depend on an LSTM and is ignored".formatted(name)));
        return notes;
    }
}
