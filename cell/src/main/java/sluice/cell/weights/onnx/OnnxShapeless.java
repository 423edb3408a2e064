package sluice.cell.weights.onnx;

import java.util.List;

/** A value without a tracked shape: operators that only move values return it unchanged. */
sealed interface OnnxShapeless extends OnnxValue permits OnnxFill, OnnxOpaque {
    @Override
    default OnnxValue transpose(int[] order) {
        return this;
    }

    @Override
    default OnnxValue unsqueeze(long[] axes) {
        return this;
    }

    @Override
    default OnnxValue squeeze(long[] axes) {
        return this;
    }

    @Override
    default OnnxValue reshape(List<OnnxSize> target, boolean zeroIsZero) {
        return this;
    }

    @Override
    default OnnxValue flatten(long axis) {
        return this;
    }

    @Override
    default OnnxValue slice(long axis, long start, long end, long step) {
        return this;
    }

    @Override
    default OnnxValue gather(long axis, OnnxArray indices) {
        return this;
    }
}
