package sluice.cell.weights.torch;

import java.util.Arrays;
import java.util.Comparator;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.StridedOffsets;

/**
 * A tensor as PyTorch describes it: which values of a storage it shows, and in which order.
 *
 * <p>The value at index {@code [i, j, ...]} is the storage's at {@code offset + i * strides[0] + j * strides[1] + ...}.
 * What a pickle says here is not believed before {@link #requireInside}. Views have an order so that a file whose views
 * all have one hash costs no more time than another.
 */
final class TensorView implements Comparable<TensorView> {
    /** As many axes as PyTorch itself allows, and no weights have. */
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
     * @param offset of the first value, in values
     * @param strides how many values of the storage lie between two neighbours along each axis
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

    /** From the first value to the last, in values of the storage; 0 where there are none. */
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

    /** Whether the values stand in the storage as they do in a row-major array, without gaps. */
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
     * The one place where the numbers come to be trusted: sizes and strides are not negative, and all values lie inside
     * of the storage.
     *
     * <p>Nor does it show one value many times, as {@code expand} does: a few bytes would become any amount of memory.
     *
     * @param name of the tensor, for the message
     */
    void requireInside(String name) {
        if (shape.length > MAX_RANK || shape.length != strides.length) {
            throw new ModelException("tensor '%s' has %d sizes and %d strides, expected as many, at most %d"
                    .formatted(name, shape.length, strides.length, MAX_RANK));
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
            throw new ModelException(
                    "tensor '%s' %s, but its storage '%s' has %d values: the file is damaged, save it again"
                            .formatted(name, this, NameList.shortened(storage.key()), storage.values()));
        }
        if (values > storage.values()) {
            throw new ModelException(("tensor '%s' %s, which shows values of its storage '%s' of %d more than once; "
                            + "save it after .contiguous()")
                    .formatted(name, this, NameList.shortened(storage.key()), storage.values()));
        }
    }

    /**
     * Puts values into row-major order.
     *
     * @param stored the {@link #span} of values from {@link #offset} on
     * @param ordered as long as the shape has values
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

    /** Whether both show the same values of the same storage in the same way. */
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

    /** {@code has sizes [4, 3] and strides [3, 1] from value 12 on}, as messages say it. */
    @Override
    public String toString() {
        return "has sizes %s and strides %s from value %d on"
                .formatted(Arrays.toString(shape), Arrays.toString(strides), offset);
    }
}
