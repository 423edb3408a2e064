package sluice.cell.answer;

import sluice.cell.ScoreRequest;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.LinearRows;
import sluice.cell.kernel.Softmax;

/**
 * Runs the output layer: hidden states to logits to results, for a group of nodes and a block of classes at a time. Nodes without a
 * request are skipped.
 */
public final class OutputStage {
    private static final int GROUP = 96; // number of nodes that share one read of a block of weights

    private final LinearPanels output;
    private final LinearRows rows; // the same weights, for a few classes
    private final Kernel kernel;
    private final boolean distributions; // whether any distribution is requested
    private final boolean ranksOverBlocks; // whether a target's logit is needed before its own block is computed
    private final NodeAnswer[] answers = new NodeAnswer[GROUP];
    private final int[] inputOffsets = new int[GROUP];
    private final int[] blockOffsets = new int[GROUP];
    private final float[] blocks; // (GROUP, block)
    private int pending;

    public OutputStage(LinearPanels output, LinearRows rows, Kernel kernel, ScoreRequest request) {
        this.output = output;
        this.rows = rows;
        this.kernel = kernel;
        this.distributions = request.needsDistribution();
        this.ranksOverBlocks = request.ranksTargets() && output.outputs() > Softmax.BLOCK;
        int block = Math.min(Softmax.BLOCK, output.outputs());
        this.blocks = new float[GROUP * block];
        for (int at = 0; at < GROUP; at++) {
            answers[at] = new NodeAnswer(request);
            blockOffsets[at] = at * block;
        }
    }

    /** Computes the results of nodes whose hidden states are in {@code hidden}. */
    public void answer(Nodes nodes, float[] hidden) {
        for (int node = 0; node < nodes.count; node++) {
            boolean hasTargets = nodes.firstChild[node] < nodes.endOfChildren(node);
            if (hasTargets || (distributions && nodes.requested[node])) {
                begin(nodes, node, hidden);
            }
            if (pending == GROUP) {
                flush(hidden);
            }
        }
        flush(hidden);
    }

    private void begin(Nodes nodes, int node, float[] hidden) {
        if (ranksOverBlocks) {
            for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
                nodes.logit[child] = output.output(nodes.target[child], hidden, nodes.offset[node]);
            }
        }
        answers[pending].begin(nodes, node, output.outputs());
        inputOffsets[pending] = nodes.offset[node];
        pending++;
    }

    private void flush(float[] hidden) {
        if (needsAllClasses()) {
            addBlocks(hidden);
        } else {
            for (int at = 0; at < pending; at++) {
                answers[at].addCandidates(rows, hidden);
            }
        }
        for (int at = 0; at < pending; at++) {
            answers[at].finish(kernel);
        }
        pending = 0;
    }

    /** Whether a node needs the logits of all classes, or all nodes together need so many that all classes are computed faster. */
    private boolean needsAllClasses() {
        long needed = 0;
        for (int at = 0; at < pending; at++) {
            int classes = answers[at].neededClasses(output.outputs());
            if (classes == output.outputs()) {
                return true;
            }
            needed += classes;
        }
        return needed * LinearRows.PANEL_SPEED > (long) pending * output.outputs();
    }

    private void addBlocks(float[] hidden) {
        for (int first = 0; first < output.outputs(); first += Softmax.BLOCK) {
            int count = Math.min(Softmax.BLOCK, output.outputs() - first);
            kernel.multiply(output, first, count, hidden, inputOffsets, pending, blocks, blockOffsets);
            for (int at = 0; at < pending; at++) {
                answers[at].add(kernel, blocks, blockOffsets[at], first, count);
            }
        }
    }
}
