package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Cell;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/** The outputs of a graph without an output layer: hidden states of the topmost LSTM. */
final class OnnxHiddenOutputs {
    private final Map<String, Hidden> hidden = new LinkedHashMap<>(); // by output name
    private final Map<String, Hidden> cells = new LinkedHashMap<>(); // their directions, as if they were hidden states

    void add(String name, OnnxSignal signal) {
        if (signal.content() instanceof Hidden states) {
            hidden.put(name, signal.endsInAllUnits() ? states : topmost(states.parts(), states.merge()));
        } else if (signal.content() instanceof Cell states) {
            cells.put(name, topmost(states.parts(), Merge.CONCAT));
        }
    }

    boolean isEmpty() {
        return hidden.isEmpty() && cells.isEmpty();
    }

    Set<String> names() {
        Set<String> names = new LinkedHashSet<>(hidden.keySet());
        names.addAll(cells.keySet());
        return names;
    }

    /** The states of the topmost layer; {@code h_n} has those of all layers. */
    private static Hidden topmost(List<DirectionOutput> parts, Merge merge) {
        Set<OnnxLstm> read = new HashSet<>();
        for (DirectionOutput part : parts) {
            OnnxContent below = part.lstm().below();
            while (below instanceof Hidden layer) {
                layer.parts().forEach(lower -> read.add(lower.lstm()));
                below = layer.parts().get(0).lstm().below();
            }
        }
        return new Hidden(
                parts.stream().filter(part -> !read.contains(part.lstm())).toList(), merge);
    }

    /**
     * The hidden states that the outputs have: those after each step if there are such.
     *
     * @throws ModelException if outputs are different hidden states
     */
    Hidden states() {
        Map<String, Hidden> outputs = hidden.isEmpty() ? cells : hidden;
        Hidden chosen = outputs.values().stream()
                .filter(OnnxHiddenOutputs::isEach)
                .findFirst()
                .orElseGet(() -> outputs.values().iterator().next());
        boolean equal = outputs.values().stream()
                .allMatch(
                        other -> isEach(chosen) ? other.at(At.EACH).equals(chosen.at(At.EACH)) : other.equals(chosen));
        if (!equal) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d outputs are different hidden states: %s; set model.output to one of them",
                    outputs.size(),
                    NameList.quoted(outputs.keySet())));
        }
        return chosen;
    }

    private static boolean isEach(Hidden states) {
        return new OnnxReadout(states).isAll(At.EACH);
    }

    /** Notes on outputs that the hidden states are not. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (hidden.isEmpty()) {
            notes.add("the graph outputs cell states, in %s: --emit cell".formatted(NameList.quoted(cells.keySet())));
        } else if (!cells.isEmpty()) {
            notes.add(
                    "the graph outputs cell states too, in %s: --emit cell".formatted(NameList.quoted(cells.keySet())));
        }
        Hidden chosen = states();
        List<String> finals = hidden.entrySet().stream()
                .filter(output -> isEach(chosen) && !isEach(output.getValue()))
                .filter(output -> output.getValue().parts().stream().anyMatch(part -> part.at() == At.FIRST))
                .map(Map.Entry::getKey)
                .toList();
        finals.forEach(name -> notes.add(
                "output '%s' has the final state of each direction (h_n): set model.output to it for these states at --at last, which otherwise are those of both directions at the last step"
                        .formatted(NameList.shortened(name))));
        return notes;
    }
}
