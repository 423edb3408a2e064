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
 * The tensors of a state dict by all their names, in alphabetical order: stored tensors, and aliases that the file
 * omits because they equal a stored tensor. Records which tensors were read.
 */
final class NamedTensors {
    private final TensorSource source;
    private final NavigableMap<String, String> storedNames = new TreeMap<>(); // name or alias -> stored name
    private final NavigableSet<String> unused;
    private final Map<String, Matrix> matrices =
            new HashMap<>(); // by stored name, so that tied layers share one matrix
    private final List<String> notes = new ArrayList<>();

    /** @param aliases names that the file omits, mapped to names of stored tensors; other entries are ignored */
    NamedTensors(TensorSource source, Map<String, String> aliases) {
        this.source = source;
        this.unused = new TreeSet<>(source.names());
        aliases.forEach((name, stored) -> {
            if (source.names().contains(stored)) {
                storedNames.put(name, stored);
            }
        });
        source.names().forEach(name -> storedNames.put(name, name)); // a stored name takes precedence over an alias
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

    /** Whether two names refer to one stored tensor. */
    boolean same(String one, String other) {
        return storedNames.get(one).equals(storedNames.get(other));
    }

    /** {@code 'fc.weight' (28, 64)}, as messages list it. */
    String describe(String name) {
        return "'%s' %s".formatted(name, shape(name));
    }

    /** Reads a tensor of rank 2 with at least one value. All names of one stored tensor return the same matrix. */
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

    /** Reads all values of a tensor and checks that they are finite. */
    float[] values(String name) throws IOException {
        String stored = storedNames.get(name);
        unused.remove(stored);
        return FiniteValues.require(name, shape(name), source.read(stored));
    }

    /** Stored tensors that have not been read. */
    NavigableSet<String> unused() {
        return Collections.unmodifiableNavigableSet(unused);
    }

    /** Notes on names that are aliases of stored tensors. */
    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }
}
