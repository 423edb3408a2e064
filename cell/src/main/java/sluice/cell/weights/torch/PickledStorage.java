package sluice.cell.weights.torch;

import java.util.Comparator;
import sluice.cell.weights.file.ElementType;

/**
 * What PyTorch calls a storage: a row of values that tensors are views of, which lies beside the pickle under its key.
 *
 * <p>They have an order so that a file whose keys all have one hash costs no more time than another.
 *
 * @param values how many it has, as the pickle says
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
