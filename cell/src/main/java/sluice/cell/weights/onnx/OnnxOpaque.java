package sluice.cell.weights.onnx;

import sluice.cell.model.ModelException;

/** The output of a node that is not evaluated. It depends on no graph input, and is an error only if it is needed. */
record OnnxOpaque(String node) implements OnnxShapeless {
    @Override
    public String describe() {
        return "the output of %s".formatted(node);
    }

    /** The exception if the value is needed. */
    ModelException needed() {
        return new ModelException(
                "needs the output of %s, which is not supported; export the model with constants folded"
                        .formatted(node));
    }
}
