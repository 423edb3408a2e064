package sluice.cell.answer;

import java.util.Arrays;
import sluice.cell.ClassChoice;

/**
 * Nodes of a prefix tree that pass through the output layer together, and their results. A node is a hidden state; its children are the
 * tokens that follow it in the batch. Reused for each group of nodes.
 */
public final class Nodes {
    private final boolean keepsArrays;

    public int count;
    public int children;

    // Input, by node.
    int[] offset = {}; // of its hidden state
    public boolean[] requested = {}; // whether its distribution is requested
    ClassChoice[] choice = {}; // the classes that its distribution is about
    public int[] firstChild = {}; // index of its first child; the children of a node are contiguous

    // Input, by child.
    int[] target = {}; // the class of its token

    // Results, by requested node.
    float[][] softmax = {};
    float[][] logits = {};
    float[][] sigmoid = {};
    int[] prediction = {};
    int[][] topTokens = {};
    float[][] topProbabilities = {};
    int[][] ranks = {}; // of candidates

    // Results, by child.
    float[] logit = {};
    double[] logProbability = {};
    int[] moreProbable = {};

    /** Nodes whose results have arrays of their own, which answers may keep. */
    public Nodes() {
        this(false);
    }

    private Nodes(boolean keepsArrays) {
        this.keepsArrays = keepsArrays;
    }

    /** Nodes that write their results into the arrays of the results before, so that they allocate nothing. */
    public static Nodes withLastingArrays() {
        return new Nodes(true);
    }

    /** An array for results of a node, with unspecified values. */
    float[] floats(float[][] results, int node, int length) {
        float[] known = keepsArrays ? results[node] : null;
        return known != null && known.length == length ? known : new float[length];
    }

    /** A copy of a part of an array, as a result of a node. */
    float[] copy(float[][] results, int node, float[] from, int offset, int length) {
        if (!keepsArrays) {
            return Arrays.copyOfRange(from, offset, offset + length); // not filled with zeros before, as a new array is
        }
        float[] copy = floats(results, node, length);
        System.arraycopy(from, offset, copy, 0, length);
        return copy;
    }

    /** As {@link #floats}, for integers. */
    int[] ints(int[][] results, int node, int length) {
        int[] known = keepsArrays ? results[node] : null;
        return known != null && known.length == length ? known : new int[length];
    }

    /** Removes all nodes; their results are kept alive by answers only. */
    public void clear() {
        if (!keepsArrays) {
            for (Object[] results :
                    new Object[][] {choice, softmax, logits, sigmoid, topTokens, topProbabilities, ranks}) {
                Arrays.fill(results, 0, count, null);
            }
        }
        count = 0;
        children = 0;
    }

    /** Adds a node whose distribution is about all classes; its children are added next. Returns its index. */
    public int add(int hiddenOffset, boolean isRequested) {
        return add(hiddenOffset, isRequested, ClassChoice.ALL);
    }

    /** Adds a node; its children are added next. Returns its index. */
    public int add(int hiddenOffset, boolean isRequested, ClassChoice classes) {
        if (count == offset.length) {
            grow(Math.max(64, 2 * count));
        }
        offset[count] = hiddenOffset;
        requested[count] = isRequested;
        choice[count] = classes;
        firstChild[count] = children;
        return count++;
    }

    /**
     * Adds a child of the last node.
     *
     * @param childClass the class of its token
     * @return its index
     */
    public int addChild(int childClass) {
        if (children == target.length) {
            growChildren(Math.max(64, 2 * children));
        }
        target[children] = childClass;
        return children++;
    }

    /** The index after a node's last child. */
    public int endOfChildren(int node) {
        return node + 1 < count ? firstChild[node + 1] : children;
    }

    private void grow(int capacity) {
        offset = Arrays.copyOf(offset, capacity);
        requested = Arrays.copyOf(requested, capacity);
        choice = Arrays.copyOf(choice, capacity);
        firstChild = Arrays.copyOf(firstChild, capacity);
        softmax = Arrays.copyOf(softmax, capacity);
        logits = Arrays.copyOf(logits, capacity);
        sigmoid = Arrays.copyOf(sigmoid, capacity);
        prediction = Arrays.copyOf(prediction, capacity);
        topTokens = Arrays.copyOf(topTokens, capacity);
        topProbabilities = Arrays.copyOf(topProbabilities, capacity);
        ranks = Arrays.copyOf(ranks, capacity);
    }

    private void growChildren(int capacity) {
        target = Arrays.copyOf(target, capacity);
        logit = Arrays.copyOf(logit, capacity);
        logProbability = Arrays.copyOf(logProbability, capacity);
        moreProbable = Arrays.copyOf(moreProbable, capacity);
    }
}
