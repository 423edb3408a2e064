package sluice.job.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.List;
import java.util.Map;
import sluice.cell.bench.OnnxModel;

/**
 * A task's batches. Inputs and answers lie in memory that ONNX Runtime reads and writes in place, and that is kept from batch to batch,
 * so that nothing is copied on its account.
 */
final class OnnxBatches {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final boolean atEach;
    private final int classes;

    private IntBuffer tokens = ints(0);
    private IntBuffer lengths = ints(0);
    private FloatBuffer answers = floats(0);

    OnnxBatches(OrtSession session, boolean atEach, int classes) {
        this.session = session;
        this.atEach = atEach;
        this.classes = classes;
    }

    /** The answers stand until the next batch. */
    OnnxOutput score(List<int[]> batch) {
        int size = batch.size();
        int steps = batch.stream().mapToInt(sequence -> sequence.length).max().orElseThrow();
        int rows = atEach ? steps * size : size;
        makeRoom(steps, size, Math.multiplyExact(rows, classes));
        write(batch, steps);
        long[] shape = atEach ? new long[] {steps, size, classes} : new long[] {size, classes};
        try (OnnxTensor tokenTensor =
                        OnnxTensor.createTensor(environment, tokens.slice(0, steps * size), new long[] {steps, size});
                OnnxTensor lengthTensor =
                        OnnxTensor.createTensor(environment, lengths.slice(0, size), new long[] {size});
                OnnxTensor answer = OnnxTensor.createTensor(environment, answers.slice(0, rows * classes), shape)) {
            Map<String, OnnxTensorLike> inputs = Map.of(OnnxModel.TOKENS, tokenTensor, OnnxModel.LENGTHS, lengthTensor);
            session.run(inputs, Map.of(OnnxModel.ANSWER, answer)).close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime can't score the batch", e);
        }
        return new OnnxOutput(answers, size, classes);
    }

    private void makeRoom(int steps, int size, int numbers) {
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

    private void write(List<int[]> batch, int steps) {
        int size = batch.size();
        for (int at = 0; at < size; at++) {
            int[] sequence = batch.get(at);
            lengths.put(at, sequence.length);
            for (int step = 0; step < steps; step++) {
                tokens.put(step * size + at, step < sequence.length ? sequence[step] : 0);
            }
        }
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
