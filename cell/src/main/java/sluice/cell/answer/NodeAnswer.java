package sluice.cell.answer;

import sluice.cell.ClassChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearRows;
import sluice.cell.kernel.Softmax;

/**
 * Computes the outputs of one node from its logits, block by block. Only a requested softmax, logits or sigmoid keeps all logits; otherwise
 * a running maximum, a sum, the best classes and counts are kept. Of a node with candidates it keeps their logits; blocks of all classes
 * are needed for the sum of a softmax only.
 */
final class NodeAnswer {
    private final ScoreRequest request;
    private final boolean ranks; // whether the ranks of next tokens are requested
    private final boolean ranked; // whether the best classes are requested
    private final boolean whole; // whether all probabilities are requested
    private final boolean logits;
    private final boolean sigmoid;
    private final boolean normalised; // whether a requested node needs the sum of a softmax
    private final float temperature;
    private final Softmax softmax;
    private final float[] exponents; // of one block; empty if the temperature is 1
    private final TopK best; // one class for a prediction, k for top-k

    private Nodes nodes;
    private int node;
    private boolean requested; // whether the node's distribution is requested
    private boolean sums; // whether the node needs the sum of its softmax
    private float[] probabilities; // (K): logits until finish(); null if not requested
    private float[] kept; // (K): logits; null if not requested
    private float[] sigmoids; // (K): logits until finish(); null if not requested
    private ClassChoice choice;
    private CandidateLogits candidates; // null if the answer is about all classes
    private int passed; // excluded classes before the current one

    NodeAnswer(ScoreRequest request) {
        this.request = request;
        this.ranks = request.ranksTargets();
        this.ranked = request.asksFor(OutputKind.PREDICTION) || request.asksFor(OutputKind.TOPK);
        this.whole = request.asksFor(OutputKind.SOFTMAX);
        this.logits = request.asksFor(OutputKind.LOGITS);
        this.sigmoid = request.asksFor(OutputKind.SIGMOID);
        this.normalised = whole || request.asksFor(OutputKind.TOPK);
        this.temperature = request.temperature();
        this.softmax = new Softmax(temperature);
        this.exponents = new float[temperature == 1 ? 0 : Softmax.BLOCK];
        this.best = new TopK(request.asksFor(OutputKind.TOPK) ? request.topK() : 1);
    }

    /** Starts a node. If its children are ranked over several blocks, their logits are already set. */
    void begin(Nodes from, int index, int classes) {
        nodes = from;
        node = index;
        softmax.clear();
        best.clear();
        passed = 0;
        requested = nodes.requested[node];
        choice = nodes.choice[node];
        candidates = requested && choice.hasCandidates() ? new CandidateLogits(choice) : null;
        sums = (normalised && requested) || nodes.firstChild[node] < nodes.endOfChildren(node);
        boolean all = requested && candidates == null;
        probabilities = whole && all ? new float[classes] : null;
        kept = logits && all ? new float[classes] : null;
        sigmoids = sigmoid && all ? new float[classes] : null;
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            nodes.moreProbable[child] = 0;
        }
    }

    /** Number of classes of which the node needs the logits; {@code classes}, all of them, if it needs a sum. */
    int neededClasses(int classes) {
        return sums || candidates == null ? classes : candidates.count();
    }

    /** Computes the logits of the candidates alone, in place of all calls of {@link #add}. */
    void addCandidates(LinearRows rows, float[] hidden) {
        candidates.compute(rows, hidden, nodes.offset[node]);
    }

    /** Adds the next block of logits: {@code count} classes from {@code firstClass} on. */
    void add(Kernel kernel, float[] block, int offset, int firstClass, int count) {
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            int column = nodes.target[child] - firstClass;
            if (column >= 0 && column < count) {
                nodes.logit[child] = block[offset + column];
            }
        }
        copy(block, offset, probabilities, firstClass, count);
        copy(block, offset, kept, firstClass, count);
        copy(block, offset, sigmoids, firstClass, count);
        boolean ranksAll = ranked && requested && candidates == null;
        if (sums || ranksAll) {
            float max = kernel.max(block, offset, count);
            if (sums) {
                addToSum(kernel, block, offset, count, max);
            }
            if (ranksAll && best.accepts(max)) {
                for (int j = 0; j < count; j++) {
                    addToBest(firstClass + j, block[offset + j]);
                }
            }
        }
        if (candidates != null) {
            candidates.take(block, offset, firstClass, count);
        }
        if (ranks) {
            for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
                nodes.moreProbable[child] += kernel.countAbove(block, offset, count, nodes.logit[child]);
            }
        }
    }

    private static void copy(float[] block, int offset, float[] all, int firstClass, int count) {
        if (all != null) {
            System.arraycopy(block, offset, all, firstClass, count);
        }
    }

    private void addToSum(Kernel kernel, float[] block, int offset, int count, float max) {
        if (temperature == 1) { // the kernel subtracts the maximum itself
            softmax.add(max, kernel.sumOfExponentials(block, offset, count, max));
        } else {
            System.arraycopy(block, offset, exponents, 0, count);
            softmax.exponents(exponents, count, max);
            softmax.add(max, kernel.sumOfExponentials(exponents, 0, count, 0));
        }
    }

    /** Adds a class to the best ones unless it is excluded. Classes come in ascending order; some may be left out. */
    private void addToBest(int index, float logit) {
        int[] excluded = choice.excluded();
        while (passed < excluded.length && excluded[passed] < index) {
            passed++;
        }
        if (passed == excluded.length || excluded[passed] != index) {
            best.add(index, logit);
        }
    }

    /** Writes the results after the last block. */
    void finish(Kernel kernel) {
        if (candidates != null) {
            finishCandidates();
        }
        if (probabilities != null) {
            finishProbabilities(kernel);
            nodes.softmax[node] = probabilities;
        }
        if (kept != null) {
            nodes.logits[node] = kept;
        }
        if (sigmoids != null) {
            for (int at = 0; temperature != 1 && at < sigmoids.length; at++) {
                sigmoids[at] /= temperature;
            }
            kernel.sigmoids(sigmoids, 0, sigmoids.length);
            nodes.sigmoid[node] = sigmoids;
        }
        if (ranked && requested) {
            finishBest();
        }
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            nodes.logProbability[child] = softmax.logProbability(nodes.logit[child]);
        }
    }

    private void finishProbabilities(Kernel kernel) {
        float max = softmax.max();
        if (temperature != 1) {
            softmax.exponents(probabilities, probabilities.length, max);
            max = 0;
        }
        kernel.exponentials(probabilities, 0, probabilities.length, max, softmax.scale());
    }

    /** Puts the candidates in the place of all classes. */
    private void finishCandidates() {
        probabilities = whole ? candidates.values() : null;
        kept = logits ? candidates.values() : null;
        sigmoids = sigmoid ? candidates.values() : null;
        boolean ranksCandidates = request.ranksCandidates();
        int[] distinct = ranksCandidates || ranked ? candidates.ascending() : new int[0];
        if (ranksCandidates) {
            nodes.ranks[node] = candidates.ranks(distinct);
        }
        if (ranked) {
            for (int index : distinct) {
                addToBest(candidates.classAt(index), candidates.logitAt(index));
            }
        }
    }

    private void finishBest() {
        int[] classes = best.classes();
        nodes.prediction[node] = classes.length == 0 ? Answer.NO_CLASS : classes[0];
        if (request.asksFor(OutputKind.TOPK)) {
            float[] values = new float[classes.length];
            for (int place = 0; place < values.length; place++) {
                values[place] = softmax.probability(best.logit(place));
            }
            nodes.topTokens[node] = classes;
            nodes.topProbabilities[node] = values;
        }
    }
}
