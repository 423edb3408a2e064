package sluice.cell.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import sluice.cell.model.LstmModel;

/** An ONNX Runtime session on one thread with all optimisations, without copies to or from its memory. */
final class OnnxSession implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Question question;
    private final boolean ragged;
    private final int classes;

    private final OnnxMemory memory = new OnnxMemory(environment);

    // Tensors over the buffers, for batches of one shape.
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
            throw new IllegalStateException("ONNX Runtime cannot load the model", e);
        }
    }

    /** Scores a batch, padded to its longest sequence; the output is valid until the next call. */
    OnnxAnswer run(List<int[]> batch) {
        int longest = batch.stream().mapToInt(sequence -> sequence.length).max().orElseThrow();
        try {
            prepare(longest, batch.size());
            memory.write(batch, steps);
            session.run(inputs, outputs).close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot score the batch", e);
        }
        return memory.answer(size, classes);
    }

    private void prepare(int newSteps, int newSize) throws OrtException {
        if (newSteps == steps && newSize == size) {
            return;
        }
        closeTensors();
        steps = newSteps;
        size = newSize;
        int rows = question.atEach() ? steps * size : size;
        memory.makeRoom(steps, size, Math.multiplyExact(rows, classes));
        inputs.put(OnnxModel.TOKENS, memory.tokens(steps, size));
        if (ragged) {
            inputs.put(OnnxModel.LENGTHS, memory.lengths(size));
        }
        long[] shape = question.atEach() ? new long[] {steps, size, classes} : new long[] {size, classes};
        outputs.put(OnnxModel.ANSWER, memory.answers(shape));
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
            throw new IllegalStateException("ONNX Runtime cannot close its session", e);
        }
    }
}
