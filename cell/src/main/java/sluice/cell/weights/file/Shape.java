package sluice.cell.weights.file;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The dimensions of a tensor, outermost first; none of them negative, some perhaps 0, rank 0 for a single number. */
public final class Shape {
    private final long[] dimensions;

    private Shape(long[] dimensions) {
        this.dimensions = dimensions;
    }

    public static Shape of(long... dimensions) {
        return new Shape(dimensions.clone());
    }

    public int rank() {
        return dimensions.length;
    }

    public long dimension(int axis) {
        return dimensions[axis];
    }

    /**
     * How many values a tensor of this shape has.
     *
     * @throws ArithmeticException where that is more than a long can say
     */
    public long values() {
        long values = 1;
        for (long dimension : dimensions) {
            values = Math.multiplyExact(values, dimension);
        }
        return values;
    }

    public boolean isMatrix() {
        return rank() == 2 && dimensions[0] > 0 && dimensions[1] > 0;
    }

    public boolean isVectorOf(long length) {
        return rank() == 1 && dimensions[0] == length;
    }

    /** Rows of a matrix. */
    public long rows() {
        return dimensions[0];
    }

    /** Columns of a matrix. */
    public long columns() {
        return dimensions[1];
    }

    /** Where the value at this place of the row-major order stands: {@code [row, column]} for a matrix. */
    public String indexOf(long place) {
        long[] index = new long[rank()];
        long rest = place;
        for (int axis = rank() - 1; axis >= 0; axis--) {
            index[axis] = rest % dimensions[axis];
            rest /= dimensions[axis];
        }
        return Arrays.toString(index);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dimensions);
    }

    /** {@code (256, 32)}, as messages show it. */
    @Override
    public String toString() {
        return Arrays.stream(dimensions).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}
