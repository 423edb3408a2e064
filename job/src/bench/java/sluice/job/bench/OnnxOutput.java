package sluice.job.bench;

import java.nio.FloatBuffer;

/** What ONNX Runtime has put in its place for a batch: {@code (steps, batch, K)}, or {@code (batch, K)} of the last steps alone. */
final class OnnxOutput {
    private final FloatBuffer values;
    private final int batch;
    private final float[] row;

    OnnxOutput(FloatBuffer values, int batch, int classes) {
        this.values = values;
        this.batch = batch;
        this.row = new float[classes];
    }

    float value(int at, int step, int column) {
        return values.get((step * batch + at) * row.length + column);
    }

    /** All K numbers of a step, until the next row is asked. */
    float[] row(int at, int step) {
        values.get((step * batch + at) * row.length, row);
        return row;
    }
}
