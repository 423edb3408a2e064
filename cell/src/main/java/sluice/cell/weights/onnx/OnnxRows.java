package sluice.cell.weights.onnx;

/**
 * A constant that is repeated along its axes of size 1 as often as needed: a learned initial state, expanded to the
 * batch.
 */
record OnnxRows(OnnxConstant constant) implements OnnxValue {
    @Override
    public String describe() {
        return constant.describe() + ", expanded";
    }

    /** A vector was expanded to a rank that isn't known here: which of its axes is meant can't be told. */
    private OnnxConstant movable(String done) {
        if (constant.array().shape().rank() < 2) {
            throw cant(done);
        }
        return constant;
    }

    @Override
    public OnnxValue transpose(int[] order) {
        return new OnnxRows(movable("transposed").transpose(order));
    }

    @Override
    public OnnxValue unsqueeze(long[] axes) {
        return new OnnxRows(movable("unsqueezed").unsqueeze(axes));
    }

    @Override
    public OnnxValue squeeze(long[] axes) {
        return new OnnxRows(movable("squeezed").squeeze(axes));
    }

    @Override
    public OnnxValue slice(long axis, long start, long end, long step) {
        return movable("sliced").axisSize(axis) == 1 ? this : new OnnxRows(constant.slice(axis, start, end, step));
    }

    @Override
    public OnnxValue gather(long axis, OnnxArray places) {
        if (movable("gathered from").axisSize(axis) == 1) {
            return places.shape().rank() == 0 ? squeeze(new long[] {axis}) : this;
        }
        return new OnnxRows(constant.gather(axis, places));
    }
}
