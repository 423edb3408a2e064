package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;

/** Notes on what a node does that is done differently here. */
final class OnnxDifferences {
    private OnnxDifferences() {}

    static List<String> notes(OnnxOperands operands) {
        List<String> notes = new ArrayList<>();
        if (dropsOut(operands)) {
            notes.add(
                    "%s: the file was exported in training mode, so its dropout leaves out values at random; here it leaves out none, as in evaluation mode"
                            .formatted(operands.node().describe()));
        }
        if (computesInHalf(operands)) {
            notes.add(
                    "the graph computes in numbers of 16 bits (FLOAT16 or BFLOAT16), but scores are computed in float32: they differ by the rounding of 16 bits");
        }
        return notes;
    }

    private static boolean dropsOut(OnnxOperands operands) {
        return operands.node().operator().equals("Dropout")
                && operands.value(2) != null
                && OnnxConditions.truth(operands.value(2)).orElse(true);
    }

    /** Whether a value that depends on the sequence is cast to 16 bits, or meets weights of 16 bits. */
    private static boolean computesInHalf(OnnxOperands operands) {
        if (operands.signals().isEmpty()) {
            return false;
        }
        boolean casts = operands.node().operator().equals("Cast")
                && OnnxType.numbered(operands.node().number("to", 0))
                        .filter(OnnxType::isHalf)
                        .isPresent();
        return casts
                || operands.all().stream()
                        .anyMatch(value -> value instanceof OnnxConstant constant
                                && constant.array().isHalf());
    }
}
