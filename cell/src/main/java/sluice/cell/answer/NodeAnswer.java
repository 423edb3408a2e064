package sluice.cell.answer;

import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.Softmax;

/**
 * Computes the outputs of one node from its logits, block by block. Only a requested softmax keeps the logits; otherwise a running
 * maximum, a sum, the best classes and counts are kept.
 */
final class NodeAnswer {
    private final ScoreRequest request;
    private final boolean ranks;
    private final boolean ranked; // whether the best classes are requested
    private final boolean whole; // whether all probabilities are requested
    private final Softmax softmax = new Softmax();
    private final TopK best; // one class for a prediction, k for top-k

    private Nodes nodes;
    private int node;
    private float[] probabilities; // (K): logits until finish(); null if not requested

    NodeAnswer(ScoreRequest request) {
        this.request = request;
        this.ranks = request.asksFor(OutputKind.RANK);
        this.ranked = request.asksFor(OutputKind.PREDICTION) || request.asksFor(OutputKind.TOPK);
        this.whole = request.asksFor(OutputKind.SOFTMAX);
        this.best = new TopK(request.asksFor(OutputKind.TOPK) ? request.topK() : 1);
    }

    /** Starts a node. If its children are ranked over several blocks, their logits are already set. */
    void begin(Nodes from, int index, int classes) {
        nodes = from;
        node = index;
        softmax.clear();
        best.clear();
        probabilities = whole && nodes.requested[node] ? new float[classes] : null;
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            nodes.moreProbable[child] = 0;
        }
    }

    /** Adds the next block of logits: {@code count} classes from {@code firstClass} on. */
    void add(Kernel kernel, float[] block, int offset, int firstClass, int count) {
        for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
            int column = nodes.token[child] - firstClass;
            if (column >= 0 && column < count) {
                nodes.logit[child] = block[offset + column];
            }
        }
        float max = kernel.max(block, offset, count);
        softmax.add(max, kernel.sumOfExponentials(block, offset, count, max));
        if (probabilities != null) {
            System.arraycopy(block, offset, probabilities, firstClass, count);
        }
        if (ranked && nodes.requested[node] && best.accepts(max)) {
            for (int j = 0; j < count; j++) {
                best.add(firstClass + j, block[offset + j]);
            }
        }
        if (ranks) {
            for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
                nodes.moreProbable[child] += kernel.countAbove(block, offset, count, nodes.logit[child]);
            }
        }
    }

    /** Writes the results after the last block. */
    void finish(Kernel kernel) {
        if (probabilities != null) {
            kernel.exponentials(probabilities, 0, probabilities.length, softmax.max(), softmax.scale());
            nodes.softmax[node] = probabilities;
        }
        if (ranked && nodes.requested[node]) {
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
