package sluice.cell.answer;

import java.util.Optional;
import sluice.cell.Defect;
import sluice.cell.LstmState;
import sluice.cell.ScoredSequence;
import sluice.cell.StepGates;

/** A sequence's answer while it is computed; an output that is not requested is null. Its arrays may be shared with other answers. */
public final class Answer implements ScoredSequence {
    /** The prediction where every class is excluded. */
    public static final int NO_CLASS = -1;

    public float[][] softmax;
    public float[][] logits;
    public float[][] sigmoid;
    public int[] prediction;
    public int[][] topTokens;
    public float[][] topProbabilities;
    public double logLikelihood;
    public int predictedTokens;
    public float[] logProbabilities;
    public int[] ranks;
    public float[][] hidden;
    public float[][] cell;
    public LstmState state;
    public StepGates[] gates;
    private Defect defect;

    /** The answer to a sequence whose scoring found a defect. */
    public static Answer unscorable(Defect defect) {
        Answer scored = new Answer();
        scored.defect = defect;
        return scored;
    }

    @Override
    public Optional<Defect> defect() {
        return Optional.ofNullable(defect);
    }

    @Override
    public float[][] softmax() {
        return softmax;
    }

    @Override
    public float[][] logits() {
        return logits;
    }

    @Override
    public float[][] sigmoid() {
        return sigmoid;
    }

    @Override
    public int[] prediction() {
        return prediction;
    }

    @Override
    public int[][] topTokens() {
        return topTokens;
    }

    @Override
    public float[][] topProbabilities() {
        return topProbabilities;
    }

    @Override
    public double logLikelihood() {
        return logLikelihood;
    }

    @Override
    public int predictedTokens() {
        return predictedTokens;
    }

    @Override
    public float[] logProbabilities() {
        return logProbabilities;
    }

    @Override
    public int[] ranks() {
        return ranks;
    }

    @Override
    public float[][] hidden() {
        return hidden;
    }

    @Override
    public float[][] cell() {
        return cell;
    }

    @Override
    public LstmState state() {
        return state;
    }

    @Override
    public StepGates[] gates() {
        return gates;
    }
}
