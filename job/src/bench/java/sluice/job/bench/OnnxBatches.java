package sluice.job.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Map;
import sluice.cell.bench.OnnxAnswer;
import sluice.cell.bench.OnnxMemory;
import sluice.cell.bench.OnnxModel;

/** Scores a task's batches without copies to or from ONNX Runtime's memory. */
final class OnnxBatches {
    private final OnnxMemory memory = new OnnxMemory(OrtEnvironment.getEnvironment());
    private final OrtSession session;
    private final boolean atEach;
    private final int classes;

    OnnxBatches(OrtSession session, boolean atEach, int classes) {
        this.session = session;
        this.atEach = atEach;
        this.classes = classes;
    }

    /** Scores a batch; the output is valid until the next call. */
    OnnxAnswer score(List<int[]> batch) {
        int size = batch.size();
        int steps = batch.stream().mapToInt(sequence -> sequence.length).max().orElseThrow();
        memory.makeRoom(steps, size, Math.multiplyExact(atEach ? steps * size : size, classes));
        memory.write(batch, steps);
        long[] shape = atEach ? new long[] {steps, size, classes} : new long[] {size, classes};
        try (OnnxTensor tokens = memory.tokens(steps, size);
                OnnxTensor lengths = memory.lengths(size);
                OnnxTensor answer = memory.answers(shape)) {
            Map<String, OnnxTensorLike> inputs = Map.of(OnnxModel.TOKENS, tokens, OnnxModel.LENGTHS, lengths);
            session.run(inputs, Map.of(OnnxModel.ANSWER, answer)).close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot score the batch", e);
        }
        return memory.answer(size, classes);
    }
}
