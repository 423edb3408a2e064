package sluice.cell.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;

/** A dense float32 matrix, row-major, with at least one row and one column. */
public final class Matrix implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int rows;
    private final int columns;
    private final float[] values; // (rows, columns) row-major

    private Matrix(int rows, int columns, float[] values) {
        this.rows = rows;
        this.columns = columns;
        this.values = values;
    }

    /**
     * A matrix backed by this array, which the caller must not write to afterwards.
     *
     * @param values {@code rows * columns} finite numbers, row-major
     * @throws ModelException if the number of values is wrong, or if a value is NaN or infinite
     */
    public static Matrix of(int rows, int columns, float[] values) {
        if (rows < 1 || columns < 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "a matrix of shape (%d, %d): expected at least one row and one column",
                    rows,
                    columns));
        }
        if (values.length != (long) rows * columns) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "a matrix of shape (%d, %d) over %d values: expected %d",
                    rows,
                    columns,
                    values.length,
                    (long) rows * columns));
        }
        Vectors.requireFinite(String.format(Locale.ROOT, "a matrix of shape (%d, %d)", rows, columns), values);
        return new Matrix(rows, columns, values);
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    public float at(int row, int column) {
        return values[row * columns + column];
    }

    /** All values, row-major; not a copy. */
    public float[] values() {
        return values;
    }

    /** The rows {@code first} to {@code first + count - 1}, as a new matrix. */
    public Matrix rowBlock(int first, int count) {
        return new Matrix(count, columns, Arrays.copyOfRange(values, first * columns, (first + count) * columns));
    }

    /** {@code (4H, I)} and so on, for messages. */
    @Override
    public String toString() {
        return "(" + rows + ", " + columns + ")";
    }
}
