package sluice.job.vector;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.Locale;
import java.util.RandomAccess;
import java.util.Set;
import org.apache.spark.sql.Row;
import scala.collection.Seq;

/** The numbers of a vector, dense or sparse; a number that a sparse vector doesn't state is 0. Immutable. */
public final class VectorNumbers extends AbstractList<Number> implements RandomAccess {
    private static final long OBJECT = 32; // header and references, roughly

    /** The packages of the library's vectors. A value's package is compared, because the library may be missing. */
    private static final Set<String> LIBRARY = Set.of("org.apache.spark.ml.linalg", "org.apache.spark.mllib.linalg");

    private final int size;
    private final int[] indices; // ascending; null if the vector is dense
    private final double[] values; // at these indices, or of all numbers

    private VectorNumbers(int size, int[] indices, double[] values) {
        this.size = size;
        this.indices = indices;
        this.values = values;
    }

    static VectorNumbers dense(double[] values) {
        return new VectorNumbers(values.length, null, values);
    }

    /** @throws IllegalArgumentException if the indices do not ascend within the size, or there are not as many values */
    static VectorNumbers sparse(int size, int[] indices, double[] values) {
        if (indices.length != values.length) {
            throw malformed("%d indices and %d values", indices.length, values.length);
        }
        int before = -1;
        for (int index : indices) {
            if (index <= before || index >= size) {
                throw malformed(
                        "index %d after %d, expected ascending indices below the size, %d", index, before, size);
            }
            before = index;
        }
        return new VectorNumbers(size, indices, values);
    }

    /**
     * Reads a value of a column of a {@linkplain VectorType vector type}.
     *
     * @throws IllegalArgumentException if a stored vector is malformed; the message says how
     */
    public static VectorNumbers of(Object vector) {
        return vector instanceof Row stored ? ofStored(stored) : MlVectors.numbers(vector);
    }

    private static VectorNumbers ofStored(Row stored) {
        long kind = whole(stored, VectorType.KIND);
        double[] values = numbers(stored, VectorType.VALUES);
        if (kind == VectorType.DENSE) {
            return dense(values);
        }
        if (kind != VectorType.SPARSE) {
            throw malformed("type %d, expected %d (sparse) or %d (dense)", kind, VectorType.SPARSE, VectorType.DENSE);
        }
        long size = whole(stored, VectorType.SIZE);
        if (size < 0 || size > Integer.MAX_VALUE) {
            throw malformed("size %d, expected one of 0 to %d", size, Integer.MAX_VALUE);
        }
        int[] indices = Arrays.stream(numbers(stored, VectorType.INDICES))
                .mapToInt(index -> (int) index)
                .toArray();
        return sparse((int) size, indices, values);
    }

    private static long whole(Row stored, String name) {
        return ((Number) field(stored, name)).longValue();
    }

    private static double[] numbers(Row stored, String name) {
        Seq<?> list = (Seq<?>) field(stored, name);
        double[] numbers = new double[list.length()];
        for (int at = 0; at < numbers.length; at++) {
            Object number = list.apply(at);
            if (number == null) {
                throw malformed("null in its %s", name);
            }
            numbers[at] = ((Number) number).doubleValue();
        }
        return numbers;
    }

    private static Object field(Row stored, String name) {
        int at = Arrays.asList(stored.schema().fieldNames()).indexOf(name);
        if (at < 0 || stored.isNullAt(at)) {
            throw malformed("no %s", name);
        }
        return stored.get(at);
    }

    private static IllegalArgumentException malformed(String format, Object... arguments) {
        return new IllegalArgumentException("no vector: " + String.format(Locale.ROOT, format, arguments));
    }

    /** Whether a value of a row is one of the library's vectors. */
    public static boolean isOfLibrary(Object value) {
        return LIBRARY.contains(value.getClass().getPackageName());
    }

    /** The memory of the vector, in bytes; a sparse one takes that of its stated numbers. */
    public long bytes() {
        return OBJECT
                + (long) Double.BYTES * values.length
                + (indices == null ? 0 : (long) Integer.BYTES * indices.length);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Double get(int index) {
        if (indices == null) {
            return values[index];
        }
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        int at = Arrays.binarySearch(indices, index);
        return at < 0 ? 0.0 : values[at];
    }
}
