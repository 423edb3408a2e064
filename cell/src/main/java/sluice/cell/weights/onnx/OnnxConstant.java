package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import sluice.cell.model.ModelException;

/** A constant tensor: a weight, or a vector of sizes, axes or indices. */
record OnnxConstant(OnnxArray array) implements OnnxValue {
    @Override
    public String describe() {
        return "tensor " + array.describe();
    }

    @Override
    public OnnxConstant transpose(int[] order) {
        if (order.length != rank()) {
            throw unsupported(String.format(Locale.ROOT, "transposed by %d axes", order.length));
        }
        return new OnnxConstant(array.transposed(order));
    }

    @Override
    public OnnxConstant unsqueeze(long[] axes) {
        int rank = rank() + axes.length;
        boolean[] isNew = new boolean[rank];
        for (long axis : axes) {
            isNew[OnnxValue.axis(axis, rank)] = true;
        }
        long[] dimensions = new long[rank];
        int from = 0;
        for (int at = 0; at < rank; at++) {
            if (!isNew[at] && from == rank()) {
                throw new ModelException("an axis occurs twice, expected different axes");
            }
            dimensions[at] = isNew[at] ? 1 : array.shape().dimension(from++);
        }
        return new OnnxConstant(array.reshaped(dimensions));
    }

    @Override
    public OnnxConstant squeeze(long[] axes) {
        boolean[] isRemoved = new boolean[rank()];
        for (int at = 0; axes == null && at < rank(); at++) {
            isRemoved[at] = array.shape().dimension(at) == 1;
        }
        if (axes != null) {
            Arrays.stream(axes).forEach(axis -> isRemoved[OnnxValue.axis(axis, rank())] = true);
        }
        List<Long> remaining = new ArrayList<>();
        for (int at = 0; at < rank(); at++) {
            if (!isRemoved[at]) {
                remaining.add(array.shape().dimension(at));
            }
        }
        return new OnnxConstant(
                array.reshaped(remaining.stream().mapToLong(Long::longValue).toArray()));
    }

    @Override
    public OnnxConstant reshape(List<OnnxSize> target, boolean zeroIsZero) {
        long[] dimensions = new long[target.size()];
        long known = 1;
        int inferred = -1;
        for (int at = 0; at < dimensions.length; at++) {
            OnnxSize size = target.get(at);
            if (!size.isNumber()) {
                throw unsupported("reshaped to a size that depends on the input");
            }
            dimensions[at] = size.number() == 0 && !zeroIsZero
                    ? array.shape().dimension(OnnxValue.axis(at, rank()))
                    : size.number();
            if (dimensions[at] == -1) {
                inferred = at;
            } else {
                known = Math.multiplyExact(known, dimensions[at]);
            }
        }
        if (inferred >= 0) {
            dimensions[inferred] = known == 0 ? 0 : array.shape().values() / known;
        }
        return new OnnxConstant(array.reshaped(dimensions));
    }

    @Override
    public OnnxConstant flatten(long axis) {
        int split = axis == rank() ? rank() : OnnxValue.axis(axis, rank());
        long[] dimensions = {1, 1};
        for (int at = 0; at < rank(); at++) {
            dimensions[at < split ? 0 : 1] *= array.shape().dimension(at);
        }
        return new OnnxConstant(array.reshaped(dimensions));
    }

    @Override
    public OnnxConstant slice(long axis, long start, long end, long step) {
        int at = OnnxValue.axis(axis, rank());
        long size = array.shape().dimension(at);
        OnnxRange range = OnnxRange.of(start, end, step, size);
        return range.isAll(size)
                ? this
                : new OnnxConstant(array.sliced(at, range.first(), range.count(), range.step()));
    }

    @Override
    public OnnxConstant gather(long axis, OnnxArray indices) {
        int at = OnnxValue.axis(axis, rank());
        long[] wanted = indices.longs();
        if (indices.shape().rank() > 1 || wanted.length == 0) {
            throw unsupported("gathered from by " + indices.describe());
        }
        List<OnnxArray> taken = new ArrayList<>();
        for (long index : wanted) {
            int from = OnnxValue.axis(index, (int) array.shape().dimension(at));
            taken.add(array.sliced(at, from, 1, 1));
        }
        OnnxConstant joined = new OnnxConstant(taken.size() == 1 ? taken.get(0) : OnnxArray.concatenated(taken, at));
        return indices.shape().rank() == 0 ? joined.squeeze(new long[] {at}) : joined;
    }

    @Override
    public OnnxConstant cast(boolean toInteger) {
        return new OnnxConstant(toInteger ? array.toLongs() : array.toFloats());
    }

    @Override
    public OnnxSizes shape() {
        return new OnnxSizes(
                Arrays.stream(array.dimensions()).mapToObj(OnnxSize::of).toList(), false);
    }

    @Override
    public long axisSize(long axis) {
        return array.shape().dimension(OnnxValue.axis(axis, rank()));
    }

    private int rank() {
        return array.shape().rank();
    }
}
