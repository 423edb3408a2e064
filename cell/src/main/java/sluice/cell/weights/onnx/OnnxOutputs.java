package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/** Classifies the outputs of a graph: class scores of an output layer, states of LSTMs, or others. */
final class OnnxOutputs {
    private final Map<String, ClassScores> classScores = new LinkedHashMap<>(); // by output name
    private final Map<String, List<DirectionOutput>> states = new LinkedHashMap<>();
    private final Map<String, Hidden> hidden = new LinkedHashMap<>();
    private final List<String> others = new ArrayList<>();

    /** @param outputs values of the graph outputs, by name */
    OnnxOutputs(Map<String, OnnxValue> outputs) {
        outputs.forEach((name, value) -> {
            requireTokenOrder(name, value);
            if (value instanceof OnnxSignal signal && signal.content() instanceof ClassScores scores) {
                classScores.put(name, scores);
            } else if (value instanceof OnnxSignal signal && signal.content() instanceof Hidden found) {
                hidden.put(name, found);
                states.put(name, found.parts());
            } else if (value instanceof OnnxSignal signal && signal.content() instanceof Cell cell) {
                states.put(name, cell.parts());
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
                    "output '%s' of the graph goes from the last step to the first, expected the order of the tokens; reverse it with flip in the model, or export its last step alone"
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
                        "%d outputs come from different output layers: %s; set model.output to one of them",
                        classScores.size(),
                        NameList.of(classScores.keySet(), name -> "'" + name + "'")));
            }
            chosen = chosen == null || scores.form() != ClassScores.Form.ARGMAX ? scores : chosen;
        }
        return Optional.ofNullable(chosen);
    }

    /**
     * The topmost LSTM layer, for a graph without an output layer: the only layer that no other layer reads.
     *
     * @throws ModelException if there are several
     */
    Hidden top() {
        Map<OnnxLstm, Hidden> tops = new LinkedHashMap<>();
        states.values().stream()
                .flatMap(List::stream)
                .forEach(part -> tops.putIfAbsent(part.lstm(), allDirections(part.lstm())));
        for (OnnxLstm lstm : List.copyOf(tops.keySet())) {
            OnnxContent below = lstm.below();
            while (below instanceof Hidden read) {
                read.parts().forEach(part -> tops.remove(part.lstm()));
                below = read.parts().get(0).lstm().below();
            }
        }
        // Two nodes may be the directions of one layer if an output concatenates both.
        for (Hidden output : hidden.values()) {
            boolean isAll = output.parts().stream()
                                    .map(DirectionOutput::lstm)
                                    .distinct()
                                    .count()
                            == tops.size()
                    && output.parts().stream().allMatch(part -> tops.containsKey(part.lstm()));
            if (isAll) {
                return output;
            }
        }
        if (tops.size() != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "outputs come from %d LSTMs, of which none reads another: %s; set model.output to one output",
                    tops.size(),
                    NameList.of(tops.keySet().stream().map(OnnxLstm::describe).toList(), text -> text)));
        }
        return tops.values().iterator().next();
    }

    /** The outputs of all directions of a node, in order. */
    private static Hidden allDirections(OnnxLstm lstm) {
        List<DirectionOutput> parts = new ArrayList<>();
        for (int at = 0; at < lstm.directions(); at++) {
            parts.add(new DirectionOutput(lstm, at, At.EACH));
        }
        return new Hidden(parts, Merge.CONCAT);
    }

    /** Notes on outputs that the model does not compute. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (!classScores.isEmpty() && !states.isEmpty()) {
            notes.add("outputs %s are states of LSTMs: request the output hidden, cell or state to get them"
                    .formatted(NameList.of(states.keySet(), name -> "'" + name + "'")));
        }
        others.forEach(name -> notes.add("output '%s' does not depend on an LSTM and is ignored".formatted(name)));
        return notes;
    }
}
