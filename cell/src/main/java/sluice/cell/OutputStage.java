package sluice.cell;

import java.util.List;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.Softmax;

/**
 * The output layer: hidden states to logits to answers, a group of steps and a block of columns at a time. Steps that nothing is
 * asked of are not computed.
 */
final class OutputStage {
    private static final int GROUP = 64; // steps that pass over a block of weights together

    private final LinearPanels output;
    private final Kernel kernel;
    private final ScoreRequest request;
    private final StepAnswer[] answers = new StepAnswer[GROUP];
    private final int[] inputOffsets = new int[GROUP];
    private final int[] blockOffsets = new int[GROUP];
    private final float[] blocks; // (GROUP, block)
    private final boolean tells; // whether any distribution is asked
    private final boolean predicts; // whether next tokens are asked
    private int pending;

    OutputStage(LinearPanels output, Kernel kernel, ScoreRequest request) {
        this.output = output;
        this.kernel = kernel;
        this.request = request;
        this.tells = request.asksFor(Emission.SOFTMAX)
                || request.asksFor(Emission.PREDICTION)
                || request.asksFor(Emission.TOPK);
        this.predicts = request.needsTargets();
        int block = Math.min(Softmax.BLOCK, output.outputs());
        this.blocks = new float[GROUP * block];
        for (int at = 0; at < GROUP; at++) {
            answers[at] = new StepAnswer(request.asksFor(Emission.TOPK) ? request.topK() : 1);
            blockOffsets[at] = at * block;
        }
    }

    /** Answers every sequence of a batch. */
    void answer(Batch batch, LayerOutput top, List<ScoredSequence> scored) {
        for (int s = 0; s < batch.size(); s++) {
            answer(batch, s, top, scored.get(s));
        }
        flush(top);
    }

    private void answer(Batch batch, int s, LayerOutput top, ScoredSequence scored) {
        int last = batch.length(s) - 1; // -1, the start's own row, for an empty sequence
        boolean each = request.at() == OutputAt.EACH;
        prepare(scored, each ? batch.length(s) : 1, Math.max(last, 0));
        int first = each || predicts ? Math.min(0, last) : last;
        for (int step = first; step <= last; step++) {
            boolean told = tells && (each || step == last);
            boolean predicted = predicts && step < last;
            if ((each && step < 0) || (!told && !predicted)) {
                continue;
            }
            ask(batch, s, step, top, scored, told, predicted);
            if (pending == GROUP) {
                flush(top);
            }
        }
    }

    private void ask(
            Batch batch, int s, int step, LayerOutput top, ScoredSequence scored, boolean told, boolean predicted) {
        StepAnswer answer = answers[pending];
        inputOffsets[pending] = top.row(batch, s, step) * top.width();
        if (told) {
            answer.tell(scored, request.at() == OutputAt.EACH ? step : 0);
        } else {
            answer.listen(scored, step);
        }
        if (predicted) {
            int token = batch.sequence(s).tokens()[step + 1];
            answer.predict(token, output.output(token, top.values(), inputOffsets[pending]));
        }
        pending++;
    }

    private void prepare(ScoredSequence scored, int steps, int targets) {
        if (request.asksFor(Emission.SOFTMAX)) {
            scored.softmax = new float[steps][];
        }
        if (request.asksFor(Emission.PREDICTION)) {
            scored.prediction = new int[steps];
        }
        if (request.asksFor(Emission.TOPK)) {
            scored.topTokens = new int[steps][];
            scored.topProbabilities = new float[steps][];
        }
        if (request.asksFor(Emission.LOGPROB)) {
            scored.logProbabilities = new float[targets];
        }
        if (request.asksFor(Emission.RANK)) {
            scored.ranks = new int[targets];
        }
    }

    private void flush(LayerOutput top) {
        for (int first = 0; first < output.outputs(); first += Softmax.BLOCK) {
            int count = Math.min(Softmax.BLOCK, output.outputs() - first);
            kernel.multiply(output, first, count, top.values(), inputOffsets, pending, blocks, blockOffsets);
            for (int at = 0; at < pending; at++) {
                answers[at].add(kernel, blocks, blockOffsets[at], first, count, output.outputs());
            }
        }
        for (int at = 0; at < pending; at++) {
            answers[at].finish(kernel);
        }
        pending = 0;
    }
}
