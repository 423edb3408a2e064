package sluice.cell.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import sluice.cell.model.LstmModel;

/**
 * ONNX Runtime on one thread, all its optimisations on. Inputs and answers lie in memory that it reads and writes in place, and
 * that is kept from batch to batch, so that nothing is copied on its account.
 */
final class OnnxSession implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Question question;
    private final boolean ragged;
    private final int classes;

    private IntBuffer tokens = ints(0);
    private IntBuffer lengths = ints(0);
    private FloatBuffer answers = floats(0);

    // Tensors over these, for batches of one shape.
    private int steps;
    private int size;
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final Map<String, OnnxTensor> outputs = new HashMap<>();

    OnnxSession(LstmModel model, Question question, boolean ragged) {
        this.question = question;
        this.ragged = ragged;
        this.classes = model.output().orElseThrow().classes();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            this.session = environment.createSession(OnnxModel.of(model, question, ragged), options);
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime refuses the model", e);
        }
    }

    /** Scores a batch, padded to its longest sequence; the answers stand until the next one. */
    OnnxAnswer run(List<int[]> batch) {
        int longest = batch.stream().mapToInt(sequence -> sequence.length).max().orElseThrow();
        try {
            prepare(longest, batch.size());
            write(batch);
            session.run(inputs, outputs).close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime can't score the batch", e);
        }
        return new OnnxAnswer(answers, size, classes);
    }

    private void prepare(int newSteps, int newSize) throws OrtException {
        if (newSteps == steps && newSize == size) {
            return;
        }
        closeTensors();
        steps = newSteps;
        size = newSize;
        int rows = question.atEach() ? steps * size : size;
        if (tokens.capacity() < steps * size) {
            tokens = ints(steps * size);
        }
        if (lengths.capacity() < size) {
            lengths = ints(size);
        }
        if (answers.capacity() < (long) rows * classes) {
            answers = floats(Math.multiplyExact(rows, classes));
        }
        inputs.put(
                OnnxModel.TOKENS,
                OnnxTensor.createTensor(environment, tokens.slice(0, steps * size), new long[] {steps, size}));
        if (ragged) {
            inputs.put(
                    OnnxModel.LENGTHS, OnnxTensor.createTensor(environment, lengths.slice(0, size), new long[] {size}));
        }
        long[] shape = question.atEach() ? new long[] {steps, size, classes} : new long[] {size, classes};
        outputs.put(OnnxModel.ANSWER, OnnxTensor.createTensor(environment, answers.slice(0, rows * classes), shape));
    }

    private void write(List<int[]> batch) {
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

    private void closeTensors() {
        inputs.values().forEach(OnnxTensor::close);
        outputs.values().forEach(OnnxTensor::close);
        inputs.clear();
        outputs.clear();
    }

    @Override
    public void close() {
        closeTensors();
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime can't close its session", e);
        }
    }
}
