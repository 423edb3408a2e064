package sluice.cell.answer;

import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.Softmax;

/**
 * Computes the outputs of one node from its logits, block by block. Only a requested softmax, logits or sigmoid keeps all logits; otherwise
 * a running maximum, a sum, the best classes and counts are kept.
 */
final class NodeAnswer {
    private final ScoreRequest request;
    private final boolean ranks;
    private final boolean ranked; // whether the best classes are requested
    private final boolean whole; // whether all probabilities are requested
    private final boolean logits;
    private final boolean sigmoid;
    private final boolean normalised; // whether a requested node needs the sum of a softmax
    private final Softmax softmax = new Softmax();
    private final TopK best; // one class for a prediction, k for top-k

    private Nodes nodes;
    private int node;
    private boolean requested; // whether the node's distribution is requested
    private boolean sums; // whether the node needs the sum of its softmax
    private float[] probabilities; // (K): logits until finish(); null if not requested
    private float[] kept; // (K): logits; null if not requested
    private float[] sigmoids; // (K): logits until finish(); null if not requested

    NodeAnswer(ScoreRequest request) {
        this.request = request;
        this.ranks = request.asksFor(OutputKind.RANK);
        this.ranked = request.asksFor(OutputKind.PREDICTION) || request.asksFor(OutputKind.TOPK);
        this.whole = request.asksFor(OutputKind.SOFTMAX);
        this.logits = request.asksFor(OutputKind.LOGITS);
        this.sigmoid = request.asksFor(OutputKind.SIGMOID);
        this.normalised = whole || request.asksFor(OutputKind.TOPK);
        this.best = new TopK(request.asksFor(OutputKind.TOPK) ? request.topK() : 1);
    }

    /** Starts a node. If its children are ranked over several blocks, their logits are already set. */
    void begin(Nodes from, int index, int classes) {
        nodes = from;
        node = index;
        softmax.clear();
        best.clear();
        requested = nodes.requested[node];
        sums = (normalised && requested) || nodes.firstChild[node] < nodes.endOfChildren(node);
        probabilities = whole && requested ? new float[classes] : null;
        kept = logits && requested ? new float[classes] : null;
        sigmoids = sigmoid && requested ? new float[classes] : null;
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            nodes.moreProbable[child] = 0;
        }
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
        if (sums || (ranked && requested)) {
            float max = kernel.max(block, offset, count);
            if (sums) {
                softmax.add(max, kernel.sumOfExponentials(block, offset, count, max));
            }
            if (ranked && requested && best.accepts(max)) {
                for (int j = 0; j < count; j++) {
                    best.add(firstClass + j, block[offset + j]);
                }
            }
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

    /** Writes the results after the last block. */
    void finish(Kernel kernel) {
        if (probabilities != null) {
            kernel.exponentials(probabilities, 0, probabilities.length, softmax.max(), softmax.scale());
            nodes.softmax[node] = probabilities;
        }
        if (kept != null) {
            nodes.logits[node] = kept;
        }
        if (sigmoids != null) {
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

    private void finishBest() {
        int[] classes = best.classes();
        nodes.prediction[node] = classes[0];
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
