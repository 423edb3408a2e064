package sluice.cell.weights.torch;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.StridedOffsets;

/**
 * A tensor as PyTorch describes it: a strided view of a storage.
 *
 * <p>The value at index {@code [i, j, ...]} is stored at position {@code offset + i * strides[0] + j * strides[1] +
 * ...}. The numbers come from a pickle and are untrusted until {@link #requireInside}. Views are comparable, so that a
 * hash map stays fast if a file's views all have the same hash.
 */
final class TensorView implements Comparable<TensorView> {
    /** PyTorch's own limit on the number of axes; no weights have that many. */
    static final int MAX_RANK = 64;

    private static final Comparator<TensorView> ORDER = Comparator.comparing(TensorView::storage)
            .thenComparing(TensorView::offset)
            .thenComparing(view -> view.shape, Arrays::compare)
            .thenComparing(view -> view.strides, Arrays::compare);

    private final PickledStorage storage;
    private final long offset;
    private final long[] shape;
    private final long[] strides;

    /**
     * @param offset position of the first value in the storage, in values
     * @param strides distance between neighbours along each axis, in values
     */
    TensorView(PickledStorage storage, long offset, long[] shape, long[] strides) {
        this.storage = storage;
        this.offset = offset;
        this.shape = shape.clone();
        this.strides = strides.clone();
    }

    PickledStorage storage() {
        return storage;
    }

    long offset() {
        return offset;
    }

    Shape shape() {
        return Shape.of(shape);
    }

    /** Number of storage values from the first to the last one of the view; 0 for an empty view. */
    long span() {
        if (shape().values() == 0) {
            return 0;
        }
        long span = 1;
        for (int axis = 0; axis < shape.length; axis++) {
            span = Math.addExact(span, Math.multiplyExact(shape[axis] - 1, strides[axis]));
        }
        return span;
    }

    /** Whether the values are stored in row-major order without gaps. */
    boolean isContiguous() {
        long expected = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            if (shape[axis] != 1 && strides[axis] != expected) {
                return false;
            }
            expected *= shape[axis];
        }
        return true;
    }

    /**
     * Validates the numbers: sizes and strides are not negative, and all values are inside the storage. Nothing else
     * validates them.
     *
     * <p>Views that repeat values, as {@code expand} creates them, are rejected, because a few bytes would expand to
     * any amount of memory.
     *
     * @param name the tensor's name, for the message
     */
    void requireInside(String name) {
        if (shape.length > MAX_RANK || shape.length != strides.length) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has %d sizes and %d strides, expected the same number of both, at most %d",
                    name,
                    shape.length,
                    strides.length,
                    MAX_RANK));
        }
        if (offset < 0
                || Arrays.stream(shape).anyMatch(size -> size < 0)
                || Arrays.stream(strides).anyMatch(s -> s < 0)) {
            throw new ModelException("tensor '%s' %s, expected no negative number".formatted(name, this));
        }
        long values;
        long end;
        try {
            values = shape().values();
            end = Math.addExact(offset, span());
        } catch (ArithmeticException e) {
            throw new ModelException("tensor '%s' %s, which no storage can hold".formatted(name, this), e);
        }
        if (end > storage.values()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' %s, but its storage '%s' has %d values: the file is damaged, save it again",
                    name,
                    this,
                    NameList.shortened(storage.key()),
                    storage.values()));
        }
        if (values > storage.values()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' %s, which shows values of its storage '%s' of %d more than once; "
                            + "save it after .contiguous()",
                    name,
                    this,
                    NameList.shortened(storage.key()),
                    storage.values()));
        }
    }

    /**
     * Copies the values into row-major order.
     *
     * @param stored the {@link #span} storage values from {@link #offset} on
     * @param ordered target, of as many values as the shape has
     */
    void gather(float[] stored, float[] ordered) {
        StridedOffsets offsets = new StridedOffsets(shape, strides, 0);
        for (int to = 0; to < ordered.length; to++) {
            ordered[to] = stored[offsets.next()];
        }
    }

    @Override
    public int compareTo(TensorView other) {
        return ORDER.compare(this, other);
    }

    /** Whether both have the same storage, offset, sizes and strides. */
    @Override
    public boolean equals(Object other) {
        return other instanceof TensorView view
                && storage.equals(view.storage)
                && offset == view.offset
                && Arrays.equals(shape, view.shape)
                && Arrays.equals(strides, view.strides);
    }

    @Override
    public int hashCode() {
        return 31 * storage.hashCode() + Long.hashCode(offset);
    }

    /** {@code has sizes [4, 3] and strides [3, 1] from value 12 on}, for messages. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "has sizes %s and strides %s from value %d on",
                Arrays.toString(shape),
                Arrays.toString(strides),
                offset);
    }
}
