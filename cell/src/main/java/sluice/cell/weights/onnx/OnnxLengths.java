package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxContent.DerivedInput;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.SideBySide;

/**
 * Lengths of sequences, of an LSTM or of a reversal. Each sequence that is scored has its own length, so lengths must be
 * an input of the graph, all steps, or computed from the tokens by leaving out a padding token.
 */
final class OnnxLengths {
    private OnnxLengths() {}

    /**
     * The padding token that lengths leave out, if any.
     *
     * @param lengths null if omitted
     * @param steps axes of the steps
     * @param sequence what the lengths are of
     * @throws ModelException if the lengths are others than those of the sequences that are scored
     */
    static Optional<Long> padding(OnnxValue lengths, List<OnnxAxis> steps, OnnxContent sequence) {
        if (lengths == null || isAllSteps(lengths, steps)) {
            return Optional.empty();
        }
        DerivedInput derived = OnnxRowOperators.derived(lengths)
                .orElseThrow(() -> new ModelException(
                        "sequence_lens is %s, so the graph reads a number of steps that is fixed in the file: expected an input of the graph; export it with the lengths as an input, and with dynamic steps"
                                .formatted(lengths.describe())));
        boolean isOwn = inputs(sequence).contains(derived.input());
        if (!isOwn && isOfAnotherInput(derived)) {
            return Optional.empty();
        }
        if (derived.kind() == DerivedInput.Kind.TOKEN_COUNT && isOwn && embedded(sequence) != null) {
            return Optional.of(derived.padding());
        }
        throw new ModelException(
                "sequence_lens is computed from %s; expected an input of the graph with the lengths of sequences or a mask, or the number of tokens other than the padding token; export it with the lengths as an input"
                        .formatted(derived.describe()));
    }

    /** Whether they are an input of lengths, or the number of ones in an input that is a mask. */
    private static boolean isOfAnotherInput(DerivedInput derived) {
        return switch (derived.kind()) {
            case SAME, MASK_COUNT -> true;
            case TOKEN_COUNT -> derived.padding() == 0;
            default -> false;
        };
    }

    private static boolean isAllSteps(OnnxValue lengths, List<OnnxAxis> steps) {
        if (lengths instanceof OnnxSizes sizes) {
            return sizes.sizes().stream()
                    .allMatch(size -> size.isNumber() ? isSize(steps, size.number()) : size.isOf(steps));
        }
        if (lengths instanceof OnnxFill fill) {
            return isSize(steps, (long) fill.number());
        }
        OnnxArray array = lengths instanceof OnnxConstant constant
                ? constant.array()
                : lengths instanceof OnnxExpanded expanded ? expanded.constant().array() : null;
        return array != null && LongStream.of(array.toLongs().longs()).allMatch(length -> isSize(steps, length));
    }

    private static boolean isSize(List<OnnxAxis> steps, long length) {
        return steps.size() == 1 && steps.get(0).size() == length;
    }

    /** What the lowest LSTM reads. */
    private static OnnxContent bottom(OnnxContent sequence) {
        OnnxContent below = sequence;
        while (below instanceof Hidden hidden) {
            below = hidden.parts().get(0).lstm().below();
        }
        return below;
    }

    private static Embedded embedded(OnnxContent sequence) {
        return bottom(sequence) instanceof Embedded embedded ? embedded : null;
    }

    /** The graph inputs that are the sequence. */
    private static List<String> inputs(OnnxContent sequence) {
        OnnxContent below = bottom(sequence);
        if (below instanceof SideBySide several) {
            return several.sides().stream().map(SideBySide.Side::input).toList();
        }
        if (below instanceof Embedded embedded) {
            return List.of(embedded.input());
        }
        if (below instanceof OnnxContent.OneHot oneHot) {
            return List.of(oneHot.input());
        }
        return below instanceof OnnxContent.Raw raw ? List.of(raw.input()) : List.of();
    }
}
