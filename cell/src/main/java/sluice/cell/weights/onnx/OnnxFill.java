package sluice.cell.weights.onnx;

/** One number in every place of a shape that isn't asked for: what exporters make initial states of. */
record OnnxFill(float number) implements OnnxShapeless {
    @Override
    public String describe() {
        return "a tensor full of " + number;
    }
}
