package sluice.cell.weights.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.StridedOffsets;

/**
 * A constant of a graph, of floats or integers: a tensor of the file, or one computed from tensors of the file. Values
 * are read on first use.
 */
final class OnnxArray {
    /** Reads values and limits how many are read or computed: a small graph could otherwise request any number. */
    static final class Source {
        private static final long BASE_VALUES = 1 << 20;

        private final OnnxWeights weights;
        private final long fileBytes;
        private long counted;

        /** @param fileBytes size of the model file; the limit is proportional to it */
        Source(OnnxWeights weights, long fileBytes) {
            this.weights = weights;
            this.fileBytes = fileBytes;
        }

        /**
         * Counts floats that are read or computed.
         *
         * @throws ModelException if the total exceeds the limit
         */
        void count(long values) {
            long limit = BASE_VALUES + VALUES_PER_BYTE * (fileBytes + weights.externalBytes());
            counted = Math.addExact(counted, values);
            if (counted > limit) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "the graph computes %d values from its tensors, expected at most %d: far more than "
                                + "the file holds; export it with constants folded",
                        counted,
                        limit));
            }
        }

        void countLongs(long values) {
            count(Math.multiplyExact(values, Long.BYTES / Float.BYTES));
        }
    }

    /** Limit of values per byte of the file: every float32 may be copied sixteen times. */
    private static final int VALUES_PER_BYTE = 4;

    /** Maximum rank of a tensor. */
    static final int MAX_RANK = 32;

    private final Source source;
    private final OnnxTensor tensor; // null if the values are computed
    private final String name;
    private final Shape shape;
    private float[] floats; // null if not read or not floats
    private long[] longs; // null if not read or not integers

    private OnnxArray(Source source, OnnxTensor tensor, String name, Shape shape, float[] floats, long[] longs) {
        this.source = source;
        this.tensor = tensor;
        this.name = name;
        this.shape = shape;
        this.floats = floats;
        this.longs = longs;
    }

    /** A tensor of the file. */
    static OnnxArray of(Source source, OnnxTensor tensor) {
        return new OnnxArray(source, tensor, tensor.name(), tensor.shape(), null, null);
    }

    /** A vector of integers. */
    static OnnxArray of(Source source, String name, long... numbers) {
        return new OnnxArray(source, null, name, Shape.of(numbers.length), null, numbers);
    }

    /** An integer scalar. */
    static OnnxArray scalar(Source source, String name, long number) {
        return new OnnxArray(source, null, name, Shape.of(), null, new long[] {number});
    }

    /** A vector of floats. */
    static OnnxArray ofFloats(Source source, String name, float... numbers) {
        return new OnnxArray(source, null, name, Shape.of(numbers.length), numbers, null);
    }

    /** A float scalar. */
    static OnnxArray scalarFloat(Source source, String name, float number) {
        return new OnnxArray(source, null, name, Shape.of(), new float[] {number}, null);
    }

    Source source() {
        return source;
    }

    /** Name in messages: the tensor that the values come from. */
    String name() {
        return name;
    }

    Shape shape() {
        return shape;
    }

    /** Name and shape in messages: {@code 'W' (1, 12, 2)}. */
    String describe() {
        return "'%s' %s".formatted(name, shape);
    }

    boolean isInteger() {
        return tensor == null
                ? longs != null
                : tensor.type() != null && tensor.type().isInteger();
    }

    /** The values as float32, row-major; not a copy. */
    float[] floats() {
        if (floats == null && isInteger()) {
            long[] numbers = longs();
            source.count(numbers.length);
            floats = new float[numbers.length];
            for (int at = 0; at < numbers.length; at++) {
                floats[at] = numbers[at];
            }
        } else if (floats == null) {
            floats = readFloats();
        }
        return floats;
    }

    private float[] readFloats() {
        try {
            float[] values = source.weights.floats(tensor);
            source.count(values.length);
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The values as float32.
     *
     * @throws ModelException if the tensor holds integers, or a value is not finite
     */
    float[] finiteFloats() {
        if (isInteger()) {
            throw new ModelException(
                    "tensor '%s' has type %s, expected FLOAT, FLOAT16, BFLOAT16 or DOUBLE; export it as one of these"
                            .formatted(name, tensor == null ? OnnxType.INT64 : tensor.type()));
        }
        return FiniteValues.require(name, shape, floats());
    }

    /** The values as integers, row-major; not a copy. */
    long[] longs() {
        if (longs == null && !isInteger()) {
            throw new ModelException("tensor %s holds floating-point numbers, expected integers".formatted(describe()));
        }
        if (longs == null) {
            try {
                longs = source.weights.longs(tensor);
                source.countLongs(longs.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return longs;
    }

    /** The value of a tensor with one value, of any rank. */
    float single() {
        if (shape.values() != 1) {
            throw new ModelException("tensor %s has several values or none, expected one number".formatted(describe()));
        }
        return floats()[0];
    }

    /** The value of a tensor with one integer, of any rank. */
    long singleLong() {
        if (shape.values() != 1) {
            throw new ModelException(
                    "tensor %s has several values or none, expected one integer".formatted(describe()));
        }
        return longs()[0];
    }

    /** Whether it is a tensor of 16-bit floats. */
    boolean isHalf() {
        return tensor != null && tensor.type() != null && tensor.type().isHalf();
    }

    /** The same numbers as float32. */
    OnnxArray toFloats() {
        return isInteger() || isHalf() ? new OnnxArray(source, null, name, shape, floats(), null) : this;
    }

    OnnxArray toLongs() {
        if (isInteger()) {
            return this;
        }
        float[] numbers = floats();
        source.countLongs(numbers.length);
        long[] truncated = new long[numbers.length];
        for (int at = 0; at < truncated.length; at++) {
            truncated[at] = (long) numbers[at];
        }
        return new OnnxArray(source, null, name, shape, null, truncated);
    }

    /** The same values in the same order with another shape. */
    OnnxArray reshaped(long... dimensions) {
        Shape other = Shape.of(dimensions);
        if (dimensions.length > MAX_RANK) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor %s can't be reshaped to %d dimensions, expected at most %d",
                    describe(),
                    dimensions.length,
                    MAX_RANK));
        }
        if (Arrays.stream(dimensions).anyMatch(size -> size < 0) || other.values() != shape.values()) {
            throw new ModelException("tensor %s can't be reshaped to %s, expected a shape with as many values"
                    .formatted(describe(), other));
        }
        if (tensor != null && floats == null && longs == null) {
            OnnxTensor same = new OnnxTensor(
                    tensor.name(), other, tensor.type(), tensor.raw(), tensor.typed(), tensor.external());
            return new OnnxArray(source, same, name, other, null, null);
        }
        return new OnnxArray(source, isInteger() ? null : tensor, name, other, floats, longs);
    }

    /** Permutes the axes: axis {@code at} of the result is axis {@code order[at]} of this array. */
    OnnxArray transposed(int[] order) {
        long[] dimensions = new long[order.length];
        long[] strides = new long[order.length];
        for (int at = 0; at < order.length; at++) {
            dimensions[at] = shape.dimension(order[at]);
            strides[at] = stride(order[at]);
        }
        return strided(dimensions, strides, 0);
    }

    /** Selects {@code count} indices of an axis, starting at {@code first}, {@code step} apart. */
    OnnxArray sliced(int axis, long first, long count, long step) {
        long[] dimensions = dimensions();
        long[] strides = new long[shape.rank()];
        for (int at = 0; at < strides.length; at++) {
            strides[at] = stride(at);
        }
        dimensions[axis] = count;
        long offset = count == 0 ? 0 : first * strides[axis];
        strides[axis] *= step;
        return strided(dimensions, strides, offset);
    }

    /** Concatenates arrays along an axis. The sizes of all other axes must be equal. */
    static OnnxArray concatenated(List<OnnxArray> parts, int axis) {
        OnnxArray first = parts.get(0);
        long[] dimensions = first.dimensions();
        dimensions[axis] = 0;
        for (OnnxArray part : parts) {
            requireConcatenable(first, part, axis);
            dimensions[axis] += part.shape.dimension(axis);
        }
        Shape shape = Shape.of(dimensions);
        first.countLike(shape.values());
        long inner = first.stride(axis);
        long outer = shape.values() == 0 ? 0 : shape.values() / (inner * dimensions[axis]);
        boolean integer = first.isInteger();
        float[] floats = integer ? null : new float[(int) shape.values()];
        long[] longs = integer ? new long[(int) shape.values()] : null;
        int to = 0;
        for (int block = 0; block < outer; block++) {
            for (OnnxArray part : parts) {
                int count = (int) (part.shape.dimension(axis) * inner);
                Object from = integer ? part.longs() : part.floats();
                System.arraycopy(from, block * count, integer ? longs : floats, to, count);
                to += count;
            }
        }
        return new OnnxArray(first.source, null, first.name, shape, floats, longs);
    }

    private static void requireConcatenable(OnnxArray one, OnnxArray other, int axis) {
        boolean equal = one.shape.rank() == other.shape.rank() && one.isInteger() == other.isInteger();
        for (int at = 0; equal && at < one.shape.rank(); at++) {
            equal = at == axis || one.shape.dimension(at) == other.shape.dimension(at);
        }
        if (!equal) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensors %s and %s can't be concatenated along axis %d, expected equal types and other axes",
                    one.describe(),
                    other.describe(),
                    axis));
        }
    }

    long[] dimensions() {
        long[] dimensions = new long[shape.rank()];
        Arrays.setAll(dimensions, shape::dimension);
        return dimensions;
    }

    /** Distance in the array of neighbours along an axis. */
    private long stride(int axis) {
        long stride = 1;
        for (int at = axis + 1; at < shape.rank(); at++) {
            stride *= shape.dimension(at);
        }
        return stride;
    }

    /** Counts values of the type of this array. */
    private void countLike(long values) {
        if (isInteger()) {
            source.countLongs(values);
        } else {
            source.count(values);
        }
    }

    /** Copies the values at {@code offset + sum of index * stride}, for all indexes of a shape. */
    private OnnxArray strided(long[] dimensions, long[] strides, long offset) {
        Shape target = Shape.of(dimensions);
        countLike(target.values());
        int count = (int) target.values();
        boolean integer = isInteger();
        float[] fromFloats = integer ? null : floats();
        long[] fromLongs = integer ? longs() : null;
        float[] toFloats = integer ? null : new float[count];
        long[] toLongs = integer ? new long[count] : null;
        StridedOffsets offsets = new StridedOffsets(dimensions, strides, offset);
        for (int at = 0; at < count; at++) {
            if (integer) {
                toLongs[at] = fromLongs[offsets.next()];
            } else {
                toFloats[at] = fromFloats[offsets.next()];
            }
        }
        return new OnnxArray(source, null, name, target, toFloats, toLongs);
    }
}
