package sluice.cell.weights.statedict;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sluice.cell.weights.file.TensorNames;

/**
 * Finds containers that only repeat the model: every tensor of the file has a second name under one prefix, as if the layers are in a
 * list as well, or the averaged copy is the model itself.
 *
 * <p>Any other second name may be a second use of a layer, which makes another network.
 */
final class RepeatedModel {
    private static final int MOST_CONTAINERS = 8;

    private final NamedTensors tensors;
    private final List<String> chosen;

    private RepeatedModel(NamedTensors tensors, TensorNames names) {
        this.tensors = tensors;
        this.chosen = Stream.of(names.lstms().stream(), names.embedding().stream(), names.output().stream())
                .flatMap(stream -> stream)
                .toList();
    }

    /** Removes the second names. A container that a setting names stays. */
    static void remove(NamedTensors tensors, TensorNames names) {
        RepeatedModel model = new RepeatedModel(tensors, names);
        for (String container : model.containers()) {
            if (model.isCopy(container)) {
                tensors.removeCopy(container);
            }
        }
    }

    /** The first few containers that are large enough: a malicious file may have very many. */
    private List<String> containers() {
        int start = commonPath(tensors.names());
        Map<String, Integer> sizes = new TreeMap<>();
        for (String name : tensors.names()) {
            int end = name.indexOf('.', start);
            if (end >= 0) {
                sizes.merge(name.substring(0, end + 1), 1, Integer::sum);
            }
        }
        long tensorsOfModel = counts(tensors.names()).size();
        return sizes.keySet().stream()
                .filter(container -> sizes.get(container) >= tensorsOfModel)
                .filter(container -> chosen.stream().noneMatch(name -> (name + ".").startsWith(container)))
                .limit(MOST_CONTAINERS)
                .toList();
    }

    /** Length of the path that all names have in common. */
    private static int commonPath(NavigableSet<String> names) {
        if (names.isEmpty()) {
            return 0;
        }
        String first = names.first();
        String last = names.last();
        int common = 0;
        for (int at = 0; at < Math.min(first.length(), last.length()) && first.charAt(at) == last.charAt(at); at++) {
            common = first.charAt(at) == '.' ? at + 1 : common;
        }
        return common;
    }

    /** Whether it has a name of each tensor, which has as many names elsewhere, and of an LSTM's tensor no two. */
    private boolean isCopy(String container) {
        Map<String, Long> inside = counts(tensors.names().tailSet(container).stream()
                .takeWhile(name -> name.startsWith(container))
                .toList());
        Map<String, Long> outside = counts(tensors.names().stream()
                .filter(name -> !name.startsWith(container))
                .toList());
        return inside.keySet().equals(outside.keySet())
                && inside.entrySet().stream().allMatch(tensor -> tensor.getValue() <= outside.get(tensor.getKey()))
                && hasEachLstmOnce(container);
    }

    /** The number of names of each stored tensor that could be part of a network. */
    private Map<String, Long> counts(Collection<String> names) {
        return names.stream()
                .filter(name -> HarmlessTensor.of(name, tensors).isEmpty())
                .collect(Collectors.groupingBy(tensors::stored, Collectors.counting()));
    }

    private boolean hasEachLstmOnce(String container) {
        List<String> lstm = tensors.names().tailSet(container).stream()
                .takeWhile(name -> name.startsWith(container))
                .filter(name -> RecurrentName.parse(name).isPresent())
                .map(tensors::stored)
                .toList();
        return !lstm.isEmpty() && lstm.stream().distinct().count() == lstm.size();
    }
}
