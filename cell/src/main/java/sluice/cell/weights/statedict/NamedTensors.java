package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;

/**
 * The tensors of a state dict by all their names, in alphabetical order: stored tensors, aliases that the file omits
 * because they equal a stored tensor, and {@linkplain FoldedWeight weights that are computed} from stored tensors, which
 * take the place of these. Records which names were read.
 */
final class NamedTensors {
    private static final Set<ElementType> FLOATS =
            EnumSet.of(ElementType.F64, ElementType.F32, ElementType.F16, ElementType.BF16);

    private final TensorSource source;
    private final NavigableMap<String, String> storedNames = new TreeMap<>(); // name or alias -> stored name
    private final Map<String, FoldedWeight> folded;
    private final NavigableSet<String> all;
    private final NavigableSet<String> mentioned;
    private final NavigableSet<String> visible;
    private final Set<String> readNames = new HashSet<>();
    private final Set<String> readStored = new HashSet<>();
    private final Map<String, Matrix> matrices =
            new HashMap<>(); // by stored name, so that tied layers share one matrix
    private final List<String> notes = new ArrayList<>();

    /**
     * @param aliases names that the file omits, mapped to names of stored tensors; other entries are ignored
     * @param ignored names or prefixes of names that are hidden: setting {@code model.ignore}
     * @throws ModelException if no name is or has one of them
     */
    NamedTensors(TensorSource source, Map<String, String> aliases, List<String> ignored) {
        this.source = source;
        aliases.forEach((name, stored) -> {
            if (source.names().contains(stored)) {
                storedNames.put(name, stored);
            }
        });
        source.names().forEach(name -> storedNames.put(name, name)); // a stored name takes precedence over an alias
        NavigableSet<String> inFile = new TreeSet<>(storedNames.keySet());
        this.folded = FoldedWeight.find(inFile, name -> source.shape(storedNames.get(name)));
        this.all = new TreeSet<>(inFile);
        folded.values().forEach(weight -> weight.parts().forEach(all::remove));
        all.addAll(folded.keySet());
        this.mentioned = new TreeSet<>(all);
        mentioned.addAll(source.unreadable());
        this.visible = new TreeSet<>(all);
        for (String prefix : ignored) {
            hide(prefix, inFile);
        }
    }

    private void hide(String prefix, NavigableSet<String> inFile) {
        Set<String> hidden = named(prefix, all);
        Set<String> withParts = named(prefix, inFile);
        if (hidden.isEmpty() && withParts.isEmpty()) {
            throw new ModelException("model.ignore: no tensor's name starts with '%s', found %s"
                    .formatted(prefix, NameList.quoted(inFile)));
        }
        folded.forEach((name, weight) -> {
            if (!hidden.contains(name) && weight.parts().stream().anyMatch(withParts::contains)) {
                throw new ModelException("model.ignore names a part of tensor '%s' with '%s': name all of it, or none"
                        .formatted(name, prefix));
            }
        });
        visible.removeAll(hidden);
    }

    /** The tensor of this name alone, if there is one; else all whose names start with it. */
    private static Set<String> named(String prefix, NavigableSet<String> names) {
        return names.contains(prefix) ? Set.of(prefix) : startingWith(prefix, names);
    }

    private static Set<String> startingWith(String prefix, NavigableSet<String> names) {
        return names.tailSet(prefix).stream()
                .takeWhile(name -> name.startsWith(prefix))
                .collect(Collectors.toSet());
    }

    /**
     * Removes names under which the file repeats tensors that it has under other names.
     *
     * @param container the prefix of all these names
     */
    void removeCopy(String container) {
        Set<String> names = startingWith(container, all);
        notes.add("the names '%s*' are not used: they are second names of the same tensors"
                .formatted(NameList.shortened(container)));
        all.removeAll(names);
        visible.removeAll(names);
    }

    /** The names that are not ignored. */
    NavigableSet<String> names() {
        return Collections.unmodifiableNavigableSet(visible);
    }

    /** All names, with those that are ignored. */
    NavigableSet<String> allNames() {
        return Collections.unmodifiableNavigableSet(all);
    }

    /** All names, also of tensors that can't be read. They have no shape. */
    NavigableSet<String> mentionedNames() {
        return Collections.unmodifiableNavigableSet(mentioned);
    }

    /** Names that {@code model.ignore} hides. */
    NavigableSet<String> ignored() {
        NavigableSet<String> ignored = new TreeSet<>(all);
        ignored.removeAll(visible);
        return ignored;
    }

    boolean has(String name) {
        return visible.contains(name);
    }

    Shape shape(String name) {
        FoldedWeight weight = folded.get(name);
        return weight == null ? source.shape(storedNames.get(name)) : weight.shape();
    }

    /** Whether its values are counts or indexes. */
    boolean isCount(String name) {
        return !folded.containsKey(name) && ElementType.COUNTS.contains(type(name));
    }

    boolean isFloat(String name) {
        return FLOATS.contains(type(name));
    }

    /** The element type in the file; of a computed weight that of its first part. */
    ElementType type(String name) {
        FoldedWeight weight = folded.get(name);
        return source.type(
                storedNames.get(weight == null ? name : weight.parts().get(0)));
    }

    /** The names of the file's tensors that a read name stands for: itself, or the parts of a computed weight. */
    Set<String> readParts() {
        return readNames.stream()
                .flatMap(name -> folded.containsKey(name) ? folded.get(name).parts().stream() : Stream.of(name))
                .collect(Collectors.toSet());
    }

    /** The name of the stored tensor; of a computed weight its own name. */
    String stored(String name) {
        return folded.containsKey(name) ? name : storedNames.get(name);
    }

    /** Whether two names refer to one stored tensor. */
    boolean same(String one, String other) {
        return stored(one).equals(stored(other));
    }

    /** {@code 'fc.weight' (28, 64)}, as messages list it. */
    String describe(String name) {
        return "'%s' %s".formatted(NameList.shortened(name), shape(name));
    }

    /** Reads a tensor of rank 2 with at least one value. All names of one stored tensor return the same matrix. */
    Matrix matrix(String name) throws IOException {
        String stored = stored(name);
        if (!matrices.containsKey(stored)) {
            Shape shape = shape(name);
            float[] values = values(name);
            matrices.put(stored, Matrix.of((int) shape.rows(), (int) shape.columns(), values));
        }
        readNames.add(name);
        return matrices.get(stored);
    }

    /** Reads all values of a tensor and checks that they are finite. */
    float[] values(String name) throws IOException {
        readNames.add(name);
        readStored.add(stored(name));
        FoldedWeight weight = folded.get(name);
        if (weight == null) {
            return FiniteValues.require(name, shape(name), source.read(stored(name)));
        }
        notes.add(weight.note());
        return FiniteValues.require(
                name,
                weight.shape(),
                weight.values(part -> FiniteValues.require(
                        part, source.shape(storedNames.get(part)), source.read(storedNames.get(part)))));
    }

    /** Names that are not ignored and have not been read. */
    NavigableSet<String> unread() {
        NavigableSet<String> unread = new TreeSet<>(visible);
        unread.removeAll(readNames);
        return unread;
    }

    /** Whether the stored tensor of this name has been read, perhaps by another name. */
    boolean isStoredRead(String name) {
        return readStored.contains(stored(name));
    }

    /** Notes on second names of the whole model, and on computed weights. */
    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }
}
