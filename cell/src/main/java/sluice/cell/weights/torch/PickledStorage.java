package sluice.cell.weights.torch;

import java.util.Comparator;
import sluice.cell.weights.file.ElementType;

/**
 * A PyTorch storage: a flat array of values that tensors are views of. Its bytes are an archive entry named by its key.
 *
 * <p>Storages are comparable, so that a hash map stays fast if a file's storages all have the same hash.
 *
 * @param values number of values, as claimed by the pickle
 */
record PickledStorage(String key, ElementType type, long values) implements Comparable<PickledStorage> {
    private static final Comparator<PickledStorage> ORDER = Comparator.comparing(PickledStorage::key)
            .thenComparing(PickledStorage::type)
            .thenComparing(PickledStorage::values);

    @Override
    public int compareTo(PickledStorage other) {
        return ORDER.compare(this, other);
    }
}
