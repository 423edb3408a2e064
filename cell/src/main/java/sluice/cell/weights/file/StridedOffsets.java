package sluice.cell.weights.file;

/** Iterates over all indexes of a shape in row-major order and computes the array offset of each. */
public final class StridedOffsets {
    private final long[] shape;
    private final long[] strides;
    private final long[] index;
    private long offset;

    /**
     * @param strides per axis, the distance of neighbours in the array; may be negative
     * @param first array offset of the first index
     */
    public StridedOffsets(long[] shape, long[] strides, long first) {
        this.shape = shape;
        this.strides = strides;
        this.index = new long[shape.length];
        this.offset = first;
    }

    /** Returns the array offset of the current index and advances to the next index. */
    public int next() {
        int here = (int) offset;
        for (int axis = shape.length - 1; axis >= 0; axis--) { // like an odometer
            offset += strides[axis];
            if (++index[axis] < shape[axis]) {
                break;
            }
            offset -= index[axis] * strides[axis];
            index[axis] = 0;
        }
        return here;
    }
}
