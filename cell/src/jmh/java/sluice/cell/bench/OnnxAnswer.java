package sluice.cell.bench;

import java.nio.FloatBuffer;

/** ONNX Runtime's output for a batch: {@code (steps, batch, K)}, or {@code (batch, K)} for the last step only. */
public final class OnnxAnswer {
    private final FloatBuffer values;
    private final int batch;
    private final int classes;
    private final float[] row;

    OnnxAnswer(FloatBuffer values, int batch, int classes) {
        this.values = values;
        this.batch = batch;
        this.classes = classes;
        this.row = new float[classes];
    }

    /** One value of the answer to sequence {@code at} of the batch. */
    public float value(int at, int step, int column) {
        return values.get((step * batch + at) * classes + column);
    }

    /** All K values of a step. The array is reused by the next call. */
    public float[] row(int at, int step) {
        values.get((step * batch + at) * classes, row);
        return row;
    }
}
