package sluice.cell.weights.onnx;

import java.util.List;

/** A value of which no shape is known, nor asked for: it stays the same wherever its numbers are moved. */
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
    default OnnxValue gather(long axis, OnnxArray places) {
        return this;
    }
}
