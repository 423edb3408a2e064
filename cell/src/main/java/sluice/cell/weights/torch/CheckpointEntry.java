package sluice.cell.weights.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import sluice.cell.weights.file.NameList;

/**
 * A dict of a checkpoint, or a list or tuple as a dict.
 *
 * @param outer the dict that has this one as an entry; null for the top-level dict
 * @param key key in the outer dict
 */
record CheckpointEntry(CheckpointEntry outer, String key, Map<?, ?> dict) {
    /** Elements of a list or tuple that are searched. */
    private static final int MAX_ELEMENTS = 16;

    boolean isTop() {
        return outer == null;
    }

    /** As in the setting {@code model.entry}; the top-level dict is {@code .}. */
    String path() {
        if (isTop()) {
            return ".";
        }
        return outer.isTop() ? key : outer.path() + "." + key;
    }

    String quotedPath() {
        return quoted(path());
    }

    boolean isUsual() {
        return EntryName.isUsual(key);
    }

    boolean isOptimizer() {
        return EntryName.isOptimizer(path());
    }

    boolean isTraining() {
        return EntryName.isTraining(path());
    }

    /** Whether it has a weight of an LSTM, also one that can't be read. */
    boolean holdsLstm() {
        return holdsLstm(dict);
    }

    boolean holdsTensors() {
        return dict.values().stream().anyMatch(CheckpointEntry::isTensor);
    }

    boolean holdsParameters() {
        return dict.entrySet().stream()
                .anyMatch(entry -> isTensor(entry.getValue()) && EntryName.isParameter(text(entry.getKey())));
    }

    /** The entry of this path below this one, on any level. */
    Optional<CheckpointEntry> below(String path) {
        return dict.entrySet().stream()
                .filter(entry -> isContainer(entry.getValue()))
                .map(entry -> new CheckpointEntry(this, text(entry.getKey()), entries(entry.getValue())))
                .flatMap(entry -> path.equals(entry.key())
                        ? Stream.of(entry)
                        : path.startsWith(entry.key() + ".")
                                ? entry.below(path.substring(entry.key().length() + 1)).stream()
                                : Stream.empty())
                .findFirst();
    }

    /** The elements of a list or tuple have their numbers as keys; anything but a dict, list or tuple has no entries. */
    static Map<?, ?> entries(Object container) {
        if (container instanceof Map<?, ?> dict) {
            return dict;
        }
        List<?> elements = container instanceof Object[] tuple
                ? Arrays.asList(tuple)
                : container instanceof List<?> list ? list : List.of();
        Map<PickledKey, Object> dict = new LinkedHashMap<>();
        for (int at = 0; at < Math.min(elements.size(), MAX_ELEMENTS); at++) {
            dict.put(new PickledKey(PickledKey.Kind.NUMBER, Integer.toString(at)), elements.get(at));
        }
        return dict;
    }

    static boolean isContainer(Object value) {
        return value instanceof Map || value instanceof List || value instanceof Object[];
    }

    /** Whether a value may be a part of the model: a tensor, an array or a number with such a name, or a dict of those. */
    static boolean isPart(String name, Object value) {
        if (value instanceof Map<?, ?> dict) {
            return !holdsLstm(dict)
                    && !EntryName.isOptimizer(name)
                    && (!EntryName.isTraining(name) || EntryName.isScaler(name))
                    && dict.entrySet().stream()
                            .anyMatch(entry -> isValue(entry.getValue()) && EntryName.isPart(text(entry.getKey())));
        }
        boolean isNumber = value instanceof Number && EntryName.isTemperature(name);
        return !EntryName.isOptimizer(name) && EntryName.isPart(name) && (isValue(value) || isNumber);
    }

    /** Whether a value is a tensor of floating-point numbers, or an array of NumPy. */
    private static boolean isValue(Object value) {
        if (value instanceof TensorView view) {
            return view.storage().type().isWeight();
        }
        return value instanceof PickledObject object && (object.isTensor() || object.isArray());
    }

    private static boolean holdsLstm(Map<?, ?> dict) {
        return dict.entrySet().stream()
                .anyMatch(entry -> (entry.getValue() instanceof TensorView || entry.getValue() instanceof PickledObject)
                        && EntryName.isRecurrent(text(entry.getKey())));
    }

    static boolean isTensor(Object value) {
        return value instanceof TensorView || (value instanceof PickledObject object && object.isTensor());
    }

    static String text(Object key) {
        return ((PickledKey) key).text();
    }

    static String quoted(String key) {
        return "'" + NameList.shortened(key) + "'";
    }

    /** The key of an entry, with the class of an object of Python. */
    static String described(String key, Object value) {
        return value instanceof PickledObject object ? quoted(key) + " (" + object.qualifiedName() + ")" : quoted(key);
    }
}
