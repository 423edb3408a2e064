package sluice.cell.weights.torch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;
import sluice.cell.weights.file.TensorNames;

/**
 * Finds the state dict in an unpickled checkpoint: the dict that holds an LSTM. It is the top-level object, one of its
 * entries, or an entry of an entry. Other content, such as the epoch, a vocabulary and the optimizer, is not used.
 */
final class CheckpointDict {
    /** Levels of entries that are searched. */
    private static final int MAX_DEPTH = 2;

    /** Elements of a top-level list or tuple that are searched. */
    private static final int MAX_ELEMENTS = 16;

    /** Number of dicts of tensors. It limits the time for a malicious file. */
    private static final int MAX_DICTS = 10_000;

    private static final String CONVERT_ARRAYS =
            "in Python, torch.save({k: torch.as_tensor(v) for k, v in torch.load(\"FILE\", weights_only=False).items()}, "
                    + "\"model.pt\") saves arrays as tensors " + CheckpointUnpickler.RUNS_CODE;

    private final Map<?, ?> top;
    private final List<Entry> dicts = new ArrayList<>(); // those that hold tensors
    private final TensorNames names;
    private final Map<String, TensorView> tensors = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private final Set<String> ignoredOthers = new HashSet<>(); // prefixes of names that are not tensors

    /**
     * A dict in the checkpoint.
     *
     * @param outer the dict that has this one as an entry; null for the top-level dict
     * @param key key in the outer dict
     */
    private record Entry(Entry outer, String key, Map<?, ?> dict) {
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
            return CheckpointDict.holdsLstm(dict);
        }

        boolean holdsParameters() {
            return dict.entrySet().stream()
                    .anyMatch(entry -> isTensor(entry.getValue()) && EntryName.isParameter(text(entry.getKey())));
        }
    }

    private CheckpointDict(Map<?, ?> top, TensorNames names) {
        this.top = top;
        this.names = names;
    }

    /**
     * Finds the state dict.
     *
     * @param pickled the result of {@link CheckpointUnpickler#read}; it may contain itself
     * @throws ModelException if there is no dict of tensors, or several are as likely, or a weight can't be read
     */
    static CheckpointDict find(Object pickled, TensorNames names) {
        CheckpointDict found = new CheckpointDict(entries(pickled), names);
        found.collect();
        Entry chosen = names.entry().map(found::named).orElseGet(() -> found.likeliest(pickled));
        found.addEntries(chosen);
        found.noteOthers(chosen);
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

    /** The elements of a list or tuple have their numbers as keys; anything but a dict, list or tuple has no entries. */
    private static Map<?, ?> entries(Object container) {
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

    private static boolean isContainer(Object value) {
        return value instanceof Map || value instanceof List || value instanceof Object[];
    }

    /** Collects the dicts that hold tensors, the outer ones first. A dict with several keys is collected once. */
    private void collect() {
        Map<Object, Boolean> visited = new IdentityHashMap<>();
        visited.put(top, true);
        List<Entry> level = List.of(new Entry(null, "", top));
        for (int depth = 0; depth <= MAX_DEPTH; depth++) {
            level.stream()
                    .filter(entry -> holdsTensors(entry.dict()) || entry.holdsLstm())
                    .forEach(this::add);
            List<Entry> next = new ArrayList<>();
            for (Entry outer : level) {
                if (depth == MAX_DEPTH || outer.isOptimizer()) {
                    continue;
                }
                outer.dict().forEach((key, value) -> {
                    boolean isNew =
                            value instanceof Map && EntryName.isShort(text(key)) && visited.put(value, true) == null;
                    if (isNew) {
                        next.add(new Entry(outer, text(key), (Map<?, ?>) value));
                    }
                });
            }
            level = next;
        }
    }

    private void add(Entry entry) {
        dicts.add(entry);
        if (dicts.size() > MAX_DICTS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "more than %d entries of the checkpoint are dicts of tensors; %s",
                    MAX_DICTS,
                    CheckpointUnpickler.SAVE_WEIGHTS));
        }
    }

    static boolean holdsLstm(Map<?, ?> dict) {
        return dict.entrySet().stream()
                .anyMatch(entry -> (entry.getValue() instanceof TensorView || entry.getValue() instanceof PickledObject)
                        && EntryName.isRecurrent(text(entry.getKey())));
    }

    private static boolean holdsTensors(Map<?, ?> dict) {
        return dict.values().stream().anyMatch(CheckpointDict::isTensor);
    }

    private static boolean isTensor(Object value) {
        return value instanceof TensorView || (value instanceof PickledObject object && object.isTensor());
    }

    // ---- the choice

    private Entry named(String path) {
        Entry outermost = new Entry(null, "", top);
        return (path.equals(".") ? Optional.of(outermost) : below(outermost, path))
                .filter(entry -> holdsTensors(entry.dict()) || entry.holdsLstm())
                .orElseThrow(() -> new ModelException(String.format(
                        Locale.ROOT,
                        "model.entry is '%s', but no entry of that name is a dict of tensors; expected one of: %s",
                        NameList.shortened(path),
                        NameList.of(dicts, Entry::quotedPath))));
    }

    /** The entry of this path below another one, on any level. */
    private static Optional<Entry> below(Entry outer, String path) {
        return outer.dict().entrySet().stream()
                .filter(entry -> entry.getValue() != null && isContainer(entry.getValue()))
                .map(entry -> new Entry(outer, text(entry.getKey()), entries(entry.getValue())))
                .flatMap(entry -> path.equals(entry.key())
                        ? Stream.of(entry)
                        : path.startsWith(entry.key() + ".")
                                ? below(entry, path.substring(entry.key().length() + 1)).stream()
                                : Stream.empty())
                .findFirst();
    }

    /** An entry with an LSTM that is not searched; for a message. */
    private Optional<Entry> unsearchedLstm() {
        Set<Object> visited = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Entry> open = new ArrayDeque<>(List.of(new Entry(null, "", top)));
        while (!open.isEmpty() && visited.size() < MAX_DICTS) {
            Entry outer = open.removeFirst();
            if (outer.holdsLstm()) {
                return Optional.of(outer);
            }
            outer.dict().forEach((key, value) -> {
                if (value != null && isContainer(value) && EntryName.isShort(text(key)) && visited.add(value)) {
                    open.addLast(new Entry(outer, text(key), entries(value)));
                }
            });
        }
        return Optional.empty();
    }

    private Entry likeliest(Object pickled) {
        List<Entry> models =
                dicts.stream().filter(entry -> !entry.isOptimizer()).collect(Collectors.toList());
        if (models.isEmpty()) {
            throw noTensors(pickled);
        }
        List<Entry> lstms = models.stream().filter(Entry::holdsLstm).collect(Collectors.toList());
        if (!lstms.isEmpty()) {
            Entry chosen = single(lstms, "hold an LSTM");
            requireNoOtherParts(chosen);
            requireNoPartsBeside(chosen);
            return chosen;
        }
        // Nothing has the names of an LSTM. The dict that is most likely meant is returned, so that a message lists its
        // tensors.
        boolean isUsual = models.stream().anyMatch(Entry::isUsual);
        return models.get(0).isTop() && !isUsual
                ? models.get(0)
                : single(
                        models.stream().filter(entry -> !entry.isTop()).collect(Collectors.toList()),
                        "are dicts of tensors");
    }

    private Entry single(List<Entry> entries, String what) {
        List<Entry> usual = entries.stream().filter(Entry::isUsual).collect(Collectors.toList());
        if (entries.size() == 1) {
            return entries.get(0);
        }
        if (usual.size() != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d entries of the checkpoint %s, expected one: %s; set model.entry to the one to score with",
                    entries.size(),
                    what,
                    NameList.of(entries, Entry::quotedPath)));
        }
        List<Entry> others = entries.stream().filter(entry -> !entry.isUsual()).collect(Collectors.toList());
        notes.add("other entries of the checkpoint %s too: %s; model.entry names the one to score with"
                .formatted(what, NameList.of(others, Entry::quotedPath)));
        return usual.get(0);
    }

    /** Rejects a checkpoint that stores the modules of one model in several entries: only one of them would be used. */
    private void requireNoOtherParts(Entry chosen) {
        List<Entry> others = dicts.stream()
                .filter(entry -> entry != chosen && !entry.isTop() && !entry.holdsLstm())
                .filter(entry -> !entry.isTraining() && !isIgnored(entry.path()) && entry.holdsParameters())
                .collect(Collectors.toList());
        if (others.isEmpty()) {
            return;
        }
        String names = NameList.of(others, Entry::quotedPath);
        if (chosen.isTop()) {
            throw new ModelException(
                    "entries of the state dict are dicts of tensors, expected tensors: %s; only if the network does not use them, name them in model.ignore"
                            .formatted(names));
        }
        throw new ModelException(
                "the LSTM is in entry %s of the checkpoint, and other entries hold parameters: %s; if they are parts of the model, save one state dict of all, each module's tensors under its name (\"embedding.weight\"): in Python, torch.save({f\"{m}.{k}\": v for m, part in torch.load(\"FILE\").items() if hasattr(part, \"items\") for k, v in part.items()}, \"model.pt\") does it for entries of the first level; if they are not, set model.entry to %s, which leaves them out"
                        .formatted(chosen.quotedPath(), names, chosen.quotedPath()));
    }

    /** Rejects a checkpoint with other values of the model beside its state dict, such as the means of its inputs. */
    private void requireNoPartsBeside(Entry chosen) {
        List<String> parts = new ArrayList<>();
        for (Entry inner = chosen; !inner.isTop(); inner = inner.outer()) {
            Entry used = inner;
            String prefix = used.outer().isTop() ? "" : used.outer().path() + ".";
            used.outer().dict().forEach((key, value) -> {
                if (value != used.dict() && isPart(text(key), value) && !isIgnored(prefix + text(key))) {
                    parts.add(described(prefix + text(key), value));
                }
            });
        }
        if (!parts.isEmpty()) {
            throw new ModelException(
                    "the checkpoint has %s beside the state dict %s, named like a part of the model; if the network uses them, scores without them are wrong: save layers in one state dict with the others, and apply means and deviations to the rows before they are scored; then, or if it does not use them, set model.entry to %s"
                            .formatted(NameList.of(parts, part -> part), chosen.quotedPath(), chosen.quotedPath()));
        }
    }

    /** Whether a value may be a part of the model: a tensor, an array or a number with such a name, or a dict of those. */
    private static boolean isPart(String name, Object value) {
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

    private boolean isIgnored(String name) {
        List<String> prefixes =
                names.ignored().stream().filter(name::startsWith).collect(Collectors.toList());
        ignoredOthers.addAll(prefixes);
        return !prefixes.isEmpty();
    }

    /** The settings for the tensors: without the ignored prefixes that name only entries of the checkpoint and objects. */
    TensorNames namesOfTensors() {
        return names.withIgnored(names.ignored().stream()
                .filter(prefix -> !ignoredOthers.contains(prefix)
                        || tensors.keySet().stream().anyMatch(name -> name.startsWith(prefix)))
                .collect(Collectors.toList()));
    }

    // ---- the tensors of the chosen dict

    private void addEntries(Entry chosen) {
        List<String> others = new ArrayList<>();
        chosen.dict().forEach((key, value) -> {
            String name = text(key);
            if (key instanceof PickledKey pickled && pickled.isText() && value instanceof TensorView view) {
                requireShort(name);
                tensors.put(name, view);
            } else {
                requireNoWeight(name, value);
                others.add(described(name, value));
            }
        });
        if (!chosen.isTop()) {
            notes.add(0, "the state dict is the entry %s of the checkpoint".formatted(chosen.quotedPath()));
        }
        if (!others.isEmpty()) {
            notes.add(String.format(
                    Locale.ROOT,
                    "entries of the state dict that are not tensors, not used (%d): %s",
                    others.size(),
                    NameList.of(others, other -> other)));
        }
    }

    /** Rejects a state dict with a tensor that was built by any other function than those of {@link PickledCall}. */
    private void requireNoWeight(String name, Object value) {
        boolean isNamedAsWeight = EntryName.isShort(name)
                && (name.contains(".")
                        || EntryName.isRecurrent(name)
                        || EntryName.isParameter(name)
                        || EntryName.isPart(name));
        if (value instanceof Number && EntryName.isTemperature(name) && !isIgnored(name)) {
            throw new ModelException(
                    "entry %s of the state dict is a number and named like a temperature of the answers, which is not applied here; only if the network does not use it, name it in model.ignore"
                            .formatted(quoted(name)));
        }
        if (value instanceof PickledObject object && (object.isTensor() || isNamedAsWeight) && !isIgnored(name)) {
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "entry %s of the state dict is built by %s of Python, expected a tensor: functions named in a checkpoint are never run; %s",
                            quoted(name),
                            quoted(object.qualifiedName()),
                            object.module().startsWith("numpy")
                                    ? CONVERT_ARRAYS
                                    : "save the model before it is quantized, or this tensor as float32 (dequantize(), float())"));
        }
    }

    private static void requireShort(String name) {
        if (!EntryName.isShort(name)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has a name of %d characters, expected at most %d",
                    NameList.shortened(name),
                    name.length(),
                    StrictJson.MAX_NAME_CHARACTERS));
        }
    }

    /** Notes the entries beside the chosen one, on each level. */
    private void noteOthers(Entry chosen) {
        List<String> others = new ArrayList<>();
        for (Entry inner = chosen; !inner.isTop(); inner = inner.outer()) {
            Entry used = inner;
            String prefix = used.outer().isTop() ? "" : used.outer().path() + ".";
            List<String> beside = new ArrayList<>();
            used.outer().dict().forEach((key, value) -> {
                if (!text(key).equals(used.key())) {
                    beside.add(described(prefix + NameList.shortened(text(key)), value));
                }
            });
            others.addAll(0, beside);
        }
        if (!others.isEmpty()) {
            notes.add(String.format(
                    Locale.ROOT,
                    "other entries of the checkpoint, not used (%d): %s",
                    others.size(),
                    NameList.of(others, other -> other)));
        }
    }

    // ---- messages

    private ModelException noTensors(Object pickled) {
        if (pickled instanceof PickledObject object) {
            return new ModelException(
                    "its pickle refers to %s of Python, expected a dict of tensors: functions named in a checkpoint are never run; %s"
                            .formatted(
                                    quoted(object.qualifiedName()),
                                    CheckpointUnpickler.SAVE_WEIGHTS_OF_MODEL.formatted("")));
        }
        if (!(pickled instanceof Map)) {
            return new ModelException("its pickle holds %s, expected a dict of tensors; %s"
                    .formatted(kind(pickled), CheckpointUnpickler.SAVE_WEIGHTS));
        }
        Optional<Entry> unsearched = unsearchedLstm();
        if (unsearched.isPresent()) {
            throw new ModelException(
                    "an LSTM is in entry %s of the checkpoint, which is not searched (it is on a third level, in a list, or named like an optimizer); set model.entry to %s to score with it"
                            .formatted(
                                    unsearched.get().quotedPath(),
                                    unsearched.get().quotedPath()));
        }
        List<String> found = new ArrayList<>();
        top.forEach((key, value) -> found.add(described(text(key), value)));
        Optional<String> object = top.entrySet().stream()
                .filter(entry -> entry.getValue() instanceof PickledObject)
                .map(entry -> text(entry.getKey()))
                .findFirst();
        return new ModelException(
                "its pickle holds a dict without tensors, expected a state dict, or one as an entry such as "
                        + "'state_dict', 'model_state_dict' or 'model'; found "
                        + (found.isEmpty() ? "no entries" : NameList.of(found, entry -> entry))
                        + object.map(key -> ": classes named in a checkpoint are never created; "
                                        + CheckpointUnpickler.SAVE_WEIGHTS_OF_MODEL.formatted(
                                                "[\"" + NameList.shortened(key) + "\"]"))
                                .orElse("; name the checkpoint that has the model's weights"));
    }

    private static String text(Object key) {
        return ((PickledKey) key).text();
    }

    private static String quoted(String key) {
        return "'" + NameList.shortened(key) + "'";
    }

    /** The key of an entry, with the class of an object of Python. */
    private static String described(String key, Object value) {
        return value instanceof PickledObject object ? quoted(key) + " (" + object.qualifiedName() + ")" : quoted(key);
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
