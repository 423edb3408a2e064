package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import sluice.cell.model.Matrix;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.Shape;

/**
 * The tensors of a state dict under all their names, in alphabetical order: those that are stored, and those that
 * were left out of the file because they are the same as a stored one. Remembers which were used.
 */
final class NamedTensors {
    private final TensorSource source;
    private final NavigableMap<String, String> storedNames = new TreeMap<>(); // any name to the name it is stored under
    private final NavigableSet<String> unused;
    private final Map<String, Matrix> matrices =
            new HashMap<>(); // by stored name, so that tied layers share their values
    private final List<String> notes = new ArrayList<>();

    /** @param aliases names left out of the file, to the names of stored tensors; other entries mean nothing */
    NamedTensors(TensorSource source, Map<String, String> aliases) {
        this.source = source;
        this.unused = new TreeSet<>(source.names());
        aliases.forEach((name, stored) -> {
            if (source.names().contains(stored)) {
                storedNames.put(name, stored);
            }
        });
        source.names().forEach(name -> storedNames.put(name, name)); // what is stored is never an alias
    }

    NavigableSet<String> names() {
        return Collections.unmodifiableNavigableSet(storedNames.navigableKeySet());
    }

    boolean has(String name) {
        return storedNames.containsKey(name);
    }

    Shape shape(String name) {
        return source.shape(storedNames.get(name));
    }

    /** Whether two names stand for one stored tensor. */
    boolean same(String one, String other) {
        return storedNames.get(one).equals(storedNames.get(other));
    }

    /** {@code 'fc.weight' (28, 64)}, as messages list it. */
    String describe(String name) {
        return "'%s' %s".formatted(name, shape(name));
    }

    /** A tensor of rank 2 with at least one value; asked for again, under whatever name, it is the same matrix. */
    Matrix matrix(String name) throws IOException {
        String stored = storedNames.get(name);
        if (!matrices.containsKey(stored)) {
            Shape shape = shape(name);
            float[] values = values(name);
            matrices.put(stored, Matrix.of((int) shape.rows(), (int) shape.columns(), values));
        }
        if (!stored.equals(name)) {
            notes.add("tensor '%s' is stored as '%s': they share their values".formatted(name, stored));
        }
        return matrices.get(stored);
    }

    /** All values of a tensor, each of them finite. */
    float[] values(String name) throws IOException {
        String stored = storedNames.get(name);
        unused.remove(stored);
        return FiniteValues.require(name, shape(name), source.read(stored));
    }

    /** Stored tensors that nothing has read. */
    NavigableSet<String> unused() {
        return Collections.unmodifiableNavigableSet(unused);
    }

    /** Which names turned out to be stored under another. */
    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }
}
