package sluice.cell.weights;

import java.util.List;

/** One number in every place of a shape that isn't asked for: what exporters make initial states of. */
record OnnxFill(float number) implements OnnxValue {
    @Override
    public String describe() {
        return "a tensor full of " + number;
    }

    @Override
    public OnnxValue transpose(int[] order) {
        return this;
    }

    @Override
    public OnnxValue unsqueeze(long[] axes) {
        return this;
    }

    @Override
    public OnnxValue squeeze(long[] axes) {
        return this;
    }

    @Override
    public OnnxValue reshape(List<OnnxSize> target, boolean zeroIsZero) {
        return this;
    }

    @Override
    public OnnxValue flatten(long axis) {
        return this;
    }

    @Override
    public OnnxValue slice(long axis, long start, long end, long step) {
        return this;
    }

    @Override
    public OnnxValue gather(long axis, OnnxArray places) {
        return this;
    }
}
