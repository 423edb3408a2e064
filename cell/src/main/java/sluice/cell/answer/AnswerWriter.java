package sluice.cell.answer;

import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.StepGates;
import sluice.cell.Steps;

/** Copies nodes' answers to the sequences that they belong to. */
public final class AnswerWriter {
    private final ScoreRequest request;
    private final boolean softmax;
    private final boolean prediction;
    private final boolean topK;
    private final boolean logProbabilities;
    private final boolean ranks;
    private final boolean hidden;
    private final boolean cell;
    private final boolean gates;

    public AnswerWriter(ScoreRequest request) {
        this.request = request;
        this.softmax = request.asksFor(OutputKind.SOFTMAX);
        this.prediction = request.asksFor(OutputKind.PREDICTION);
        this.topK = request.asksFor(OutputKind.TOPK);
        this.logProbabilities = request.asksFor(OutputKind.LOGPROB);
        this.ranks = request.asksFor(OutputKind.RANK);
        this.hidden = request.asksFor(OutputKind.HIDDEN);
        this.cell = request.asksFor(OutputKind.CELL);
        this.gates = request.asksFor(OutputKind.GATES);
    }

    /** An answer with room for all that is asked of a sequence. */
    public Answer blank(int length) {
        int steps = request.at() == Steps.EACH ? length : 1;
        int targets = Math.max(0, length - 1);
        Answer scored = new Answer();
        scored.softmax = softmax ? new float[steps][] : null;
        scored.prediction = prediction ? new int[steps] : null;
        scored.topTokens = topK ? new int[steps][] : null;
        scored.topProbabilities = topK ? new float[steps][] : null;
        scored.logProbabilities = logProbabilities ? new float[targets] : null;
        scored.ranks = ranks ? new int[targets] : null;
        scored.hidden = hidden ? new float[steps][] : null;
        scored.cell = cell ? new float[steps][] : null;
        scored.gates = gates ? new StepGates[steps] : null;
        return scored;
    }

    /** Which of the answered steps this one is, or -1 where it isn't answered; step -1 is the start of an empty sequence. */
    public int answered(int step, int length) {
        if (request.at() == Steps.EACH) {
            return step;
        }
        return step == length - 1 ? 0 : -1;
    }

    /** The states and gates of a told node, or null for what isn't asked; not copied. */
    public void tellStates(Answer scored, int answered, float[] hiddenRow, float[] cellRow, StepGates stepGates) {
        if (scored.hidden != null) {
            scored.hidden[answered] = hiddenRow;
        }
        if (scored.cell != null) {
            scored.cell[answered] = cellRow;
        }
        if (scored.gates != null) {
            scored.gates[answered] = stepGates;
        }
    }

    /** What a told node says of its distribution. */
    public void tell(Answer scored, int answered, Nodes nodes, int node) {
        if (softmax) {
            scored.softmax[answered] = nodes.softmax[node];
        }
        if (prediction) {
            scored.prediction[answered] = nodes.prediction[node];
        }
        if (topK) {
            scored.topTokens[answered] = nodes.topTokens[node];
            scored.topProbabilities[answered] = nodes.topProbabilities[node];
        }
    }

    /** What the node at this step has said of the token after it. Steps come in their order, so a sum is always the same sum. */
    public void predict(Answer scored, int step, Nodes nodes, int child) {
        scored.logLikelihood += nodes.logProbability[child];
        scored.predictedTokens++;
        if (logProbabilities) {
            scored.logProbabilities[step] = (float) nodes.logProbability[child];
        }
        if (ranks) {
            scored.ranks[step] = 1 + nodes.moreProbable[child];
        }
    }
}
