package sluice.cell.weights;

import java.util.List;
import sluice.cell.model.ModelException;

/** What a node gives that we don't follow. It comes from no input, so it does no harm unless something needs it. */
record OnnxOpaque(String node) implements OnnxValue {
    @Override
    public String describe() {
        return "what %s gives".formatted(node);
    }

    /** To be thrown where it is needed after all. */
    ModelException needed() {
        return new ModelException(
                "needs what %s gives, which can't be followed; export the model with constants folded".formatted(node));
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
