package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongBinaryOperator;
import sluice.cell.model.ModelException;

/**
 * Sizes that a graph computes from sizes of its inputs: a vector or a scalar.
 *
 * @param single whether it is a scalar
 */
record OnnxSizes(List<OnnxSize> sizes, boolean single) implements OnnxValue {
    /** Limit, far more axes than any tensor has. */
    private static final int MAX_SIZES = 1_000;

    OnnxSizes {
        requireLimit(sizes.size());
    }

    static void requireLimit(long count) {
        if (count > MAX_SIZES) {
            throw new ModelException(
                    String.format(Locale.ROOT, "computes a vector of %d sizes, expected at most %d", count, MAX_SIZES));
        }
    }

    /** Whether a value can be sizes: computed sizes, or an integer constant. */
    static boolean canBe(OnnxValue value) {
        return value instanceof OnnxSizes
                || (value instanceof OnnxConstant constant
                        && constant.array().isInteger()
                        && constant.array().shape().rank() <= 1);
    }

    /** Converts a value to sizes; empty if it {@linkplain #canBe can't be}. */
    static Optional<OnnxSizes> of(OnnxValue value) {
        if (value instanceof OnnxSizes sizes) {
            return Optional.of(sizes);
        }
        if (value instanceof OnnxConstant constant && canBe(constant)) {
            requireLimit(constant.array().shape().values());
            List<OnnxSize> sizes = new ArrayList<>();
            for (long number : constant.array().longs()) {
                sizes.add(OnnxSize.of(number));
            }
            return Optional.of(new OnnxSizes(sizes, constant.array().shape().rank() == 0));
        }
        return Optional.empty();
    }

    @Override
    public String describe() {
        return "sizes " + OnnxSize.list(sizes);
    }

    @Override
    public OnnxValue unsqueeze(long[] axes) {
        return changeRank(axes.length == 1, false);
    }

    @Override
    public OnnxValue squeeze(long[] axes) {
        return changeRank(true, true);
    }

    private OnnxValue changeRank(boolean valid, boolean becomesSingle) {
        if (!valid || sizes.size() != 1 || single == becomesSingle) {
            throw unsupported(becomesSingle ? "squeezed" : "unsqueezed");
        }
        return new OnnxSizes(sizes, becomesSingle);
    }

    @Override
    public OnnxValue reshape(List<OnnxSize> target, boolean zeroIsZero) {
        if (target.size() > 1) {
            throw unsupported("reshaped");
        }
        return new OnnxSizes(sizes, target.isEmpty());
    }

    @Override
    public OnnxValue slice(long axis, long start, long end, long step) {
        OnnxRange range = OnnxRange.of(start, end, step, sizes.size());
        List<OnnxSize> taken = new ArrayList<>();
        for (long at = 0; at < range.count(); at++) {
            taken.add(sizes.get((int) (range.first() + at * step)));
        }
        return new OnnxSizes(taken, false);
    }

    @Override
    public OnnxValue gather(long axis, OnnxArray indices) {
        if (indices.shape().rank() > 1) {
            throw unsupported("gathered from by " + indices.describe());
        }
        requireLimit(indices.shape().values());
        List<OnnxSize> taken = new ArrayList<>();
        for (long index : indices.longs()) {
            taken.add(sizes.get(OnnxValue.axis(index, sizes.size())));
        }
        return new OnnxSizes(taken, indices.shape().rank() == 0);
    }

    /**
     * Applies an arithmetic operator element by element. A result is known if both operands are numbers, or a number is
     * added to a size.
     *
     * @param sign 1 if the operator adds, -1 if it subtracts, else 0
     */
    OnnxSizes combined(OnnxSizes other, LongBinaryOperator operator, int sign) {
        int count = Math.max(sizes.size(), other.sizes.size());
        List<OnnxSize> results = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            OnnxSize one = sizes.size() == 1 ? sizes.get(0) : at < sizes.size() ? sizes.get(at) : OnnxSize.unknown();
            OnnxSize two = other.sizes.size() == 1
                    ? other.sizes.get(0)
                    : at < other.sizes.size() ? other.sizes.get(at) : OnnxSize.unknown();
            if (one.isNumber() && two.isNumber()) {
                results.add(OnnxSize.of(operator.applyAsLong(one.number(), two.number())));
            } else if (two.isNumber() && sign != 0) {
                results.add(one.plus(Math.multiplyExact(sign, two.number())));
            } else if (one.isNumber() && sign > 0) {
                results.add(two.plus(one.number()));
            } else {
                results.add(OnnxSize.unknown());
            }
        }
        return new OnnxSizes(results, single && other.single);
    }

    @Override
    public OnnxSizes shape() {
        return new OnnxSizes(single ? List.of() : List.of(OnnxSize.of(sizes.size())), false);
    }

    @Override
    public long axisSize(long axis) {
        return sizes.size();
    }
}
