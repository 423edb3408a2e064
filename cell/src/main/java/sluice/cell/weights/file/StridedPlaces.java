package sluice.cell.weights.file;

/** Walks over all indexes of a shape in row-major order, and tells where in an array the value of each stands. */
public final class StridedPlaces {
    private final long[] shape;
    private final long[] strides;
    private final long[] index;
    private long place;

    /**
     * @param strides how far two neighbours along each axis are apart; may be negative
     * @param first where the value of the first index stands
     */
    public StridedPlaces(long[] shape, long[] strides, long first) {
        this.shape = shape;
        this.strides = strides;
        this.index = new long[shape.length];
        this.place = first;
    }

    /** The place of the index at hand; the next one is at hand then. */
    public int next() {
        int here = (int) place;
        for (int axis = shape.length - 1; axis >= 0; axis--) { // like an odometer
            place += strides[axis];
            if (++index[axis] < shape[axis]) {
                break;
            }
            place -= index[axis] * strides[axis];
            index[axis] = 0;
        }
        return here;
    }
}
