package sluice.cell.weights.torch;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;

/**
 * Finds what a checkpoint holds beside the tensors of the chosen dict and what may be a part of the model all the same: modules in entries
 * of their own, single weights, and numbers by which inputs or answers are scaled. A model without them would be another network.
 */
final class CheckpointParts {
    private static final Set<ElementType> FLOATS =
            EnumSet.of(ElementType.F64, ElementType.F32, ElementType.F16, ElementType.BF16);

    /** Python commands list the modules up to this number by name. */
    private static final int MAX_LISTED = 10;

    private static final String EXTRA_STATE = "_extra_state"; // what a module saves by get_extra_state

    private final CheckpointEntry chosen;
    private final Predicate<String> isIgnored;
    private final Set<Long> widths = new HashSet<>(); // columns of the LSTM's weights
    private final Map<Object, Boolean> visited = new IdentityHashMap<>();
    private final Map<String, CheckpointEntry> modules = new LinkedHashMap<>(); // by path
    private final Map<String, String> values = new LinkedHashMap<>(); // descriptions by path

    /** @param isIgnored whether {@code model.ignore} names the entry with this path, which is below the chosen dict or the top level */
    CheckpointParts(CheckpointEntry chosen, Predicate<String> isIgnored) {
        this.chosen = chosen;
        this.isIgnored = isIgnored;
        chosen.content().forEach((key, value) -> {
            if (value instanceof TensorView view
                    && CheckpointEntry.isRecurrent(((PickledKey) key).text())
                    && view.shape().rank() == 2) {
                widths.add(view.shape().columns());
            }
        });
        for (CheckpointEntry entry = chosen; entry != null; entry = entry.outer()) {
            visited.put(entry.content(), true);
        }
    }

    /** Rejects values in the chosen dict that are no tensors but may change what a module computes. */
    void requireNoneInside() {
        chosen.content().forEach((key, value) -> {
            String name = ((PickledKey) key).text();
            boolean isTensor = ((PickledKey) key).isText() && value instanceof TensorView;
            if (!isTensor && !isIgnored.test(name)) {
                boolean isExtra = name.endsWith(EXTRA_STATE) && holdsNumbers(value);
                if (isExtra) {
                    values.put(name, CheckpointEntry.quoted(name) + " (the extra state of a module)");
                } else {
                    visit(name, chosen, key, value);
                }
            }
        });
        if (!modules.isEmpty() || !values.isEmpty()) {
            throw new ModelException(
                    ("%s of the model: %s; only if the network's answers do not depend on %s, set model.ignore to [%s], which leaves %s "
                                    + "out; otherwise export the model to ONNX, which has what it computes")
                            .formatted(
                                    isOne()
                                            ? "an entry of the state dict that is not a tensor may be a part"
                                            : "entries of the state dict that are not tensors may be parts",
                                    list(),
                                    it(),
                                    names(),
                                    it()));
        }
    }

    /** Rejects a checkpoint with possible parts of the model beside the chosen dict, on any level. */
    void requireNoneBeside() {
        for (CheckpointEntry inner = chosen; !inner.isTop(); inner = inner.outer()) {
            CheckpointEntry outer = inner.outer();
            PickledKey used = inner.key();
            outer.content().forEach((key, value) -> {
                if (!key.equals(used)) {
                    visit(outer.pathOf(key), outer, key, value);
                }
            });
        }
        if (!modules.isEmpty() || !values.isEmpty()) {
            throw new ModelException(
                    ("the LSTM is in entry %s of the checkpoint, and %s may be %s of the model: %s; if %s not, set model.entry to %s, "
                                    + "which leaves %s out; if %s, %s")
                            .formatted(
                                    chosen.quotedPath(),
                                    isOne() ? "another entry" : "other entries",
                                    isOne() ? "a part" : "parts",
                                    list(),
                                    isOne() ? "it is" : "they are",
                                    chosen.quotedPath(),
                                    it(),
                                    isOne() ? "it is" : "they are",
                                    join()));
        }
    }

    private void visit(String path, CheckpointEntry outer, Object key, Object value) {
        EntryWords words = EntryWords.of(((PickledKey) key).text());
        if (isIgnored.test(path) || !CheckpointEntry.isShort(path)) {
            return;
        }
        if (!CheckpointEntry.isContainer(value)) {
            if (!words.isOptimizer() && !words.isTraining() && isPart(words, outer, value)) {
                values.put(path, CheckpointEntry.quoted(path) + shape(value));
            }
            return;
        }
        if (visited.put(value, true) != null) {
            return;
        }
        CheckpointEntry entry = outer.inner(key, value);
        if (entry.isTraining() || entry.holdsLstm() || entry.depth() > CheckpointDict.MAX_DEPTH) {
            return;
        }
        if (entry.holdsParameters()) {
            modules.put(path, entry);
        } else if (value instanceof List<?> numbers && !numbers.isEmpty() && numbers.get(0) instanceof Double) {
            if (isScalingNumber(words, outer)) {
                values.put(path, CheckpointEntry.quoted(path));
            }
        } else {
            entry.content().forEach((innerKey, inner) -> visit(entry.pathOf(innerKey), entry, innerKey, inner));
        }
    }

    private boolean isPart(EntryWords words, CheckpointEntry outer, Object value) {
        EntryWords outerWords = EntryWords.of(outer.isTop() ? "" : outer.key().text());
        if (value instanceof Double) {
            return isScalingNumber(words, outer);
        }
        if (value instanceof TensorView view) {
            boolean isGradientScale =
                    outerWords.isGradientScaler() && view.shape().values() == 1 && !words.isOnlyScaling();
            boolean isOfLayer = outerWords.isLayer() && !chosen.isWithin(outer) && outer.content() != chosen.content();
            boolean isNamed = (words.isLayer() || words.isScaling() || isOfLayer) && !isGradientScale;
            return isWeight(view) && (isNamed || fits(view.shape()) || isUnnamedWeight(words, outer, view));
        }
        if (value instanceof PickledObject object) {
            boolean isArray = object.isTensor() || object.isArray();
            boolean isModule = object.module().startsWith("torch.nn.modules");
            return (isArray && (words.isLayer() || words.isScaling()))
                    || (object.isNumber() && isScalingNumber(words, outer))
                    || (isModule && words.isLayer())
                    || EntryWords.of(object.name()).endsWith("scaler", "normalizer") && !isOfTorch(object);
        }
        return false;
    }

    /** Elements of the tuple or list that the state dict is in have no names. */
    private boolean isUnnamedWeight(EntryWords words, CheckpointEntry outer, TensorView view) {
        boolean isBeside = outer.content() == chosen.content()
                || (!chosen.isTop() && outer.content() == chosen.outer().content());
        return words.isEmpty() && isBeside && view.shape().rank() > 0;
    }

    private static boolean isOfTorch(PickledObject object) {
        return object.module().startsWith("torch");
    }

    private boolean isWeight(TensorView view) {
        return FLOATS.contains(view.storage().type())
                && view.shape().rank() <= 2
                && view.shape().values() > 0;
    }

    /** Whether a matrix has the width of what the LSTM reads or returns, as an embedding and an output layer have. */
    private boolean fits(Shape shape) {
        return shape.rank() == 2 && widths.contains(shape.columns());
    }

    /** A number far inside may be anything. */
    private boolean isScalingNumber(EntryWords words, CheckpointEntry outer) {
        boolean isBeside = outer.content() == chosen.content()
                || chosen.isWithin(outer)
                || EntryWords.of(outer.key().text()).isScaler();
        return isBeside && words.isOnlyScaling();
    }

    /** Whether there is a number with a fraction, a tensor or an array in it; other states are versions and names. */
    private static boolean holdsNumbers(Object value) {
        if (value instanceof TensorView || value instanceof PickledObject || value instanceof Double) {
            return true;
        }
        return CheckpointEntry.isContainer(value)
                && CheckpointEntry.top(value).content().values().stream()
                        .anyMatch(inner -> inner instanceof TensorView
                                || inner instanceof PickledObject
                                || inner instanceof Double
                                || CheckpointEntry.isContainer(inner));
    }

    // ---- messages

    private static String shape(Object value) {
        return value instanceof TensorView view
                ? " " + view.shape()
                : value instanceof PickledObject object
                        ? object.isArray() ? " (a NumPy array)" : " (" + object.qualifiedName() + ")"
                        : "";
    }

    private String list() {
        List<String> all =
                modules.keySet().stream().map(CheckpointEntry::quoted).collect(Collectors.toList());
        all.addAll(values.values());
        return NameList.of(all, part -> part);
    }

    private String names() {
        Set<String> all = new LinkedHashSet<>(modules.keySet());
        all.addAll(values.keySet());
        return NameList.of(all, NameList::shortened);
    }

    private boolean isOne() {
        return modules.size() + values.size() == 1;
    }

    private String it() {
        return isOne() ? "it" : "them";
    }

    /** How to get one file: of modules side by side their state dicts can be joined. */
    private String join() {
        boolean areBeside = values.isEmpty()
                && modules.values().stream()
                        .allMatch(module ->
                                module.outer().content() == chosen.outer().content());
        if (!areBeside || modules.size() >= MAX_LISTED) {
            return "export the model to ONNX, which has what it computes, or save the state dict of the whole model";
        }
        List<PickledKey> keys =
                modules.values().stream().map(CheckpointEntry::key).collect(Collectors.toList());
        keys.add(0, chosen.key());
        return ("save one state dict of all: in Python, d = torch.load(\"FILE\", map_location=\"cpu\", weights_only=False)%s; "
                        + "torch.save({f\"{m}.{k}\": v for m in %s for k, v in d[m].items()}, \"model.pt\") %s")
                .formatted(
                        chosen.outer().subscript(),
                        keys.stream().map(CheckpointAdvice::literal).collect(Collectors.joining(", ", "(", ")")),
                        FileKind.RUNS_CODE);
    }
}
