package sluice.cell.answer;

import sluice.cell.ClassChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearRows;
import sluice.cell.kernel.Softmax;

/**
 * Computes the outputs of one node from its logits, block by block. Only a requested softmax, logits or sigmoid needs all logits at the
 * end; otherwise a running maximum, a sum, the best classes and counts are kept. Of a node with candidates it keeps their logits; blocks
 * of all classes are needed for the sum of a softmax only.
 */
final class NodeAnswer {
    private final ScoreRequest request;
    private final boolean ranks; // whether the ranks of next tokens are requested
    private final boolean topK;
    private final boolean ranked; // whether the best classes are requested
    private final boolean whole; // whether all probabilities are requested
    private final boolean logits;
    private final boolean sigmoid;
    private final boolean normalised; // whether a requested node needs the sum of a softmax
    private final float temperature;
    private final Softmax softmax;
    private final float[] exponents; // scratch for one block, shared by all nodes
    private final TopK best; // one class for a prediction, k for top-k

    private Nodes nodes;
    private int node;
    private boolean requested; // whether the node's distribution is requested
    private boolean sums; // whether the node needs the sum of its softmax
    private ClassChoice choice;
    private CandidateLogits candidates; // null if the answer is about all classes
    private int passed; // excluded classes before the current one

    /** @param exponents scratch for the block's classes; not used if the temperature is 1 */
    NodeAnswer(ScoreRequest request, float[] exponents) {
        this.request = request;
        this.ranks = request.ranksTargets();
        this.topK = request.asksFor(OutputKind.TOPK);
        this.ranked = topK || request.asksFor(OutputKind.PREDICTION);
        this.whole = request.asksFor(OutputKind.SOFTMAX);
        this.logits = request.asksFor(OutputKind.LOGITS);
        this.sigmoid = request.asksFor(OutputKind.SIGMOID);
        this.normalised = whole || topK;
        this.temperature = request.temperature();
        this.softmax = new Softmax(temperature);
        this.exponents = exponents;
        this.best = new TopK(topK ? request.topK() : 1);
    }

    /** Starts a node. If its children are ranked over several blocks, their logits are already set. */
    void begin(Nodes from, int index) {
        nodes = from;
        node = index;
        softmax.clear();
        best.clear();
        passed = 0;
        requested = nodes.requested[node];
        choice = nodes.choice[node];
        candidates = requested && choice.hasCandidates() ? new CandidateLogits(choice) : null;
        sums = (normalised && requested) || nodes.firstChild[node] < nodes.endOfChildren(node);
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            nodes.moreProbable[child] = 0;
        }
    }

    /** Whether answers to a request are made of the logits of all classes, after the last block. */
    static boolean needsAllLogits(ScoreRequest request) {
        boolean valuePerClass = request.asksFor(OutputKind.SOFTMAX)
                || request.asksFor(OutputKind.LOGITS)
                || request.asksFor(OutputKind.SIGMOID);
        return valuePerClass && !request.hasCandidates();
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

    private void addToSum(Kernel kernel, float[] block, int offset, int count, float max) {
        if (temperature == 1) { // the kernel subtracts the maximum itself
            softmax.add(max, kernel.sumOfExponentials(block, offset, count, max));
        } else {
            System.arraycopy(block, offset, exponents, 0, count);
            softmax.exponents(exponents, 0, count, max);
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

    /**
     * Writes the results after the last block.
     *
     * @param rows the logits of all {@code classes} classes at {@code offset}; not read if {@link #needsAllLogits} is false
     */
    void finish(Kernel kernel, float[] rows, int offset, int classes) {
        if (requested && candidates == null) {
            finishDistribution(kernel, rows, offset, classes);
        } else if (requested) {
            finishCandidates();
            finishDistribution(kernel, candidates.logits(), 0, candidates.count());
        }
        if (ranked && requested) {
            finishBest();
        }
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            nodes.logProbability[child] = softmax.logProbability(nodes.logit[child]);
        }
    }

    /** Writes what has a value for each of the node's classes, from their logits, which a softmax overwrites. */
    private void finishDistribution(Kernel kernel, float[] from, int offset, int count) {
        if (logits) {
            nodes.logits[node] = nodes.copy(nodes.logits, node, from, offset, count);
        }
        if (sigmoid) {
            float[] values = nodes.copy(nodes.sigmoid, node, from, offset, count);
            for (int at = 0; temperature != 1 && at < count; at++) {
                values[at] /= temperature;
            }
            kernel.sigmoids(values, 0, count);
            nodes.sigmoid[node] = values;
        }
        if (whole) {
            float max = softmax.max();
            if (temperature != 1) {
                softmax.exponents(from, offset, count, max);
                max = 0;
            }
            kernel.exponentials(from, offset, count, max, softmax.scale());
            nodes.softmax[node] = nodes.copy(nodes.softmax, node, from, offset, count);
        }
    }

    private void finishCandidates() {
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
        int count = best.count();
        nodes.prediction[node] = count == 0 ? Answer.NO_CLASS : best.classAt(0);
        if (topK) {
            int[] classes = nodes.ints(nodes.topTokens, node, count);
            float[] values = nodes.floats(nodes.topProbabilities, node, count);
            for (int place = 0; place < count; place++) {
                classes[place] = best.classAt(place);
                values[place] = softmax.probability(best.logit(place));
            }
            nodes.topTokens[node] = classes;
            nodes.topProbabilities[node] = values;
        }
    }
}
