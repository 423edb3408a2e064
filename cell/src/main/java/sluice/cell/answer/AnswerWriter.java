package sluice.cell.answer;

import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.StepGates;
import sluice.cell.Steps;

/** Allocates the answers of sequences and writes the results of {@link Nodes} into them. */
public final class AnswerWriter {
    private final ScoreRequest request;
    private final boolean softmax;
    private final boolean logits;
    private final boolean sigmoid;
    private final boolean prediction;
    private final boolean topK;
    private final boolean logProbabilities;
    private final boolean ranks; // of next tokens
    private final boolean candidateRanks;
    private final boolean hidden;
    private final boolean cell;
    private final boolean gates;

    public AnswerWriter(ScoreRequest request) {
        this.request = request;
        this.softmax = request.asksFor(OutputKind.SOFTMAX);
        this.logits = request.asksFor(OutputKind.LOGITS);
        this.sigmoid = request.asksFor(OutputKind.SIGMOID);
        this.prediction = request.asksFor(OutputKind.PREDICTION);
        this.topK = request.asksFor(OutputKind.TOPK);
        this.logProbabilities = request.asksFor(OutputKind.LOGPROB);
        this.candidateRanks = request.ranksCandidates();
        this.ranks = request.ranksTargets();
        this.hidden = request.asksFor(OutputKind.HIDDEN);
        this.cell = request.asksFor(OutputKind.CELL);
        this.gates = request.asksFor(OutputKind.GATES);
    }

    /** An answer with empty arrays for all that the request asks of a sequence. */
    public Answer allocate(Sequence sequence) {
        int length = sequence.length();
        int steps = request.answers(length);
        int targets = request.targetsNext() ? nextTokens(sequence) : length - request.firstTarget(length);
        Answer scored = new Answer();
        scored.softmax = softmax ? new float[steps][] : null;
        scored.logits = logits ? new float[steps][] : null;
        scored.sigmoid = sigmoid ? new float[steps][] : null;
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

    private static int nextTokens(Sequence sequence) {
        return sequence.hasNext() ? 1 : 0;
    }

    /** The row of the answer for this step; -1 if the step is not answered. Step -1 is the start of an empty sequence. */
    public int answerIndex(int step, int length) {
        if (request.at() == Steps.EACH) {
            return step;
        }
        return step == length - 1 ? 0 : -1;
    }

    /** Writes the states and gates of a node, without a copy; null for those that are not requested. */
    public void writeStates(Answer scored, int row, float[] hiddenRow, float[] cellRow, StepGates stepGates) {
        if (scored.hidden != null) {
            scored.hidden[row] = hiddenRow;
        }
        if (scored.cell != null) {
            scored.cell[row] = cellRow;
        }
        if (scored.gates != null) {
            scored.gates[row] = stepGates;
        }
    }

    /** Writes the outputs of a node that come from the output layer. */
    public void writeDistribution(Answer scored, int row, Nodes nodes, int node) {
        if (softmax) {
            scored.softmax[row] = nodes.softmax[node];
        }
        if (logits) {
            scored.logits[row] = nodes.logits[node];
        }
        if (sigmoid) {
            scored.sigmoid[row] = nodes.sigmoid[node];
        }
        if (prediction) {
            scored.prediction[row] = nodes.prediction[node];
        }
        if (topK) {
            scored.topTokens[row] = nodes.topTokens[node];
            scored.topProbabilities[row] = nodes.topProbabilities[node];
        }
        if (candidateRanks) {
            scored.ranks = nodes.ranks[node];
        }
    }

    /** Copies what is not about targets from an answer at the last step, without copies of arrays. */
    public void copy(ScoredSequence last, Answer scored, int row) {
        if (softmax) {
            scored.softmax[row] = last.softmax()[0];
        }
        if (logits) {
            scored.logits[row] = last.logits()[0];
        }
        if (sigmoid) {
            scored.sigmoid[row] = last.sigmoid()[0];
        }
        if (prediction) {
            scored.prediction[row] = last.prediction()[0];
        }
        if (topK) {
            scored.topTokens[row] = last.topTokens()[0];
            scored.topProbabilities[row] = last.topProbabilities()[0];
        }
        if (hidden) {
            scored.hidden[row] = last.hidden()[0];
        }
        if (cell) {
            scored.cell[row] = last.cell()[0];
        }
        if (candidateRanks) {
            scored.ranks = last.ranks();
        }
    }

    /** Copies the only target of an answer; see {@link #writeTarget} for its index. */
    public void copyTarget(ScoredSequence one, Answer scored, int target) {
        scored.logLikelihood += one.logLikelihood();
        scored.predictedTokens++;
        if (logProbabilities) {
            scored.logProbabilities[target] = one.logProbabilities()[0];
        }
        if (ranks) {
            scored.ranks[target] = one.ranks()[0];
        }
    }

    /**
     * Writes the probability and rank of a target. Targets must come in order, so that the sum has the same bits.
     *
     * @param target its index among the targets of the sequence
     */
    public void writeTarget(Answer scored, int target, Nodes nodes, int child) {
        scored.logLikelihood += nodes.logProbability[child];
        scored.predictedTokens++;
        if (logProbabilities) {
            scored.logProbabilities[target] = (float) nodes.logProbability[child];
        }
        if (ranks) {
            scored.ranks[target] = 1 + nodes.moreProbable[child];
        }
    }
}
