package sluice.cell.weights.onnx;

import sluice.cell.model.ModelException;

/** What a node gives that we don't follow. It comes from no input, so it does no harm unless something needs it. */
record OnnxOpaque(String node) implements OnnxShapeless {
    @Override
    public String describe() {
        return "what %s gives".formatted(node);
    }

    /** To be thrown where it is needed after all. */
    ModelException needed() {
        return new ModelException(
                "needs what %s gives, which can't be followed; export the model with constants folded".formatted(node));
    }
}
