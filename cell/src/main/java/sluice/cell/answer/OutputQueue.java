package sluice.cell.answer;

import java.util.Arrays;
import sluice.cell.ClassChoice;
import sluice.cell.ScoreRequest;

/**
 * Hidden states that wait for the output layer. Its weights may be many megabytes, and a level of a batch may have a few nodes only: so the
 * nodes of several levels, and of sequences of different lengths, share one read of the weights. What is written to the answers waits too,
 * in the order in which it was added. For one thread.
 */
public final class OutputQueue {
    /** Nodes from which on {@link #flushIfLong} runs the output layer. */
    private static final int LONG = 256;

    private final OutputStage outputs;
    private final AnswerWriter writer;
    private final int width;
    private float[] hidden = {}; // (nodes, width)
    private final Nodes nodes = new Nodes();
    private final Entries distributions = new Entries();
    private final Entries targets = new Entries();

    /** @param width of a hidden state */
    public OutputQueue(OutputStage outputs, ScoreRequest request, int width) {
        this.outputs = outputs;
        this.writer = new AnswerWriter(request);
        this.width = width;
    }

    /** Results to be written to answers. */
    private static final class Entries {
        private int count;
        private Answer[] answers = new Answer[LONG];
        private int[] indexes = new int[LONG]; // in the answer
        private int[] results = new int[LONG]; // node or child

        void add(Answer answer, int index, int result) {
            if (count == answers.length) {
                answers = Arrays.copyOf(answers, 2 * count);
                indexes = Arrays.copyOf(indexes, 2 * count);
                results = Arrays.copyOf(results, 2 * count);
            }
            answers[count] = answer;
            indexes[count] = index;
            results[count++] = result;
        }

        void clear() {
            Arrays.fill(answers, 0, count, null);
            count = 0;
        }
    }

    /**
     * Adds a node whose hidden state is at {@code offset} of {@code states}, and of which nothing is requested yet. Its children are added
     * before the next node.
     *
     * @param choice the classes that its distribution is about
     * @return its index
     */
    public int add(float[] states, int offset, ClassChoice choice) {
        int at = nodes.count * width;
        if (hidden.length < at + width) {
            hidden = Arrays.copyOf(hidden, Math.max(LONG * width, 2 * at));
        }
        System.arraycopy(states, offset, hidden, at, width);
        return nodes.add(at, false, choice);
    }

    /**
     * Requests a node's distribution.
     *
     * @param answer receives it in this row
     */
    public void addDistribution(int node, Answer answer, int row) {
        nodes.requested[node] = true;
        distributions.add(answer, row, node);
    }

    /**
     * Adds a child of the last node.
     *
     * @param childClass the class of its token
     * @return its index
     */
    public int addChild(int childClass) {
        return nodes.addChild(childClass);
    }

    /**
     * Requests the probability, and the rank if they are requested, of a child.
     *
     * @param answer receives them as those of this target; the targets of an answer come in order
     */
    public void addTarget(int child, Answer answer, int target) {
        targets.add(answer, target, child);
    }

    /** Computes what has been added if the nodes are enough to share a read of the weights. */
    public void flushIfLong() {
        if (nodes.count >= LONG) {
            flush();
        }
    }

    /** Computes what has been added, and writes it to the answers. */
    public void flush() {
        outputs.answer(nodes, hidden);
        for (int at = 0; at < distributions.count; at++) {
            writer.writeDistribution(
                    distributions.answers[at], distributions.indexes[at], nodes, distributions.results[at]);
        }
        for (int at = 0; at < targets.count; at++) {
            writer.writeTarget(targets.answers[at], targets.indexes[at], nodes, targets.results[at]);
        }
        clear();
    }

    /** Removes what has been added. */
    public void clear() {
        nodes.clear();
        distributions.clear();
        targets.clear();
    }
}
