package sluice.cell.weights.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;

/**
 * A dict, list or tuple in a checkpoint.
 *
 * @param outer the one that has this as an entry; null for the top level
 * @param key key in the outer one
 * @param content the entries; the elements of a list or tuple have their numbers as keys
 * @param isDict whether it is a dict
 * @param isOptimizer whether it is in the state of an optimizer, which may have the names of the weights
 */
record CheckpointEntry(CheckpointEntry outer, PickledKey key, Map<?, ?> content, boolean isDict, boolean isOptimizer) {
    /** Keys under which training scripts usually store the state dict. */
    private static final Set<String> USUAL = Set.of("state_dict", "model_state_dict", "model");

    /** Elements of a list or tuple that are searched. */
    private static final int MAX_ELEMENTS = CheckpointUnpickler.KEPT_ELEMENTS;

    /** Last parts of the names of parameters of a module. */
    private static final Set<String> PARAMETERS =
            Set.of("weight", "bias", "weight_g", "weight_v", "weight_orig", "running_mean");

    /** The top level. Anything but a dict, list or tuple has no entries. */
    static CheckpointEntry top(Object pickled) {
        return new CheckpointEntry(null, null, entries(pickled), pickled instanceof Map, false);
    }

    /** An entry of this one that is a dict, list or tuple. */
    CheckpointEntry inner(Object innerKey, Object value) {
        PickledKey name = (PickledKey) innerKey;
        Map<?, ?> entries = entries(value);
        boolean isOfOptimizer = isOptimizer || EntryWords.of(name.text()).isOptimizer() || isOptimizerState(entries);
        return new CheckpointEntry(this, name, entries, value instanceof Map, isOfOptimizer);
    }

    static boolean isContainer(Object value) {
        return value instanceof Map || value instanceof List || value instanceof Object[];
    }

    private static Map<?, ?> entries(Object value) {
        if (value instanceof Map<?, ?> dict) {
            return dict;
        }
        List<?> elements = value instanceof Object[] tuple
                ? Arrays.asList(tuple)
                : value instanceof List<?> list ? list : List.of();
        Map<PickledKey, Object> numbered = new LinkedHashMap<>();
        for (int at = 0; at < Math.min(elements.size(), MAX_ELEMENTS); at++) {
            numbered.put(new PickledKey(PickledKey.Kind.NUMBER, Integer.toString(at)), elements.get(at));
        }
        return numbered;
    }

    boolean isTop() {
        return outer == null;
    }

    int depth() {
        return isTop() ? 0 : 1 + outer.depth();
    }

    /** As in the setting {@code model.entry}; the top level is {@code .}. */
    String path() {
        return isTop() ? "." : outer.pathOf(key);
    }

    /** The path of an entry of this one. */
    String pathOf(Object innerKey) {
        String text = ((PickledKey) innerKey).text();
        return isTop() ? text : path() + "." + text;
    }

    String quotedPath() {
        return quoted(path());
    }

    /** The entry in Python, of the object that the file holds: {@code ["trainer"]["net"]}; empty for the top level. */
    String subscript() {
        if (isTop()) {
            return "";
        }
        return subscript(outer, key);
    }

    /** The same of an entry of this one. */
    static String subscript(CheckpointEntry outer, PickledKey key) {
        return outer.subscript() + "[" + CheckpointAdvice.literal(key) + "]";
    }

    /** Whether this is an entry of the other, or of one of its entries. */
    boolean isWithin(CheckpointEntry other) {
        return !isTop() && (outer.content() == other.content() || outer.isWithin(other));
    }

    boolean isUsual() {
        return !isTop() && USUAL.contains(key.text());
    }

    /** The form of {@code optimizer.state_dict()}. */
    private static boolean isOptimizerState(Map<?, ?> content) {
        return content.containsKey(text("param_groups")) && content.containsKey(text("state"));
    }

    /** Whether it is of the training, not of the model, by its name or that of an outer entry. */
    boolean isTraining() {
        return isOptimizer
                || (!isTop() && (outer.isTraining() || EntryWords.of(key.text()).isTraining()));
    }

    /** Whether it has a weight of an LSTM, also one that can't be read. */
    boolean holdsLstm() {
        return isDict
                && any((name, value) -> isRecurrent(name)
                        && (value instanceof TensorView
                                || (value instanceof PickledObject object && !object.isSize())));
    }

    boolean holdsTensors() {
        return isDict && any((name, value) -> isTensor(value));
    }

    boolean holdsParameters() {
        return isDict && any((name, value) -> isTensor(value) && isParameter(name));
    }

    private boolean any(BiPredicate<String, Object> wanted) {
        return content.entrySet().stream()
                .anyMatch(entry -> wanted.test(((PickledKey) entry.getKey()).text(), entry.getValue()));
    }

    static boolean isTensor(Object value) {
        return value instanceof TensorView || (value instanceof PickledObject object && object.isTensor());
    }

    static boolean isShort(String name) {
        return name.length() <= StrictJson.MAX_NAME_CHARACTERS;
    }

    static boolean isRecurrent(String name) {
        return isShort(name) && (name.contains("weight_ih") || name.contains("weight_hh"));
    }

    static boolean isParameter(String name) {
        return isShort(name) && PARAMETERS.contains(name.substring(name.lastIndexOf('.') + 1));
    }

    static String quoted(String name) {
        return "'" + NameList.shortened(name) + "'";
    }

    /** A name, with the class of an object of Python. */
    static String described(String name, Object value) {
        return value instanceof PickledObject object
                ? quoted(name) + " (" + object.qualifiedName() + ")"
                : quoted(name);
    }

    private static PickledKey text(String key) {
        return new PickledKey(PickledKey.Kind.TEXT, key);
    }
}
