package sluice.cell.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Buffers that ONNX Runtime reads batches from and writes outputs to, without a copy. They are reused for all batches and only grow;
 * tensors over them are valid until they grow.
 */
public final class OnnxMemory {
    private final OrtEnvironment environment;
    private IntBuffer tokens = ints(0); // (steps, batch)
    private IntBuffer lengths = ints(0); // (batch)
    private FloatBuffer answers = floats(0);

    public OnnxMemory(OrtEnvironment environment) {
        this.environment = environment;
    }

    /** Grows the buffers for a batch of this size: number of sequences, longest length, number of output values. */
    public void makeRoom(int steps, int size, int numbers) {
        if (tokens.capacity() < steps * size) {
            tokens = ints(steps * size);
        }
        if (lengths.capacity() < size) {
            lengths = ints(size);
        }
        if (answers.capacity() < numbers) {
            answers = floats(numbers);
        }
    }

    /** Writes a batch, padded with token 0 to this number of steps. */
    public void write(List<int[]> batch, int steps) {
        int size = batch.size();
        for (int at = 0; at < size; at++) {
            int[] sequence = batch.get(at);
            lengths.put(at, sequence.length);
            for (int step = 0; step < steps; step++) {
                tokens.put(step * size + at, step < sequence.length ? sequence[step] : 0);
            }
        }
    }

    public OnnxTensor tokens(int steps, int size) throws OrtException {
        return OnnxTensor.createTensor(environment, tokens.slice(0, steps * size), new long[] {steps, size});
    }

    public OnnxTensor lengths(int size) throws OrtException {
        return OnnxTensor.createTensor(environment, lengths.slice(0, size), new long[] {size});
    }

    /** @param shape {@code (steps, batch, K)}, or {@code (batch, K)} for the last step only */
    public OnnxTensor answers(long... shape) throws OrtException {
        int numbers = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
        return OnnxTensor.createTensor(environment, answers.slice(0, numbers), shape);
    }

    /** The current output, valid until the next batch. */
    public OnnxAnswer answer(int size, int classes) {
        return new OnnxAnswer(answers, size, classes);
    }

    private static IntBuffer ints(int count) {
        return memory(count).asIntBuffer();
    }

    private static FloatBuffer floats(int count) {
        return memory(count).asFloatBuffer();
    }

    private static ByteBuffer memory(int numbers) {
        return ByteBuffer.allocateDirect(Math.multiplyExact(numbers, Float.BYTES))
                .order(ByteOrder.nativeOrder());
    }
}
