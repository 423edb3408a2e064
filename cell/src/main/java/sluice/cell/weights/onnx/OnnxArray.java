package sluice.cell.weights.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.StridedOffsets;

/**
 * A constant of a graph, real or whole numbers: a tensor of the file, or what nodes make of one. Values are read when
 * they are needed.
 */
final class OnnxArray {
    /** Where values are read from, and how many may be made of them: a few nodes could ask for any number. */
    static final class Source {
        private static final long FREE_VALUES = 1 << 20;

        private final OnnxWeights weights;
        private final long fileBytes;
        private long taken;

        /** @param fileBytes how large the model is; what may be made is in proportion */
        Source(OnnxWeights weights, long fileBytes) {
            this.weights = weights;
            this.fileBytes = fileBytes;
        }

        /**
         * Counts values that are read or made, real ones.
         *
         * @throws ModelException where they are more than the files can need
         */
        void take(long values) {
            long most = FREE_VALUES + VALUES_PER_BYTE * (fileBytes + weights.externalBytes());
            taken = Math.addExact(taken, values);
            if (taken > most) {
                throw new ModelException(
                        ("the graph makes %d values of its tensors, expected at most %d: far more than "
                                        + "the file holds; export it with constants folded")
                                .formatted(taken, most));
            }
        }

        void takeWholes(long values) {
            take(Math.multiplyExact(values, Long.BYTES / Float.BYTES));
        }
    }

    /** How many values may be made for each byte of the file: of float32, each is moved sixteen times. */
    private static final int VALUES_PER_BYTE = 4;

    /** The most axes that anything in a graph may have. */
    static final int MAX_RANK = 32;

    private final Source source;
    private final OnnxTensor tensor; // or null: the values are at hand
    private final String name;
    private final Shape shape;
    private float[] reals; // or null
    private long[] wholes; // or null

    private OnnxArray(Source source, OnnxTensor tensor, String name, Shape shape, float[] reals, long[] wholes) {
        this.source = source;
        this.tensor = tensor;
        this.name = name;
        this.shape = shape;
        this.reals = reals;
        this.wholes = wholes;
    }

    /** A tensor of the file. */
    static OnnxArray of(Source source, OnnxTensor tensor) {
        return new OnnxArray(source, tensor, tensor.name(), tensor.shape(), null, null);
    }

    /** A vector of whole numbers. */
    static OnnxArray of(Source source, String name, long... numbers) {
        return new OnnxArray(source, null, name, Shape.of(numbers.length), null, numbers);
    }

    /** A single whole number. */
    static OnnxArray scalar(Source source, String name, long number) {
        return new OnnxArray(source, null, name, Shape.of(), null, new long[] {number});
    }

    /** A vector of real numbers. */
    static OnnxArray ofReals(Source source, String name, float... numbers) {
        return new OnnxArray(source, null, name, Shape.of(numbers.length), numbers, null);
    }

    /** A single real number. */
    static OnnxArray scalarReal(Source source, String name, float number) {
        return new OnnxArray(source, null, name, Shape.of(), new float[] {number}, null);
    }

    Source source() {
        return source;
    }

    /** What messages call it: the tensor that its values come from. */
    String name() {
        return name;
    }

    Shape shape() {
        return shape;
    }

    /** {@code 'W' (1, 12, 2)}, as messages list it. */
    String describe() {
        return "'%s' %s".formatted(name, shape);
    }

    boolean isWhole() {
        return tensor == null
                ? wholes != null
                : tensor.type() != null && tensor.type().isWhole();
    }

    /** The values as float32, row-major; not a copy. */
    float[] reals() {
        if (reals == null && isWhole()) {
            long[] numbers = wholes();
            source.take(numbers.length);
            reals = new float[numbers.length];
            for (int at = 0; at < numbers.length; at++) {
                reals[at] = numbers[at];
            }
        } else if (reals == null) {
            reals = readReals();
        }
        return reals;
    }

    private float[] readReals() {
        try {
            float[] values = source.weights.floats(tensor);
            source.take(values.length);
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The values as real numbers, each of them finite. */
    float[] finiteReals() {
        if (isWhole()) {
            throw new ModelException(
                    "tensor '%s' has type %s, expected FLOAT, FLOAT16, BFLOAT16 or DOUBLE; export it as one of these"
                            .formatted(name, tensor == null ? OnnxType.INT64 : tensor.type()));
        }
        return FiniteValues.require(name, shape, reals());
    }

    /** The values as whole numbers, row-major; not a copy. */
    long[] wholes() {
        if (wholes == null && !isWhole()) {
            throw new ModelException("tensor %s holds real numbers, expected whole ones".formatted(describe()));
        }
        if (wholes == null) {
            try {
                wholes = source.weights.longs(tensor);
                source.takeWholes(wholes.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return wholes;
    }

    /** Its only value, whatever its rank. */
    float only() {
        if (shape.values() != 1) {
            throw new ModelException("tensor %s, expected a single number".formatted(describe()));
        }
        return reals()[0];
    }

    /** Its only value, a whole number. */
    long onlyWhole() {
        if (shape.values() != 1) {
            throw new ModelException("tensor %s, expected a single whole number".formatted(describe()));
        }
        return wholes()[0];
    }

    OnnxArray toReals() {
        return isWhole() ? new OnnxArray(source, null, name, shape, reals(), null) : this;
    }

    OnnxArray toWholes() {
        if (isWhole()) {
            return this;
        }
        float[] numbers = reals();
        source.takeWholes(numbers.length);
        long[] cut = new long[numbers.length];
        for (int at = 0; at < cut.length; at++) {
            cut[at] = (long) numbers[at];
        }
        return new OnnxArray(source, null, name, shape, null, cut);
    }

    /** The same values in the same order, in another shape of as many. */
    OnnxArray reshaped(long... dimensions) {
        Shape other = Shape.of(dimensions);
        if (dimensions.length > MAX_RANK) {
            throw new ModelException("tensor %s can't have %d dimensions, expected at most %d"
                    .formatted(describe(), dimensions.length, MAX_RANK));
        }
        if (Arrays.stream(dimensions).anyMatch(size -> size < 0) || other.values() != shape.values()) {
            throw new ModelException("tensor %s can't have shape %s".formatted(describe(), other));
        }
        if (tensor != null && reals == null && wholes == null) {
            OnnxTensor same = new OnnxTensor(
                    tensor.name(), other, tensor.type(), tensor.raw(), tensor.typed(), tensor.external());
            return new OnnxArray(source, same, name, other, null, null);
        }
        return new OnnxArray(source, isWhole() ? null : tensor, name, other, reals, wholes);
    }

    /** Axis {@code at} of the result is axis {@code order[at]} of this. */
    OnnxArray transposed(int[] order) {
        long[] dimensions = new long[order.length];
        long[] strides = new long[order.length];
        for (int at = 0; at < order.length; at++) {
            dimensions[at] = shape.dimension(order[at]);
            strides[at] = stride(order[at]);
        }
        return picked(dimensions, strides, 0);
    }

    /** Of one axis, every {@code step}-th from {@code first} on. */
    OnnxArray sliced(int axis, long first, long count, long step) {
        long[] dimensions = dimensions();
        long[] strides = new long[shape.rank()];
        for (int at = 0; at < strides.length; at++) {
            strides[at] = stride(at);
        }
        dimensions[axis] = count;
        long offset = count == 0 ? 0 : first * strides[axis];
        strides[axis] *= step;
        return picked(dimensions, strides, offset);
    }

    /** These one after the other along an axis that all have, with the other axes alike. */
    static OnnxArray joined(List<OnnxArray> parts, int axis) {
        OnnxArray first = parts.get(0);
        long[] dimensions = first.dimensions();
        dimensions[axis] = 0;
        for (OnnxArray part : parts) {
            requireAlike(first, part, axis);
            dimensions[axis] += part.shape.dimension(axis);
        }
        Shape shape = Shape.of(dimensions);
        first.takeLike(shape.values());
        long inner = first.stride(axis);
        long outer = shape.values() == 0 ? 0 : shape.values() / (inner * dimensions[axis]);
        boolean whole = first.isWhole();
        float[] reals = whole ? null : new float[(int) shape.values()];
        long[] wholes = whole ? new long[(int) shape.values()] : null;
        int to = 0;
        for (int block = 0; block < outer; block++) {
            for (OnnxArray part : parts) {
                int count = (int) (part.shape.dimension(axis) * inner);
                Object from = whole ? part.wholes() : part.reals();
                System.arraycopy(from, block * count, whole ? wholes : reals, to, count);
                to += count;
            }
        }
        return new OnnxArray(first.source, null, first.name, shape, reals, wholes);
    }

    private static void requireAlike(OnnxArray one, OnnxArray other, int axis) {
        boolean alike = one.shape.rank() == other.shape.rank() && one.isWhole() == other.isWhole();
        for (int at = 0; alike && at < one.shape.rank(); at++) {
            alike = at == axis || one.shape.dimension(at) == other.shape.dimension(at);
        }
        if (!alike) {
            throw new ModelException("tensors %s and %s can't stand side by side on axis %d"
                    .formatted(one.describe(), other.describe(), axis));
        }
    }

    long[] dimensions() {
        long[] dimensions = new long[shape.rank()];
        Arrays.setAll(dimensions, shape::dimension);
        return dimensions;
    }

    /** How far two neighbours on an axis are apart. */
    private long stride(int axis) {
        long stride = 1;
        for (int at = axis + 1; at < shape.rank(); at++) {
            stride *= shape.dimension(at);
        }
        return stride;
    }

    /** Counts values of the type of these. */
    private void takeLike(long values) {
        if (isWhole()) {
            source.takeWholes(values);
        } else {
            source.take(values);
        }
    }

    /** Values at {@code offset + sum of index * stride}, over all indexes of a shape. */
    private OnnxArray picked(long[] dimensions, long[] strides, long offset) {
        Shape target = Shape.of(dimensions);
        takeLike(target.values());
        int count = (int) target.values();
        boolean whole = isWhole();
        float[] fromReals = whole ? null : reals();
        long[] fromWholes = whole ? wholes() : null;
        float[] toReals = whole ? null : new float[count];
        long[] toWholes = whole ? new long[count] : null;
        StridedOffsets offsets = new StridedOffsets(dimensions, strides, offset);
        for (int at = 0; at < count; at++) {
            if (whole) {
                toWholes[at] = fromWholes[offsets.next()];
            } else {
                toReals[at] = fromReals[offsets.next()];
            }
        }
        return new OnnxArray(source, null, name, target, toReals, toWholes);
    }
}
