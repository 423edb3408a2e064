package sluice.cell.weights.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;
import sluice.cell.weights.file.TensorNames;

/**
 * Finds the state dict in an unpickled checkpoint: the dict that holds an LSTM. It is the top-level object, one of its entries, or an
 * entry of an entry. Other content, such as the epoch, a vocabulary and the optimizer, is not used, but {@link CheckpointParts} rejects
 * what may be a part of the model.
 */
final class CheckpointDict {
    /** Levels of entries that are searched. */
    static final int MAX_DEPTH = 6;

    /** Dicts on deeper levels are the model only if there is none up to this one: callbacks may hold copies there. */
    private static final int USUAL_DEPTH = 2;

    /** Ending of the names of parameters that FSDP has joined to one vector. */
    private static final String FLAT_PARAMETER = "_flat_param";

    private final CheckpointEntry top;
    private final List<CheckpointEntry> dicts = new ArrayList<>(); // those that hold tensors
    private final TensorNames names;
    private final Map<String, TensorView> tensors = new LinkedHashMap<>();
    private final Set<String> unreadable = new TreeSet<>(); // tensors that are named in model.ignore
    private final List<String> notes = new ArrayList<>();
    private final Set<String> wholeNames =
            new HashSet<>(); // paths of the entries of the chosen dict and of those around it
    private final Set<String> ignoredOthers = new HashSet<>(); // prefixes of names that are not tensors

    private CheckpointDict(CheckpointEntry top, TensorNames names) {
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
        CheckpointDict found = new CheckpointDict(CheckpointEntry.top(pickled), names);
        found.collect();
        CheckpointEntry chosen = names.entry().isPresent() && !found.dicts.isEmpty()
                ? found.named(names.entry().get())
                : found.likeliest(pickled);
        found.addWholeNames(chosen);
        found.addEntries(chosen);
        if (chosen.holdsLstm()) {
            CheckpointParts parts = new CheckpointParts(chosen, found::isIgnored);
            parts.requireNoneInside();
            if (names.entry().isEmpty()) {
                parts.requireNoneBeside();
            }
        }
        found.noteOthers(chosen);
        return found;
    }

    /** The tensors by name, in file order. */
    Map<String, TensorView> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Names of tensors that can't be read and that {@code model.ignore} names. */
    Set<String> unreadable() {
        return Collections.unmodifiableSet(unreadable);
    }

    /** Notes on the chosen entry and on ignored entries. */
    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }

    /** Collects the dicts that hold tensors, the outer ones first. A dict with several keys is collected once. */
    private void collect() {
        Map<Object, Boolean> visited = new IdentityHashMap<>();
        visited.put(top.content(), true);
        List<CheckpointEntry> level = List.of(top);
        for (int depth = 0; depth <= MAX_DEPTH; depth++) {
            level.stream()
                    .filter(entry -> entry.isTop()
                            ? entry.content().values().stream().anyMatch(CheckpointEntry::isTensor) || entry.holdsLstm()
                            : entry.holdsTensors() || entry.holdsLstm())
                    .forEach(dicts::add);
            List<CheckpointEntry> next = new ArrayList<>();
            for (CheckpointEntry outer : level) {
                outer.content().forEach((key, value) -> {
                    boolean isNew = CheckpointEntry.isContainer(value)
                            && CheckpointEntry.isShort(((PickledKey) key).text())
                            && visited.put(value, true) == null;
                    if (isNew) {
                        next.add(outer.inner(key, value));
                    }
                });
            }
            level = next;
        }
    }

    // ---- the choice

    private CheckpointEntry named(String path) {
        return dicts.stream()
                .filter(entry -> entry.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new ModelException(String.format(
                        Locale.ROOT,
                        "model.entry is '%s', but no entry of that name is a dict of tensors; expected one of: %s",
                        NameList.shortened(path),
                        NameList.of(expected(), CheckpointEntry::quotedPath))));
    }

    /** The entries that a setting may mean, those with an LSTM if there are any. */
    private List<CheckpointEntry> expected() {
        List<CheckpointEntry> lstms = select(dicts, CheckpointEntry::holdsLstm);
        List<CheckpointEntry> models = select(dicts, entry -> !entry.isOptimizer());
        return lstms.isEmpty() ? models.isEmpty() ? dicts : models : lstms;
    }

    private CheckpointEntry likeliest(Object pickled) {
        List<CheckpointEntry> models = select(dicts, entry -> !entry.isOptimizer());
        List<CheckpointEntry> lstms = select(models, CheckpointEntry::holdsLstm);
        if (!lstms.isEmpty()) {
            List<CheckpointEntry> usual = select(lstms, entry -> entry.depth() <= USUAL_DEPTH);
            return single(usual.isEmpty() ? lstms : usual, "hold an LSTM");
        }
        List<CheckpointEntry> optimizers = select(dicts, CheckpointEntry::holdsLstm);
        if (!optimizers.isEmpty()) {
            throw new ModelException(
                    ("the LSTM is in %s %s of the checkpoint, by name the state of an optimizer, expected a model; if it is the model, set "
                                    + "model.entry to it; if not, name the checkpoint that has the model's weights")
                            .formatted(
                                    optimizers.size() == 1 ? "entry" : "entries",
                                    NameList.of(optimizers, CheckpointEntry::quotedPath)));
        }
        if (models.isEmpty()) {
            throw CheckpointRefusal.noTensors(pickled, top);
        }
        // Nothing has the names of an LSTM. The dict that is most likely meant is returned, so that a message lists its
        // tensors.
        boolean isUsual = models.stream().anyMatch(CheckpointEntry::isUsual);
        if (models.get(0).isTop() && !isUsual) {
            return models.get(0);
        }
        List<CheckpointEntry> likely = select(models, entry -> !entry.isTop() && !entry.isTraining());
        return likely.isEmpty() ? models.get(0) : single(likely, "are dicts of tensors");
    }

    private static List<CheckpointEntry> select(List<CheckpointEntry> entries, Predicate<CheckpointEntry> wanted) {
        return entries.stream().filter(wanted).collect(Collectors.toList());
    }

    private CheckpointEntry single(List<CheckpointEntry> entries, String what) {
        List<CheckpointEntry> usual = select(entries, CheckpointEntry::isUsual);
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
        List<CheckpointEntry> others = select(entries, entry -> !entry.isUsual());
        notes.add("other entries of the checkpoint %s too: %s; model.entry names the one to score with"
                .formatted(what, NameList.of(others, CheckpointEntry::quotedPath)));
        return usual.get(0);
    }

    private void addWholeNames(CheckpointEntry chosen) {
        chosen.content().keySet().forEach(key -> wholeNames.add(((PickledKey) key).text()));
        for (CheckpointEntry inner = chosen; !inner.isTop(); inner = inner.outer()) {
            CheckpointEntry outer = inner.outer();
            outer.content().keySet().forEach(key -> wholeNames.add(outer.pathOf(key)));
        }
    }

    /** As for tensors: the whole name of an entry stands for that entry alone, other names are prefixes. */
    private boolean isIgnored(String name) {
        List<String> prefixes = names.ignored().stream()
                .filter(prefix -> wholeNames.contains(prefix) ? name.equals(prefix) : name.startsWith(prefix))
                .collect(Collectors.toList());
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
        chosen.content().forEach((key, value) -> {
            String name = ((PickledKey) key).text();
            if (((PickledKey) key).isText() && value instanceof TensorView view) {
                requireShort(name);
                tensors.put(name, view);
            } else {
                requireNoWeight(chosen, name, value);
                others.add(CheckpointEntry.described(name, value));
            }
        });
        if (tensors.isEmpty()) {
            throw CheckpointRefusal.noNames(chosen);
        }
        if (tensors.keySet().stream().anyMatch(name -> name.endsWith(FLAT_PARAMETER))) {
            throw CheckpointRefusal.flatParameters(tensors.keySet());
        }
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
        boolean isNamedAsWeight = CheckpointEntry.isShort(name)
                && (name.contains(".") || CheckpointEntry.isRecurrent(name) || CheckpointEntry.isParameter(name));
        if (!(value instanceof PickledObject object) || (!object.isTensor() && !isNamedAsWeight)) {
            return;
        }
        if (!isIgnored(name)) {
            throw new ModelException(
                    "entry %s of the state dict is a Python object (%s), expected a tensor; Python code in a checkpoint is never run; %s"
                            .formatted(
                                    CheckpointEntry.quoted(name),
                                    object.qualifiedName(),
                                    CheckpointAdvice.saveTensor(object, chosen.subscript())));
        }
        unreadable.add(name);
    }

    private static void requireShort(String name) {
        if (!CheckpointEntry.isShort(name)) {
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
            List<String> beside = new ArrayList<>();
            used.outer().content().forEach((key, value) -> {
                if (!key.equals(used.key())) {
                    beside.add(CheckpointEntry.described(used.outer().pathOf(key), value));
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
}
