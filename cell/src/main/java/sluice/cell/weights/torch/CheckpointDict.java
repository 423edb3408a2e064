package sluice.cell.weights.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;
import sluice.cell.weights.file.TensorNames;

/**
 * Finds the state dict in an unpickled checkpoint: the dict that holds an LSTM. It is the top-level object, one of its
 * entries, or an entry of an entry. Other content, such as the epoch, a vocabulary and the optimizer, is not used.
 */
final class CheckpointDict {
    /** Keys under which training scripts usually store the state dict. */
    private static final Set<String> USUAL_ENTRIES = Set.of("state_dict", "model_state_dict", "model");

    /** Levels of entries that are searched. */
    private static final int MAX_DEPTH = 2;

    /** Elements of a top-level list or tuple that are searched. */
    private static final int MAX_ELEMENTS = 16;

    /** Number of dicts of tensors. It limits the time for a malicious file. */
    private static final int MAX_DICTS = 10_000;

    /** Entries with the state of an optimizer, which may have the names of the weights. They are never a model. */
    private static final Pattern OPTIMIZER =
            Pattern.compile("(?i)(?:.*[^a-z])?(?:optim|opt(?![a-z])|sched|momentum|exp_avg|grad).*", Pattern.DOTALL);

    /** Other entries of a training that hold tensors but no part of the model. */
    private static final Pattern TRAINING = Pattern.compile(
            "(?i)(?:.*[^a-z])?(?:lr(?![a-z])|scaler|amp(?![a-z])|loss|criter|metric|callback|loop|histor|log(?![a-z])"
                    + "|logs|stats|rng|random|ema(?![a-z])|swa(?![a-z])|best|hyper|hparam|config|args|vocab).*",
            Pattern.DOTALL);

    /** Last parts of the names of parameters of a module. */
    private static final Set<String> PARAMETERS =
            Set.of("weight", "bias", "weight_g", "weight_v", "weight_orig", "mean", "std", "scale", "running_mean");

    private static final String CONVERT_ARRAYS =
            "in Python, torch.save({k: torch.as_tensor(v) for k, v in torch.load(\"old.pt\", weights_only=False).items()}, "
                    + "\"model.pt\") saves arrays as tensors";

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
            return USUAL_ENTRIES.contains(key);
        }

        boolean isOptimizer() {
            return OPTIMIZER.matcher(path()).matches();
        }

        boolean isTraining() {
            return isOptimizer() || TRAINING.matcher(path()).matches();
        }

        /** Whether it has a weight of an LSTM, also one that can't be read. */
        boolean holdsLstm() {
            return dict.entrySet().stream()
                    .anyMatch(entry ->
                            (entry.getValue() instanceof TensorView || entry.getValue() instanceof PickledObject)
                                    && isRecurrent(text(entry.getKey())));
        }

        boolean holdsParameters() {
            return dict.entrySet().stream()
                    .anyMatch(entry -> isTensor(entry.getValue()) && isParameter(text(entry.getKey())));
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
        CheckpointDict found = new CheckpointDict(topLevel(pickled), names);
        found.collect();
        if (found.dicts.stream().allMatch(Entry::isOptimizer)) {
            throw found.noTensors(pickled);
        }
        Entry chosen = names.entry().map(found::named).orElseGet(found::likeliest);
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
    private static Map<?, ?> topLevel(Object pickled) {
        if (pickled instanceof Map<?, ?> dict) {
            return dict;
        }
        List<?> elements = pickled instanceof Object[] tuple
                ? Arrays.asList(tuple)
                : pickled instanceof List<?> list ? list : List.of();
        Map<PickledKey, Object> dict = new LinkedHashMap<>();
        for (int at = 0; at < Math.min(elements.size(), MAX_ELEMENTS); at++) {
            dict.put(new PickledKey(PickledKey.Kind.NUMBER, Integer.toString(at)), elements.get(at));
        }
        return dict;
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
                    boolean isNew = value instanceof Map && isShort(text(key)) && visited.put(value, true) == null;
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

    private static boolean holdsTensors(Map<?, ?> dict) {
        return dict.values().stream().anyMatch(CheckpointDict::isTensor);
    }

    private static boolean isTensor(Object value) {
        return value instanceof TensorView || (value instanceof PickledObject object && object.isTensor());
    }

    private static boolean isShort(String name) {
        return name.length() <= StrictJson.MAX_NAME_CHARACTERS;
    }

    private static boolean isRecurrent(String name) {
        return isShort(name) && (name.contains("weight_ih") || name.contains("weight_hh"));
    }

    private static boolean isParameter(String name) {
        return isShort(name) && PARAMETERS.contains(name.substring(name.lastIndexOf('.') + 1));
    }

    // ---- the choice

    private Entry named(String path) {
        return dicts.stream()
                .filter(entry -> entry.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new ModelException(String.format(
                        Locale.ROOT,
                        "model.entry is '%s', but no entry of that name is a dict of tensors; expected one of: %s",
                        NameList.shortened(path),
                        NameList.of(dicts, Entry::quotedPath))));
    }

    private Entry likeliest() {
        List<Entry> models =
                dicts.stream().filter(entry -> !entry.isOptimizer()).collect(Collectors.toList());
        List<Entry> lstms = models.stream().filter(Entry::holdsLstm).collect(Collectors.toList());
        if (!lstms.isEmpty()) {
            Entry chosen = single(lstms, "hold an LSTM");
            requireNoOtherParts(chosen);
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
        if (!others.isEmpty()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the LSTM is in entry %s of the checkpoint, and other entries hold parameters: %s; if they are parts of "
                            + "the model, save one state dict of all: in Python, torch.save({f\"{m}.{k}\": v for m, part in "
                            + "torch.load(\"old.pt\").items() for k, v in part.items()}, \"model.pt\"); else set model.entry "
                            + "to %s",
                    chosen.quotedPath(),
                    NameList.of(others, Entry::quotedPath),
                    chosen.quotedPath()));
        }
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
                    "%d entries of the state dict are not tensors and not used: %s",
                    others.size(),
                    NameList.of(others, other -> other)));
        }
    }

    /** Rejects a state dict with a tensor that was built by any other function than those of {@link PickledCall}. */
    private void requireNoWeight(String name, Object value) {
        boolean isNamedAsWeight = isShort(name) && (name.contains(".") || isRecurrent(name) || isParameter(name));
        if (value instanceof PickledObject object && (object.isTensor() || isNamedAsWeight) && !isIgnored(name)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "entry %s of the state dict is built by %s of Python, expected a tensor: functions named in a checkpoint "
                            + "are never run; %s",
                    quoted(name),
                    quoted(object.qualifiedName()),
                    object.module().startsWith("numpy")
                            ? CONVERT_ARRAYS
                            : "save it as a plain tensor, or name it in model.ignore if it is not part of the model"));
        }
    }

    private static void requireShort(String name) {
        if (!isShort(name)) {
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
                    "%d other entries of the checkpoint are not used: %s",
                    others.size(),
                    NameList.of(others, other -> other)));
        }
    }

    // ---- messages

    private ModelException noTensors(Object pickled) {
        if (pickled instanceof PickledObject object) {
            return new ModelException(
                    ("its pickle refers to %s of Python, expected a dict of tensors: functions named in a checkpoint are never "
                                    + "run; %s")
                            .formatted(quoted(object.qualifiedName()), CheckpointUnpickler.SAVE_WEIGHTS_OF_MODEL));
        }
        if (!(pickled instanceof Map)) {
            return new ModelException("its pickle holds %s, expected a dict of tensors; %s"
                    .formatted(kind(pickled), CheckpointUnpickler.SAVE_WEIGHTS));
        }
        List<String> found = new ArrayList<>();
        top.forEach((key, value) -> found.add(described(text(key), value)));
        boolean hasObject = top.values().stream().anyMatch(PickledObject.class::isInstance);
        return new ModelException(
                "its pickle holds a dict without tensors, expected a state dict, or one as an entry such as "
                        + "'state_dict', 'model_state_dict' or 'model'; found "
                        + (found.isEmpty() ? "no entries" : NameList.of(found, entry -> entry))
                        + (hasObject
                                ? ": classes named in a checkpoint are never created; "
                                        + CheckpointUnpickler.SAVE_WEIGHTS
                                : ""));
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
