package sluice.cell.weights;

/**
 * A constant that is repeated along its axes of size 1 as often as needed: a learned initial state, expanded to the
 * batch.
 */
record OnnxRows(OnnxConstant constant) implements OnnxValue {
    @Override
    public String describe() {
        return constant.describe() + ", expanded";
    }

    @Override
    public OnnxValue transpose(int[] order) {
        return new OnnxRows(constant.transpose(order));
    }

    @Override
    public OnnxValue unsqueeze(long[] axes) {
        return new OnnxRows(constant.unsqueeze(axes));
    }

    @Override
    public OnnxValue squeeze(long[] axes) {
        return new OnnxRows(constant.squeeze(axes));
    }

    @Override
    public OnnxValue slice(long axis, long start, long end, long step) {
        return constant.axisSize(axis) == 1 ? this : new OnnxRows(constant.slice(axis, start, end, step));
    }

    @Override
    public OnnxValue gather(long axis, OnnxArray places) {
        if (constant.axisSize(axis) == 1) {
            return places.shape().rank() == 0 ? squeeze(new long[] {axis}) : this;
        }
        return new OnnxRows(constant.gather(axis, places));
    }
}
