package sluice.cell.weights.onnx;

/**
 * A constant that is repeated along axes of size 1: a learned initial state, expanded to the batch size.
 */
record OnnxExpanded(OnnxConstant constant) implements OnnxValue {
    @Override
    public String describe() {
        return constant.describe() + ", expanded";
    }

    /** Requires a rank of at least 2. The rank that a vector was expanded to is not tracked, so its axes are ambiguous. */
    private OnnxConstant requireMatrix(String operation) {
        if (constant.array().shape().rank() < 2) {
            throw unsupported(operation);
        }
        return constant;
    }

    @Override
    public OnnxValue transpose(int[] order) {
        return new OnnxExpanded(requireMatrix("transposed").transpose(order));
    }

    @Override
    public OnnxValue unsqueeze(long[] axes) {
        return new OnnxExpanded(requireMatrix("unsqueezed").unsqueeze(axes));
    }

    @Override
    public OnnxValue squeeze(long[] axes) {
        return new OnnxExpanded(requireMatrix("squeezed").squeeze(axes));
    }

    @Override
    public OnnxValue slice(long axis, long start, long end, long step) {
        return requireMatrix("sliced").axisSize(axis) == 1
                ? this
                : new OnnxExpanded(constant.slice(axis, start, end, step));
    }

    @Override
    public OnnxValue gather(long axis, OnnxArray indices) {
        if (requireMatrix("gathered from").axisSize(axis) == 1) {
            return indices.shape().rank() == 0 ? squeeze(new long[] {axis}) : this;
        }
        return new OnnxExpanded(constant.gather(axis, indices));
    }
}
