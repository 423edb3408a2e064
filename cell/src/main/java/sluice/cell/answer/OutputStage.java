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
    /** Most nodes that share one read of the weights. */
    private static final int GROUP = 384;

    /** The same if their logits exceed the limits below: two tiles of the kernel. */
    private static final int LEAST_GROUP = 12;

    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    /** Bytes of a group's logits if a block at a time is kept: they stay in a core's L2 cache until the block has been added. */
    private static final int BLOCK_BYTES = 3 << 17;

    /** The same if all logits are kept. They leave the L2 cache, but a large output layer is read from farther away still. */
    private static final int ALL_BYTES = 16 << 20;

    private final LinearPanels output;
    private final LinearRows rows; // the same weights, for a few classes
    private final Kernel kernel;
    private final boolean distributions; // whether any distribution is requested
    private final boolean ranksOverBlocks; // whether a target's logit is needed before its own block is computed
    private final NodeAnswer[] answers; // one for each of the nodes that share one read of a block of weights
    private final int[] inputOffsets;
    private final int[] logitOffsets; // of each node's logits
    private final int[] blockOffsets; // of the current block in them
    private final int stride; // distance from a node's logits to the next node's: all classes, or a block
    private float[] logits = {}; // (nodes, stride): grows to the largest group
    private int pending;

    /** A stage for many nodes. */
    public OutputStage(LinearPanels output, LinearRows rows, Kernel kernel, ScoreRequest request) {
        this(output, rows, kernel, request, GROUP);
    }

    /** @param most number of nodes that share one read of the weights; it changes no bits */
    public OutputStage(LinearPanels output, LinearRows rows, Kernel kernel, ScoreRequest request, int most) {
        this.output = output;
        this.rows = rows;
        this.kernel = kernel;
        this.distributions = request.needsDistribution();
        this.ranksOverBlocks = request.ranksTargets() && output.outputs() > Softmax.BLOCK;
        boolean keepsAll = NodeAnswer.needsAllLogits(request);
        this.stride = keepsAll ? output.outputs() : Math.min(Softmax.BLOCK, output.outputs());
        int fitting = (keepsAll ? ALL_BYTES : BLOCK_BYTES) / Float.BYTES / stride;
        float[] exponents = new float[request.temperature() == 1 ? 0 : Math.min(Softmax.BLOCK, output.outputs())];
        int group = Math.min(Math.min(most, Math.max(LEAST_GROUP, fitting)), LONGEST_ARRAY / stride);
        this.answers = new NodeAnswer[group];
        this.inputOffsets = new int[group];
        this.logitOffsets = new int[group];
        this.blockOffsets = new int[group];
        for (int at = 0; at < group; at++) {
            answers[at] = new NodeAnswer(request, exponents);
            logitOffsets[at] = at * stride;
        }
    }

    /** Computes the results of nodes whose hidden states are in {@code hidden}. */
    public void answer(Nodes nodes, float[] hidden) {
        pending = 0; // also after a failure
        int asked = 0;
        for (int node = 0; node < nodes.count; node++) {
            asked += isAsked(nodes, node) ? 1 : 0;
        }
        // Equal groups, because a small one costs a read of the weights as well.
        int groups = (asked + answers.length - 1) / answers.length;
        int group = (asked + groups - 1) / Math.max(1, groups);
        for (int node = 0; node < nodes.count; node++) {
            if (isAsked(nodes, node)) {
                begin(nodes, node, hidden);
                if (pending == group) {
                    flush(hidden);
                }
            }
        }
        flush(hidden);
    }

    private boolean isAsked(Nodes nodes, int node) {
        boolean hasTargets = nodes.firstChild[node] < nodes.endOfChildren(node);
        return hasTargets || (distributions && nodes.requested[node]);
    }

    private void begin(Nodes nodes, int node, float[] hidden) {
        if (ranksOverBlocks) {
            for (int child = nodes.firstChild[node]; child < nodes.endOfChildren(node); child++) {
                nodes.logit[child] = output.output(nodes.target[child], hidden, nodes.offset[node]);
            }
        }
        answers[pending].begin(nodes, node);
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
            answers[at].finish(kernel, logits, logitOffsets[at], output.outputs());
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
        if (logits.length < pending * stride) { // for as many nodes as there are: a batch may have few of many classes
            logits = new float[pending * stride];
        }
        for (int first = 0; first < output.outputs(); first += Softmax.BLOCK) {
            int count = Math.min(Softmax.BLOCK, output.outputs() - first);
            int block =
                    stride < output.outputs() ? 0 : first; // a block takes the place of the one before, or all are kept
            for (int at = 0; at < pending; at++) {
                blockOffsets[at] = logitOffsets[at] + block;
            }
            kernel.multiply(output, first, count, hidden, inputOffsets, pending, logits, blockOffsets);
            for (int at = 0; at < pending; at++) {
                answers[at].add(kernel, logits, blockOffsets[at], first, count);
            }
        }
    }
}
