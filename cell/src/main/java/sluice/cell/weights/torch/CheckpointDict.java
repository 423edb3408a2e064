package sluice.cell.weights.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;

/**
 * Finds the state dict in an unpickled checkpoint. The top-level object is the state dict itself, or a dict with the
 * state dict as one entry among others such as the epoch and the optimizer.
 */
final class CheckpointDict {
    /** Keys under which training scripts usually store the state dict, in order of preference. */
    private static final List<String> USUAL_ENTRIES = List.of("state_dict", "model_state_dict", "model");

    private final Map<String, TensorView> tensors = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    private CheckpointDict() {}

    /**
     * Finds the state dict.
     *
     * @param pickled the result of {@link CheckpointUnpickler#read}; it may contain itself, so only its two top levels
     *     are searched
     * @throws ModelException if there is no dict of tensors, or several and no single one has a usual key
     */
    static CheckpointDict find(Object pickled) {
        if (!(pickled instanceof Map<?, ?> top)) {
            throw new ModelException("its pickle holds %s, expected a dict of tensors; %s"
                    .formatted(kind(pickled), CheckpointUnpickler.SAVE_WEIGHTS));
        }
        CheckpointDict found = new CheckpointDict();
        Map<String, Map<?, ?>> inner = dictsOfTensors(top);
        List<String> usual = USUAL_ENTRIES.stream().filter(inner::containsKey).collect(Collectors.toList());
        if (usual.size() > 1 || (usual.isEmpty() && !holdsTensors(top) && inner.size() > 1)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d entries of the checkpoint are dicts of tensors, expected one: %s; save only one of them",
                    inner.size(),
                    NameList.of(inner.keySet(), CheckpointDict::quoted)));
        }
        if (usual.isEmpty() && holdsTensors(top)) {
            found.addEntries(top);
        } else if (inner.isEmpty()) {
            throw new ModelException(
                    "its pickle holds a dict without tensors, expected a state dict, or one as the entry "
                            + "'state_dict', 'model_state_dict' or 'model'; found "
                            + (top.isEmpty() ? "no entries" : NameList.of(keys(top), CheckpointDict::quoted)));
        } else {
            String entry = usual.isEmpty() ? inner.keySet().iterator().next() : usual.get(0);
            found.notes.add("the state dict is the entry %s of the checkpoint".formatted(quoted(entry)));
            found.addEntries(inner.get(entry));
            found.noteOthers(
                    keys(top).stream().filter(key -> !key.equals(entry)).collect(Collectors.toList()));
        }
        return found;
    }

    /** The tensors by name, in file order. */
    Map<String, TensorView> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Notes on the chosen entry and on ignored entries. */
    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }

    private static Map<String, Map<?, ?>> dictsOfTensors(Map<?, ?> top) {
        Map<String, Map<?, ?>> dicts = new LinkedHashMap<>();
        top.forEach((key, value) -> {
            boolean isInner = value instanceof Map<?, ?> dict && dict != top && holdsTensors(dict);
            if (isInner && key instanceof PickledKey name && name.isText()) {
                dicts.put(name.text(), (Map<?, ?>) value);
            }
        });
        return dicts;
    }

    private static boolean holdsTensors(Map<?, ?> dict) {
        return dict.values().stream().anyMatch(TensorView.class::isInstance);
    }

    private void addEntries(Map<?, ?> dict) {
        List<String> others = new ArrayList<>();
        dict.forEach((key, value) -> {
            if (key instanceof PickledKey name && name.isText() && value instanceof TensorView view) {
                requireShort(name.text());
                tensors.put(name.text(), view);
            } else {
                others.add(text(key));
            }
        });
        if (!others.isEmpty()) {
            notes.add(String.format(
                    Locale.ROOT,
                    "%d entries of the state dict are not tensors and not used: %s",
                    others.size(),
                    NameList.of(others, CheckpointDict::quoted)));
        }
    }

    private static void requireShort(String name) {
        if (name.length() > StrictJson.MAX_NAME_CHARACTERS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has a name of %d characters, expected at most %d",
                    NameList.shortened(name),
                    name.length(),
                    StrictJson.MAX_NAME_CHARACTERS));
        }
    }

    private void noteOthers(List<String> others) {
        if (!others.isEmpty()) {
            notes.add(String.format(
                    Locale.ROOT,
                    "%d other entries of the checkpoint are not used: %s",
                    others.size(),
                    NameList.of(others, CheckpointDict::quoted)));
        }
    }

    private static List<String> keys(Map<?, ?> dict) {
        return dict.keySet().stream().map(CheckpointDict::text).collect(Collectors.toList());
    }

    private static String text(Object key) {
        return ((PickledKey) key).text();
    }

    private static String quoted(String key) {
        return "'" + NameList.shortened(key) + "'";
    }

    private static String kind(Object value) {
        if (value instanceof TensorView) {
            return "one tensor";
        }
        if (value instanceof List) {
            return "a list";
        }
        if (value instanceof Object[]) {
            return "a tuple";
        }
        return value == null ? "None" : "another type of object";
    }
}
