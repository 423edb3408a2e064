package sluice.cell.answer;

import java.util.Arrays;

/**
 * Nodes of a prefix tree that are answered together, and their answers. A node is a hidden state; its children are the tokens that
 * follow it somewhere in the batch. Scratch, used again and again.
 */
public final class Nodes {
    public int count;
    public int children;

    // What is asked, of each node.
    int[] offset = {}; // where its hidden state stands
    public boolean[] told = {}; // whether its distribution is asked
    public int[] firstChild = {}; // the first of its children; they stand side by side

    // And of each child.
    int[] token = {};

    // The answers, of each node that is told.
    float[][] softmax = {};
    int[] prediction = {};
    int[][] topTokens = {};
    float[][] topProbabilities = {};

    // And of each child.
    float[] logit = {};
    double[] logProbability = {};
    int[] moreProbable = {};

    public void clear() {
        count = 0;
        children = 0;
    }

    /** One more node, whose children follow. */
    public int add(int hiddenOffset, boolean isTold) {
        if (count == offset.length) {
            grow(Math.max(64, 2 * count));
        }
        offset[count] = hiddenOffset;
        told[count] = isTold;
        firstChild[count] = children;
        return count++;
    }

    /** One more child of the last node. */
    public int addChild(int childToken) {
        if (children == token.length) {
            growChildren(Math.max(64, 2 * children));
        }
        token[children] = childToken;
        return children++;
    }

    /** One after the last child of a node. */
    public int endOfChildren(int node) {
        return node + 1 < count ? firstChild[node + 1] : children;
    }

    private void grow(int capacity) {
        offset = Arrays.copyOf(offset, capacity);
        told = Arrays.copyOf(told, capacity);
        firstChild = Arrays.copyOf(firstChild, capacity);
        softmax = Arrays.copyOf(softmax, capacity);
        prediction = Arrays.copyOf(prediction, capacity);
        topTokens = Arrays.copyOf(topTokens, capacity);
        topProbabilities = Arrays.copyOf(topProbabilities, capacity);
    }

    private void growChildren(int capacity) {
        token = Arrays.copyOf(token, capacity);
        logit = Arrays.copyOf(logit, capacity);
        logProbability = Arrays.copyOf(logProbability, capacity);
        moreProbable = Arrays.copyOf(moreProbable, capacity);
    }
}
