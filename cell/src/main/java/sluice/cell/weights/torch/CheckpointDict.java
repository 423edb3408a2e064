package sluice.cell.weights.torch;

import java.util.ArrayDeque;
import java.util.ArrayList;
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

    /** Number of dicts of tensors. It limits the time for a malicious file. */
    private static final int MAX_DICTS = 10_000;

    private static final String CONVERT_ARRAYS =
            "in Python, torch.save({k: torch.as_tensor(v) for k, v in torch.load(\"FILE\", weights_only=False).items()}, "
                    + "\"model.pt\") saves arrays as tensors " + CheckpointUnpickler.RUNS_CODE;

    private final Map<?, ?> top;
    private final List<CheckpointEntry> dicts = new ArrayList<>(); // those that hold tensors
    private final TensorNames names;
    private final Map<String, TensorView> tensors = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private final Set<String> ignoredOthers = new HashSet<>(); // prefixes of names that are not tensors

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
        CheckpointDict found = new CheckpointDict(CheckpointEntry.entries(pickled), names);
        found.collect();
        CheckpointEntry chosen = names.entry().map(found::named).orElseGet(() -> found.likeliest(pickled));
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

    /** Collects the dicts that hold tensors, the outer ones first. A dict with several keys is collected once. */
    private void collect() {
        Map<Object, Boolean> visited = new IdentityHashMap<>();
        visited.put(top, true);
        List<CheckpointEntry> level = List.of(new CheckpointEntry(null, "", top));
        for (int depth = 0; depth <= MAX_DEPTH; depth++) {
            level.stream()
                    .filter(entry -> entry.holdsTensors() || entry.holdsLstm())
                    .forEach(this::add);
            List<CheckpointEntry> next = new ArrayList<>();
            for (CheckpointEntry outer : level) {
                if (depth == MAX_DEPTH || outer.isOptimizer()) {
                    continue;
                }
                outer.dict().forEach((key, value) -> {
                    boolean isNew = value instanceof Map
                            && EntryName.isShort(CheckpointEntry.text(key))
                            && visited.put(value, true) == null;
                    if (isNew) {
                        next.add(new CheckpointEntry(outer, CheckpointEntry.text(key), (Map<?, ?>) value));
                    }
                });
            }
            level = next;
        }
    }

    private void add(CheckpointEntry entry) {
        dicts.add(entry);
        if (dicts.size() > MAX_DICTS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "more than %d entries of the checkpoint are dicts of tensors; %s",
                    MAX_DICTS,
                    CheckpointUnpickler.SAVE_WEIGHTS));
        }
    }

    // ---- the choice

    private CheckpointEntry named(String path) {
        CheckpointEntry outermost = new CheckpointEntry(null, "", top);
        return (path.equals(".") ? Optional.of(outermost) : outermost.below(path))
                .filter(entry -> entry.holdsTensors() || entry.holdsLstm())
                .orElseThrow(() -> new ModelException(String.format(
                        Locale.ROOT,
                        "model.entry is '%s', but no entry of that name is a dict of tensors; expected one of: %s",
                        NameList.shortened(path),
                        NameList.of(dicts, CheckpointEntry::quotedPath))));
    }

    /** An entry with an LSTM that is not searched; for a message. */
    private Optional<CheckpointEntry> unsearchedLstm() {
        Set<Object> visited = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<CheckpointEntry> open = new ArrayDeque<>(List.of(new CheckpointEntry(null, "", top)));
        while (!open.isEmpty() && visited.size() < MAX_DICTS) {
            CheckpointEntry outer = open.removeFirst();
            if (outer.holdsLstm()) {
                return Optional.of(outer);
            }
            outer.dict().forEach((key, value) -> {
                if (value != null
                        && CheckpointEntry.isContainer(value)
                        && EntryName.isShort(CheckpointEntry.text(key))
                        && visited.add(value)) {
                    open.addLast(new CheckpointEntry(outer, CheckpointEntry.text(key), CheckpointEntry.entries(value)));
                }
            });
        }
        return Optional.empty();
    }

    private CheckpointEntry likeliest(Object pickled) {
        List<CheckpointEntry> models =
                dicts.stream().filter(entry -> !entry.isOptimizer()).collect(Collectors.toList());
        if (models.isEmpty()) {
            throw noTensors(pickled);
        }
        List<CheckpointEntry> lstms =
                models.stream().filter(CheckpointEntry::holdsLstm).collect(Collectors.toList());
        if (!lstms.isEmpty()) {
            CheckpointEntry chosen = single(lstms, "hold an LSTM");
            requireNoOtherParts(chosen);
            requireNoPartsBeside(chosen);
            return chosen;
        }
        // Nothing has the names of an LSTM. The dict that is most likely meant is returned, so that a message lists its
        // tensors.
        boolean isUsual = models.stream().anyMatch(CheckpointEntry::isUsual);
        return models.get(0).isTop() && !isUsual
                ? models.get(0)
                : single(
                        models.stream().filter(entry -> !entry.isTop()).collect(Collectors.toList()),
                        "are dicts of tensors");
    }

    private CheckpointEntry single(List<CheckpointEntry> entries, String what) {
        List<CheckpointEntry> usual =
                entries.stream().filter(CheckpointEntry::isUsual).collect(Collectors.toList());
        if (entries.size() == 1) {
            return entries.get(0);
        }
        if (usual.size() != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d entries of the checkpoint %s, expected one: %s; set model.entry to the one to score with",
                    entries.size(),
                    what,
                    NameList.of(entries, CheckpointEntry::quotedPath)));
        }
        List<CheckpointEntry> others =
                entries.stream().filter(entry -> !entry.isUsual()).collect(Collectors.toList());
        notes.add("other entries of the checkpoint %s too: %s; model.entry names the one to score with"
                .formatted(what, NameList.of(others, CheckpointEntry::quotedPath)));
        return usual.get(0);
    }

    /** Rejects a checkpoint that stores the modules of one model in several entries: only one of them would be used. */
    private void requireNoOtherParts(CheckpointEntry chosen) {
        List<CheckpointEntry> others = dicts.stream()
                .filter(entry -> entry != chosen && !entry.isTop() && !entry.holdsLstm())
                .filter(entry -> !entry.isTraining() && !isIgnored(entry.path()) && entry.holdsParameters())
                .collect(Collectors.toList());
        if (others.isEmpty()) {
            return;
        }
        String names = NameList.of(others, CheckpointEntry::quotedPath);
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
    private void requireNoPartsBeside(CheckpointEntry chosen) {
        List<String> parts = new ArrayList<>();
        for (CheckpointEntry inner = chosen; !inner.isTop(); inner = inner.outer()) {
            CheckpointEntry used = inner;
            String prefix = used.outer().isTop() ? "" : used.outer().path() + ".";
            used.outer().dict().forEach((key, value) -> {
                if (value != used.dict()
                        && CheckpointEntry.isPart(CheckpointEntry.text(key), value)
                        && !isIgnored(prefix + CheckpointEntry.text(key))) {
                    parts.add(CheckpointEntry.described(prefix + CheckpointEntry.text(key), value));
                }
            });
        }
        if (!parts.isEmpty()) {
            throw new ModelException(
                    "the checkpoint has %s beside the state dict %s, named like a part of the model; if the network uses them, scores without them are wrong: save layers in one state dict with the others, and apply means and deviations to the rows before they are scored; then, or if it does not use them, set model.entry to %s"
                            .formatted(NameList.of(parts, part -> part), chosen.quotedPath(), chosen.quotedPath()));
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

    private void addEntries(CheckpointEntry chosen) {
        List<String> others = new ArrayList<>();
        chosen.dict().forEach((key, value) -> {
            String name = CheckpointEntry.text(key);
            if (key instanceof PickledKey pickled && pickled.isText() && value instanceof TensorView view) {
                requireShort(name);
                tensors.put(name, view);
            } else {
                requireNoWeight(chosen, name, value);
                others.add(CheckpointEntry.described(name, value));
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
    private void requireNoWeight(CheckpointEntry chosen, String name, Object value) {
        boolean isNamedAsWeight = EntryName.isShort(name)
                && (name.contains(".")
                        || EntryName.isRecurrent(name)
                        || EntryName.isParameter(name)
                        || EntryName.isPart(name));
        if (value instanceof Number && EntryName.isTemperature(name) && !isIgnored(name)) {
            throw new ModelException(
                    "entry %s of the state dict is a number and named like a temperature of the answers, which is not applied here; only if the network does not use it, name it in model.ignore"
                            .formatted(CheckpointEntry.quoted(name)));
        }
        if (value instanceof PickledObject object
                && (object.isTensor() || isNamedAsWeight)
                && !(isIgnored(name) && !isOfUsedModule(chosen, name))) {
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "entry %s of the state dict is built by %s of Python, expected a tensor: functions named in a checkpoint are never run; %s",
                            CheckpointEntry.quoted(name),
                            CheckpointEntry.quoted(object.qualifiedName()),
                            object.module().startsWith("numpy")
                                    ? CONVERT_ARRAYS
                                    : "save the model before it is quantized, or this tensor as float32 (dequantize(), float())"));
        }
    }

    /** Whether other tensors of the same module are used, as the bias of a weight. */
    private boolean isOfUsedModule(CheckpointEntry chosen, String name) {
        String module = name.substring(0, name.lastIndexOf('.') + 1);
        return !module.isEmpty()
                && chosen.dict().entrySet().stream()
                        .filter(entry -> entry.getValue() instanceof TensorView)
                        .map(entry -> CheckpointEntry.text(entry.getKey()))
                        .anyMatch(other -> other.startsWith(module) && !isIgnored(other));
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
    private void noteOthers(CheckpointEntry chosen) {
        List<String> others = new ArrayList<>();
        for (CheckpointEntry inner = chosen; !inner.isTop(); inner = inner.outer()) {
            CheckpointEntry used = inner;
            String prefix = used.outer().isTop() ? "" : used.outer().path() + ".";
            List<String> beside = new ArrayList<>();
            used.outer().dict().forEach((key, value) -> {
                if (!CheckpointEntry.text(key).equals(used.key())) {
                    beside.add(
                            CheckpointEntry.described(prefix + NameList.shortened(CheckpointEntry.text(key)), value));
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
                                    CheckpointEntry.quoted(object.qualifiedName()),
                                    CheckpointUnpickler.SAVE_WEIGHTS_OF_MODEL.formatted("")));
        }
        if (!(pickled instanceof Map)) {
            return new ModelException("its pickle holds %s, expected a dict of tensors; %s"
                    .formatted(kind(pickled), CheckpointUnpickler.SAVE_WEIGHTS));
        }
        Optional<CheckpointEntry> unsearched = unsearchedLstm();
        if (unsearched.isPresent()) {
            throw new ModelException(
                    "an LSTM is in entry %s of the checkpoint, which is not searched (it is on a third level, in a list, or named like an optimizer); set model.entry to %s to score with it"
                            .formatted(
                                    unsearched.get().quotedPath(),
                                    unsearched.get().quotedPath()));
        }
        List<String> found = new ArrayList<>();
        top.forEach((key, value) -> found.add(CheckpointEntry.described(CheckpointEntry.text(key), value)));
        Optional<String> object = top.entrySet().stream()
                .filter(entry -> entry.getValue() instanceof PickledObject)
                .map(entry -> CheckpointEntry.text(entry.getKey()))
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
