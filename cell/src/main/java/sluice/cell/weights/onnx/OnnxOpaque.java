package sluice.cell.weights.onnx;

import sluice.cell.model.ModelException;

/**
 * The output of a node that is not evaluated. It depends on no graph input, and is an error only if it is needed.
 *
 * @param reason why it is not evaluated; empty if the operator is not supported
 */
record OnnxOpaque(String node, String reason) implements OnnxShapeless {
    OnnxOpaque(String node) {
        this(node, "");
    }

    @Override
    public String describe() {
        return "the output of %s".formatted(node);
    }

    /** The exception if the value is needed. */
    ModelException needed() {
        return new ModelException(
                reason.isEmpty()
                        ? "needs the output of %s, an operator that is not supported here; simplify the file with onnxsim, or export it with constants folded"
                                .formatted(node)
                        : "needs the output of %s: %s".formatted(node, reason));
    }
}
