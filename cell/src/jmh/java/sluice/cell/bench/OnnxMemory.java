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
 * Memory that ONNX Runtime reads batches from and writes answers to, in place. It is kept from batch to batch and only grows, so that
 * nothing is copied on its account; tensors over it hold until it does.
 */
public final class OnnxMemory {
    private final OrtEnvironment environment;
    private IntBuffer tokens = ints(0); // (steps, batch)
    private IntBuffer lengths = ints(0); // (batch)
    private FloatBuffer answers = floats(0);

    public OnnxMemory(OrtEnvironment environment) {
        this.environment = environment;
    }

    /** Makes room for a batch of so many sequences, the longest of so many steps, and for so many numbers of an answer. */
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

    /** Writes a batch, padded with token 0 to so many steps. */
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

    /** @param shape {@code (steps, batch, K)}, or {@code (batch, K)} where the last step alone is asked */
    public OnnxTensor answers(long... shape) throws OrtException {
        int numbers = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
        return OnnxTensor.createTensor(environment, answers.slice(0, numbers), shape);
    }

    /** What stands there now, until the next batch. */
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
