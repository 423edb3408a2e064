package sluice.cell;

import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.Softmax;

/**
 * What is asked of one step, answered while the blocks of its logits pass by. Only a step whose whole softmax is asked keeps its
 * logits; the others keep a maximum, a sum, and what they count.
 */
final class StepAnswer {
    private static final int NO_TARGET = -1;

    private final Softmax softmax = new Softmax();
    private final TopClasses best; // one class for a prediction, k for top-k

    private ScoredSequence answer;
    private int step; // among the answered steps
    private boolean told; // whether softmax, prediction and top-k are asked of this step
    private int target;
    private float targetLogit;
    private int moreProbable;
    private float[] probabilities; // (K), logits until finished; or null

    StepAnswer(int kept) {
        best = new TopClasses(kept);
    }

    /** Begins a step of which the distribution itself is asked. */
    void tell(ScoredSequence sequence, int answeredStep) {
        answer = sequence;
        step = answeredStep;
        told = true;
        target = NO_TARGET;
        probabilities = null;
        softmax.clear();
        best.clear();
    }

    /** Begins a step of which only the next token is asked. */
    void listen(ScoredSequence sequence, int sequenceStep) {
        tell(sequence, sequenceStep);
        told = false;
    }

    /** Adds the question how likely the next token was. */
    void predict(int token, float logit) {
        target = token;
        targetLogit = logit;
        moreProbable = 0;
    }

    /** The next block of logits. */
    void add(Kernel kernel, float[] block, int offset, int firstClass, int count, int classes) {
        float max = kernel.max(block, offset, count);
        softmax.add(max, kernel.sumOfExponentials(block, offset, count, max));
        if (told && answer.softmax != null) {
            if (probabilities == null) {
                probabilities = new float[classes];
            }
            System.arraycopy(block, offset, probabilities, firstClass, count);
        }
        if (told && (answer.prediction != null || answer.topTokens != null)) {
            for (int j = 0; j < count; j++) {
                best.add(firstClass + j, block[offset + j]);
            }
        }
        if (target != NO_TARGET && answer.ranks != null) {
            for (int j = 0; j < count; j++) {
                moreProbable += block[offset + j] > targetLogit ? 1 : 0;
            }
        }
    }

    /** Writes what was asked, once all blocks have passed. */
    void finish(Kernel kernel) {
        if (told) {
            finishDistribution(kernel);
        }
        if (target != NO_TARGET) {
            double logProbability = softmax.logProbability(targetLogit);
            answer.logLikelihood += logProbability;
            answer.predictedTokens++;
            if (answer.logProbabilities != null) {
                answer.logProbabilities[step] = (float) logProbability;
            }
            if (answer.ranks != null) {
                answer.ranks[step] = 1 + moreProbable;
            }
        }
    }

    private void finishDistribution(Kernel kernel) {
        if (answer.softmax != null) {
            kernel.exponentials(probabilities, 0, probabilities.length, softmax.max(), softmax.scale());
            answer.softmax[step] = probabilities;
        }
        int[] classes = best.classes();
        if (answer.prediction != null) {
            answer.prediction[step] = classes[0];
        }
        if (answer.topTokens != null) {
            answer.topTokens[step] = classes;
            answer.topProbabilities[step] = new float[classes.length];
            for (int place = 0; place < classes.length; place++) {
                answer.topProbabilities[step][place] = softmax.probability(best.logit(place));
            }
        }
    }
}
