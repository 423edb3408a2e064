package sluice.cell.weights.file;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The dimensions of a tensor, outermost first. Each is 0 or more. A scalar has rank 0. */
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
     * The number of values of a tensor of this shape.
     *
     * @throws ArithmeticException if it overflows a long
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

    /** Number of rows of a matrix. */
    public long rows() {
        return dimensions[0];
    }

    /** Number of columns of a matrix. */
    public long columns() {
        return dimensions[1];
    }

    /** The index of the value at this row-major offset: {@code [row, column]} for a matrix. */
    public String indexOf(long offset) {
        long[] index = new long[rank()];
        long rest = offset;
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

    /** The shape in messages: {@code (256, 32)}. */
    @Override
    public String toString() {
        return Arrays.stream(dimensions).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}
