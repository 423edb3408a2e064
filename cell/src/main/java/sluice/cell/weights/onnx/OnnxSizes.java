package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongBinaryOperator;
import sluice.cell.model.ModelException;

/**
 * Sizes that a graph computes of its input's: a vector of them, or one alone.
 *
 * @param single whether it is one alone, of rank 0
 */
record OnnxSizes(List<OnnxSize> sizes, boolean single) implements OnnxValue {
    /** Far more axes than any tensor has. */
    private static final int MAX_SIZES = 1_000;

    OnnxSizes {
        requireFew(sizes.size());
    }

    static void requireFew(long count) {
        if (count > MAX_SIZES) {
            throw new ModelException("a vector of %d sizes, expected at most %d".formatted(count, MAX_SIZES));
        }
    }

    /** Whether a value can be sizes: computed ones, or a constant of whole numbers. */
    static boolean canBe(OnnxValue value) {
        return value instanceof OnnxSizes
                || (value instanceof OnnxConstant constant
                        && constant.array().isWhole()
                        && constant.array().shape().rank() <= 1);
    }

    /** The sizes that a value is, where it {@linkplain #canBe can be}. */
    static Optional<OnnxSizes> of(OnnxValue value) {
        if (value instanceof OnnxSizes sizes) {
            return Optional.of(sizes);
        }
        if (value instanceof OnnxConstant constant && canBe(constant)) {
            requireFew(constant.array().shape().values());
            List<OnnxSize> sizes = new ArrayList<>();
            for (long number : constant.array().wholes()) {
                sizes.add(OnnxSize.of(number));
            }
            return Optional.of(new OnnxSizes(sizes, constant.array().shape().rank() == 0));
        }
        return Optional.empty();
    }

    @Override
    public String describe() {
        return "sizes " + sizes;
    }

    @Override
    public OnnxValue unsqueeze(long[] axes) {
        return one(axes.length == 1, false);
    }

    @Override
    public OnnxValue squeeze(long[] axes) {
        return one(true, true);
    }

    private OnnxValue one(boolean asked, boolean becomesSingle) {
        if (!asked || sizes.size() != 1 || single == becomesSingle) {
            throw cant(becomesSingle ? "squeezed" : "unsqueezed");
        }
        return new OnnxSizes(sizes, becomesSingle);
    }

    @Override
    public OnnxValue reshape(List<OnnxSize> target, boolean zeroIsZero) {
        if (target.size() > 1) {
            throw cant("reshaped");
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
    public OnnxValue gather(long axis, OnnxArray places) {
        if (places.shape().rank() > 1) {
            throw cant("gathered from by " + places.describe());
        }
        requireFew(places.shape().values());
        List<OnnxSize> taken = new ArrayList<>();
        for (long place : places.wholes()) {
            taken.add(sizes.get(OnnxValue.axis(place, sizes.size())));
        }
        return new OnnxSizes(taken, places.shape().rank() == 0);
    }

    /** What a node of arithmetic makes of sizes: known where both are numbers. */
    OnnxSizes combined(OnnxSizes other, LongBinaryOperator operator) {
        int count = Math.max(sizes.size(), other.sizes.size());
        List<OnnxSize> results = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            OnnxSize one = sizes.size() == 1 ? sizes.get(0) : at < sizes.size() ? sizes.get(at) : OnnxSize.unknown();
            OnnxSize two = other.sizes.size() == 1
                    ? other.sizes.get(0)
                    : at < other.sizes.size() ? other.sizes.get(at) : OnnxSize.unknown();
            results.add(
                    one.isNumber() && two.isNumber()
                            ? OnnxSize.of(operator.applyAsLong(one.number(), two.number()))
                            : OnnxSize.unknown());
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
