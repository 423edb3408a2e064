package sluice.cell.weights.onnx;

/** A tensor filled with one number. Its shape is not tracked. Exporters create initial states this way. */
record OnnxFill(float number) implements OnnxShapeless {
    @Override
    public String describe() {
        return "a tensor filled with " + number;
    }
}
