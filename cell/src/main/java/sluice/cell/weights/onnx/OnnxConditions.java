package sluice.cell.weights.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.DerivedInput.Kind;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/** Comparisons: of sizes with numbers, as in the condition of an {@code If}, and of tokens with numbers. */
final class OnnxConditions {
    /** Limit of a computed range, far more tokens than any model knows. */
    private static final long MAX_RANGE = 10_000_000;

    private OnnxConditions() {}

    /** Whether a condition holds; empty if it depends on the sequences. */
    static Optional<Boolean> truth(OnnxValue value) {
        if (value instanceof OnnxConstant constant && constant.array().shape().values() == 1) {
            return Optional.of(constant.array().single() != 0);
        }
        return single(value).map(number -> number != 0);
    }

    /** The value of a single size or integer. A batch has the size 1: one sequence at a time is scored. */
    private static Optional<Long> single(OnnxValue value) {
        return OnnxSizes.of(value)
                .filter(sizes -> sizes.sizes().size() == 1)
                .flatMap(sizes -> sizes.sizes().get(0).forOneSequence());
    }

    private static OnnxValue condition(boolean holds) {
        return new OnnxSizes(List.of(OnnxSize.of(holds ? 1 : 0)), true);
    }

    /** Equal: of two sizes, or of tokens with all classes or with the padding token. */
    static Optional<OnnxValue> equal(OnnxOperands operands) {
        if (operands.all().size() != 2) {
            return Optional.empty();
        }
        if (operands.signals().isEmpty()) {
            return single(operands.value(0))
                    .flatMap(one -> single(operands.value(1)).map(two -> condition(one.equals(two))));
        }
        int at = operands.onlySignal().orElse(-1);
        if (at < 0
                || !(operands.value(1 - at) instanceof OnnxConstant constant)
                || !constant.array().isInteger()) {
            return Optional.empty();
        }
        OnnxSignal tokens = operands.signals().get(0);
        OnnxArray numbers = constant.array();
        if (numbers.shape().values() == 1) {
            return OnnxRowOperators.compared(operands, tokens, Kind.IS_PADDING, numbers.singleLong());
        }
        return oneHot(tokens, numbers);
    }

    /** Tokens compared with 0, 1, 2 and so on along a new last axis are one-hot vectors. */
    private static Optional<OnnxValue> oneHot(OnnxSignal tokens, OnnxArray numbers) {
        int rank = numbers.shape().rank();
        long depth = rank == 0 ? 1 : numbers.shape().dimension(rank - 1);
        boolean isLast = tokens.content() instanceof Raw
                && tokens.rank() >= Math.max(1, rank)
                && tokens.axisSize(-1) == 1
                && numbers.shape().values() == depth;
        if (!isLast) {
            return Optional.empty();
        }
        long[] found = numbers.longs();
        for (int at = 0; at < found.length; at++) {
            if (found[at] != at) {
                return Optional.empty();
            }
        }
        String input = ((Raw) tokens.content()).input();
        return Optional.of(tokens.withLastAxis(OnnxAxis.of(Role.WIDTH, depth), new OneHot(depth, input)));
    }

    /** Not: of a known condition, or of a test for padding. */
    static Optional<OnnxValue> not(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        if (value instanceof OnnxSignal signal) {
            return OnnxRowOperators.negated(signal, operands.node().describe());
        }
        return truth(value).map(holds -> condition(!holds));
    }

    /** And, Or: of known conditions. */
    static Optional<OnnxValue> both(OnnxOperands operands) {
        if (operands.all().size() != 2 || !operands.signals().isEmpty()) {
            return Optional.empty();
        }
        boolean isAnd = operands.node().operator().equals("And");
        return truth(operands.value(0))
                .flatMap(one -> truth(operands.value(1)).map(two -> condition(isAnd ? one && two : one || two)));
    }

    /** Cast to BOOL. */
    static Optional<OnnxValue> toBoolean(OnnxOperands operands) {
        OnnxValue value = operands.required(0);
        if (value instanceof OnnxSignal signal) {
            boolean isTest = signal.content() instanceof OnnxContent.DerivedInput derived
                    && (derived.kind() == Kind.IS_PADDING || derived.kind() == Kind.IS_TOKEN);
            return isTest ? Optional.of(signal) : OnnxRowOperators.isNotZero(operands);
        }
        return truth(value).map(OnnxConditions::condition);
    }

    /** Range: numbers from a start to an end. */
    static OnnxValue range(OnnxOperands operands, OnnxArray.Source source) {
        Optional<Long> start = number(operands.required(0));
        Optional<Long> end = number(operands.required(1));
        Optional<Long> step = number(operands.required(2));
        if (start.isEmpty() || end.isEmpty() || step.isEmpty() || step.get() != 1) {
            return new OnnxOpaque(operands.node().describe());
        }
        long count = Math.max(0, Math.subtractExact(end.get(), start.get()));
        if (count > MAX_RANGE) {
            return new OnnxOpaque(operands.node().describe());
        }
        source.countLongs(count);
        long[] numbers = new long[(int) count];
        Arrays.setAll(numbers, at -> start.get() + at);
        return new OnnxConstant(OnnxArray.of(source, operands.node().outputs().get(0), numbers));
    }

    private static Optional<Long> number(OnnxValue value) {
        return OnnxSizes.of(value)
                .filter(sizes ->
                        sizes.sizes().size() == 1 && sizes.sizes().get(0).isNumber())
                .map(sizes -> sizes.sizes().get(0).number());
    }
}
